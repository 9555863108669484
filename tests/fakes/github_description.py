"""Holds requests and answers against GitHub's own description of its REST API (`tests/samples/github/openapi.json`)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import jsonschema_rs

from tests.repository import CHECKOUT

JSON: TypeAlias = Any
_SCHEMA_ONLY = {"nullable"}
# These parameters may hold slashes: https://docs.github.com/en/rest/repos/contents
_GREEDY = {"path", "basehead", "ref"}
# Statuses that any operation may answer with, though few say so; their body is a basic error.
_ANYWHERE = {301, 307, 401, 403, 404, 406, 415, 422, 429, 500, 502, 503}
# Where GitHub answers null against its own description.
NULL_EXCEPTIONS = (
    r"/head/(repo|user)",  # the fork is gone
    r"(/\d+)?/(line|position)",  # the comment is outdated, or on a whole file
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the description, found for a path. `arguments` are the path's parameters."""

    name: str
    described: Mapping[str, JSON]
    arguments: Mapping[str, str]


class Description:
    """Finds operations and tells what is wrong with a request or an answer, one line each."""

    def __init__(self, document: Mapping[str, JSON]) -> None:
        self._document = document
        self._schemas = _json_schema({"properties": document["components"]["schemas"]})["properties"]
        self._validators: dict[str, jsonschema_rs.Validator] = {}
        self._operations = [
            (method.upper(), _pattern(template), operation)
            for template, methods in sorted(document["paths"].items(), key=lambda item: item[0].count("{"))
            for method, operation in methods.items()
        ]

    def find(self, method: str, path: str) -> Operation | None:
        for asked, pattern, operation in self._operations:
            if asked == method and (match := pattern.fullmatch(path)):
                return Operation(operation["operationId"], operation, match.groupdict())
        return None

    def request_problems(self, operation: Operation, query: Mapping[str, str], body: JSON) -> list[str]:
        parameters = [self._resolved(parameter) for parameter in operation.described.get("parameters", [])]
        allowed = {parameter["name"] for parameter in parameters if parameter["in"] == "query"}
        problems = [f"unknown query parameter {name}" for name in query if name not in allowed]
        given = {**query, **operation.arguments}
        for parameter in parameters:
            if (text := given.get(parameter["name"])) is not None:
                value = int(text) if parameter["schema"]["type"] == "integer" and text.isdecimal() else text
                place = f"{operation.name} {parameter['name']}"
                problems += self._breaches(place, parameter["schema"], value)
        return problems + self._body_problems(operation, body)

    def answer_problems(self, operation: Operation, status: int, body: JSON) -> list[str]:
        described = operation.described["responses"].get(str(status))
        if described is None:
            if status not in _ANYWHERE:
                return [f"status {status} is not described for {operation.name}"]
            described = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/basic-error"}}}}
        content = self._resolved(described).get("content")
        if content is None:
            return [] if body is None else [f"{operation.name} has no body for {status}"]
        schema = content["application/json"]["schema"]
        unknown = self._unknown(schema, body, "") if status < 300 else []
        return self._breaches(f"{operation.name} {status}", schema, body) + unknown

    def _body_problems(self, operation: Operation, body: JSON) -> list[str]:
        described = operation.described.get("requestBody")
        if described is None:
            return [] if body is None else [f"{operation.name} takes no body"]
        if body is None:
            return [f"{operation.name} needs a body"] if described.get("required") else []
        schema = described["content"]["application/json"]["schema"]
        return self._breaches(f"{operation.name} body", schema, body) + self._unknown(schema, body, "body")

    def _breaches(self, place: str, schema: JSON, value: JSON) -> list[str]:
        if place not in self._validators:
            whole = {**_json_schema(schema), "components": {"schemas": self._schemas}}
            self._validators[place] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        return [
            f"{place}{at}: {error.message[:200]}"
            for error in self._validators[place].iter_errors(value)
            if not _excepted(at := "".join(f"/{part}" for part in error.instance_path), value)
        ]

    def _unknown(self, schema: JSON, value: JSON, place: str) -> list[str]:
        """Names that no branch of the schema describes: GitHub ignores them in silence, so a typo would pass."""
        branches = list(self._branches(schema))
        if isinstance(value, list):
            items: JSON = next((branch["items"] for branch in branches if "items" in branch), {})
            return [line for item in value for line in self._unknown(items, item, f"{place}/*")]
        if not isinstance(value, dict):
            return []
        known: dict[str, JSON] = {}
        for branch in branches:
            known |= branch.get("properties", {})
        if not known:
            return []
        lines = [f"unknown property {place}/{name}" for name in value if name not in known]
        inner = (self._unknown(known[name], item, f"{place}/{name}") for name, item in value.items() if name in known)
        return lines + [line for some in inner for line in some]

    def _branches(self, schema: JSON) -> Iterator[Mapping[str, JSON]]:
        resolved = self._resolved(schema)
        yield resolved
        for word in ("oneOf", "anyOf", "allOf"):
            for branch in resolved.get(word, []):
                yield from self._branches(branch)

    def _resolved(self, node: JSON) -> Mapping[str, JSON]:
        while "$ref" in node:
            target: JSON = self._document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        found: Mapping[str, JSON] = node
        return found


@cache
def github_description() -> Description:
    """GitHub's description, read once: compiling its schemas takes longer than a test."""
    return Description(json.loads((CHECKOUT / "tests" / "samples" / "github" / "openapi.json").read_bytes()))


def _pattern(template: str) -> re.Pattern[str]:
    def group(parameter: re.Match[str]) -> str:
        name = parameter[1]
        return f"(?P<{name}>{'.+' if name in _GREEDY else '[^/]+'})"

    return re.compile(re.sub(r"{(\w+)}", group, template))


def _json_schema(node: JSON) -> JSON:
    # OpenAPI 3.0 says `nullable`, JSON Schema a type: https://spec.openapis.org/oas/v3.0.3#schema-object
    if isinstance(node, list):
        return [_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    schema = {
        name: {key: _json_schema(item) for key, item in value.items()} if name == "properties" else _json_schema(value)
        for name, value in node.items()
        if name not in _SCHEMA_ONLY
    }
    return {"anyOf": [schema, {"type": "null"}]} if node.get("nullable") is True else schema


def _excepted(place: str, answer: JSON) -> bool:
    if not any(re.fullmatch(pattern, place) for pattern in NULL_EXCEPTIONS):
        return False
    value = answer
    for part in place.split("/")[1:]:
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value is None
