"""Material for a model as JSON text: rows that can be read line by line, other people's words masked and cut."""

from __future__ import annotations

import json

from bot.core.secrets import mask
from bot.core.visible import printable_text


def rows(value: object) -> str:
    """JSON with a row for each element of a list: the model reads lines, not one long string."""
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(map(rows, value)) + "\n]"
    if isinstance(value, dict) and any(isinstance(each, (list, dict)) for each in value.values()):
        return "{\n" + ",\n".join(f"{json.dumps(name)}: {rows(each)}" for name, each in value.items()) + "\n}"
    return json.dumps(value, ensure_ascii=False)


def words(text: str, longest: int) -> str:
    """Other people's words, secrets masked, nothing invisible in them, cut where they are endless."""
    shown = masked_text(text.replace("\r\n", "\n"))
    return shown if len(shown) <= longest else shown[:longest] + " [cut here]"


def masked_text(text: str) -> str:
    """A whole text as it is shown, line for line: a secret of several lines is known by its first."""
    return printable_text(mask(text))
