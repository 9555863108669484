"""What GitHub makes of a text: Markdown first, then what it links or obeys in the words that are left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_WORDS = {"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "hardbreak", "code_inline"}
# Mentions, addresses, references and formulas: they are looked for in the text that is shown, outside of code.
# https://docs.github.com/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
_LINKED = re.compile(r"@\w|#\d|GH-\d|://|www\.\w|\$(?![\d\ufffb])", re.IGNORECASE)
_COMMAND = re.compile(r"^[ \t]*(?:/\w|::)")
_TAG, _CODE = "\ufffb", "\ufffc"
_GAPS = {"html_inline": _TAG, "code_inline": _CODE}


class Effect(NamedTuple):
    """Something that does more than say words: its kind (a token's type, `linked`, `command`), and what it is."""

    kind: str
    what: str


def effects(markdown: str) -> list[Effect]:
    """All that a comment with this body would do."""
    commands = (line for line in markdown.split("\n") if _COMMAND.match(line))
    return [*(effect for token in _PARSER.parse(markdown) for effect in _of(token)), *_named("command", commands)]


def words(markdown: str) -> str:
    """What a reader would read, in one line, code spans without their backticks."""
    inline = (token for token in _PARSER.parse(markdown) if token.type == "inline")
    return " ".join("".join(_word(child) for child in token.children or ()) for token in inline)


def _of(token: Token) -> Iterator[Effect]:
    if token.type == "inline":
        children = token.children or []
        yield from (effect for child in children for effect in _of(child))
        text = "".join(child.content if child.type == "text" else _GAPS.get(child.type, " ") for child in children)
        yield from _named("linked", (match[0] for match in _LINKED.finditer(text)))
    elif token.type not in _WORDS and token.content not in {"<span>", "</span>"}:
        yield Effect(token.type, str(token.attrs.get("href") or token.content))


def _named(kind: str, found: Iterator[str]) -> Iterator[Effect]:
    yield from (Effect(kind, what) for what in found)


def _word(token: Token) -> str:
    if token.type in {"softbreak", "hardbreak"}:
        return " "
    return token.content if token.type in {"text", "code_inline"} else ""
