"""JSON read strictly: nothing is repaired, and what two readers would read differently is noticed."""

from __future__ import annotations

import json
import math

# Stands for what is no JSON, or for a number that JSON cannot carry.
BROKEN = object()


class _Doubled(dict[str, object]):
    """An object with a name twice: two readers would read it differently."""


def loads(text: str) -> object:
    """Return the value of a JSON text, BROKEN where it is none. Doubled names and NaN are found by `is_strict`."""
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)
    except (ValueError, RecursionError):
        return BROKEN


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    return table if len(table) == len(pairs) else _Doubled(table)


def _constant(_: str) -> object:
    return BROKEN


def _float(text: str) -> object:
    value = float(text)
    return value if math.isfinite(value) else BROKEN


def is_strict(value: object) -> bool:
    """Whether a value that `loads` gave is all JSON: no name twice in an object, no number that JSON cannot carry."""
    if isinstance(value, dict):
        return not isinstance(value, _Doubled) and all(map(is_strict, value.values()))
    if isinstance(value, list):
        return all(map(is_strict, value))
    return value is not BROKEN
