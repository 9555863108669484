"""The heads of functions, types and tables that a change touches: a map of what it is about, in a few lines.

A line is recognised by its first words, without a parser: what is missed costs a line of the map, nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.core.diff import FileDiff, LineKind

_LONGEST = 160
_MODIFIER = (
    r"(?:export|default|public|private|protected|internal|static|final|abstract|async|override|virtual|sealed|open|pub"
    r"(?:\([a-z:]+\))?|unsafe|extern|inline|const|constexpr|suspend|partial|readonly|mut|data|case|func|fun)"
)
_HEAD = re.compile(
    rf"""\s*(?:{_MODIFIER}\s+)*(?:
        (?:def|class|func|fn|fun|function\*?|interface|struct|enum|trait|impl|protocol|record|object|module|namespace
           |type|message|service|rpc)\s+[\w<"'(`*]
      | (?:create|alter|drop)\s+(?:or\s+replace\s+|unique\s+)?(?:table|view|index|function|procedure|trigger|type)\s+
      )"""
    rf"| \s*(?:{_MODIFIER}\s+)+[\w<>\[\],.?:&* ]{{0,60}}\b\w+\s*\([^;=]{{0,200}}$"
    r"| (?:[A-Za-z_][\w:<>]*[\s*&]+){1,4}\w+\s*\([^;=]{0,200}\)\s*\{?\s*$"
    r"| \s*(?:export\s+)?(?:const|let)\s+\w+\s*=\s*(?:async\s*)?(?:\([^)]{0,120}\)|\w+)\s*=>",
    re.VERBOSE | re.IGNORECASE,
)
_STATEMENT = re.compile(
    r"\s*(?:return|if|else|for|while|switch|throw|raise|new|await|yield|in|and|or|not|case(?!\s+class))\b"
)


def changed_signatures(file: FileDiff, shown: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The added and removed heads, each with its mark. `shown` holds each hunk's lines as they may be seen."""
    found: list[str] = []
    for hunk, texts in zip(file.hunks, shown, strict=True):
        for line, text in zip(hunk.lines, texts, strict=True):
            if line.kind is not LineKind.CONTEXT and is_head(text):
                found.append(f"{line.kind.value} {text.strip().rstrip('{').rstrip()[:_LONGEST]}")
    return tuple(dict.fromkeys(found))


def is_head(text: str) -> bool:
    """Whether the line looks like the head of a function, a type or a table."""
    text = text[: 2 * _LONGEST]
    return _HEAD.match(text) is not None and _STATEMENT.match(text) is None
