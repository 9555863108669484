"""The JSON Schema of the policy file, made from the table of its keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.core.policy_keys import (
    KEYS,
    LONGEST_INSTRUCTION,
    LONGEST_ITEM,
    MOST_INSTRUCTIONS,
    MOST_ITEMS,
    Choice,
    Dollars,
    Flag,
    Instructions,
    Kind,
    Texts,
    Whole,
    Word,
)

_NOT_BLANK = r"\S"
# What gitignore would skip: nothing, and comments.
_PATTERN = r"^[^#\s]"


def schema() -> dict[str, Any]:
    """The JSON Schema of the file. Draft 7, which is what editors read: https://www.schemastore.org."""
    properties: dict[str, Any] = {}
    for key in KEYS:
        section, _, name = key.name.rpartition(".")
        if section:
            properties.setdefault(section, {**_OBJECT, "properties": {}})
        level = properties[section]["properties"] if section else properties
        level[name] = {"description": key.means, **_schema_of(key.kind)}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Plumbline's policy file",
        "description": "The file .github/plumbline.yml of a repository, or of the organisation's .github repository.",
        **_OBJECT,
        "properties": properties,
    }


_OBJECT: Mapping[str, Any] = {"type": "object", "additionalProperties": False}


def _schema_of(kind: Kind) -> dict[str, Any]:
    match kind:
        case Flag():
            return {"type": "boolean"}
        case Choice(words):
            return {"enum": [word for word, _ in words]}
        case Whole(lowest, highest):
            return {"type": "integer", "minimum": lowest, "maximum": highest}
        case Dollars(highest):
            return {"type": "number", "minimum": 0, "maximum": highest}
        case Word(pattern, longest):
            return {"type": "string", "pattern": pattern, "maxLength": longest}
        case Texts() | Instructions():
            return _schema_of_list(kind)


def _schema_of_list(kind: Texts | Instructions) -> dict[str, Any]:
    if isinstance(kind, Texts):
        return _texts(_PATTERN if kind.paths else _NOT_BLANK)
    text = {"type": "string", "pattern": _NOT_BLANK, "maxLength": LONGEST_INSTRUCTION}
    entry = {"paths": _texts(_PATTERN, least=1), "text": text}
    item = {**_OBJECT, "required": ["paths", "text"], "properties": entry}
    return {"type": "array", "maxItems": MOST_INSTRUCTIONS, "items": item}


def _texts(pattern: str, least: int = 0) -> dict[str, Any]:
    item = {"type": "string", "pattern": pattern, "maxLength": LONGEST_ITEM}
    return {"anyOf": [item, {"type": "array", "minItems": least, "maxItems": MOST_ITEMS, "items": item}]}
