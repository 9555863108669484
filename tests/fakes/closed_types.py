"""A vendor's types as closed JSON schemas: objects admit nothing but their fields.

Checked as pydantic models they would let bad messages pass, because iterables in them are read lazily.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import PydanticOmit, core_schema

_VALIDATORS: dict[str, jsonschema_rs.Draft202012Validator] = {}


class _Closed(GenerateJsonSchema):
    """What only Python can hold (open files, paths) is left out of unions."""

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        return {**super().typed_dict_schema(schema), "additionalProperties": False}

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        return {**super().model_schema(schema), "additionalProperties": False}

    def handle_invalid_for_json_schema(self, _schema: core_schema.CoreSchema, _info: str) -> JsonSchemaValue:
        raise PydanticOmit

    def is_instance_schema(self, _schema: core_schema.IsInstanceSchema) -> JsonSchemaValue:
        raise PydanticOmit


def shape_problems(name: str, kind: Any, value: object) -> Iterator[str]:  # noqa: ANN401 - any type that pydantic reads
    """What is wrong with a value of a type, which goes by that name."""
    if name not in _VALIDATORS:
        schema = TypeAdapter(kind).json_schema(schema_generator=_Closed, mode="validation")
        _VALIDATORS[name] = jsonschema_rs.Draft202012Validator(schema, ignore_unknown_formats=True)
    for error in _VALIDATORS[name].iter_errors(value):
        yield f"{name} /{'/'.join(map(str, error.instance_path))}: {error.message[:200]}"
