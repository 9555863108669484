"""What a model quotes, as lines that can be compared with those it was shown."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from bot.core.visible import printable

# The part is shown as JSON, where a tab is \t, a quotation mark \" and a backslash \\.
_JSON_ESCAPE = re.compile(r'\\([\\"/t])')
_ELLIPSIS = re.compile(r"\s*(?:\.\.\.|…)$")


def compared(text: str, *, folded: bool) -> str:
    """A line as it is compared: without the white space at its end, or without regard to any."""
    return " ".join(text.split()) if folded else text.rstrip()


def readings(quote: str) -> Iterable[list[str]]:
    """The lines of a quote as they stand, then as they would be if the escapes of JSON were copied with them."""
    for text in dict.fromkeys((quote, _JSON_ESCAPE.sub(_unescaped, quote))):
        lines = _quoted_lines(text)
        if lines:
            yield lines


def beginning(quote: str) -> str:
    """What a line begins with that was not quoted to its end, white space folded; '' for several lines or none."""
    quoted = next(iter(readings(quote)), [])
    return _ELLIPSIS.sub("", compared(quoted[0], folded=True)) if len(quoted) == 1 else ""


def spellings(path: str) -> Iterator[str]:
    """The path as given, then without what people and tools put in front of it."""
    yield path
    plain = posixpath.normpath(path.strip().lstrip("/")) if path.strip() else ""
    yield plain
    for prefix in ("a/", "b/"):
        if plain.startswith(prefix):
            yield plain.removeprefix(prefix)


def _unescaped(match: re.Match[str]) -> str:
    return "\t" if match[1] == "t" else match[1]


def _quoted_lines(quote: str) -> list[str]:
    """The lines of a quote; empty ones around it are no part of it, and a quote of white space is none."""
    lines = [printable(line) for line in quote.split("\n")]
    while lines and not lines[0].strip():
        lines.pop(0)
    while lines and not lines[-1].strip():
        lines.pop()
    return lines
