"""What GitHub makes of a text: Markdown first, then what it links or obeys in the words that are left."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_WORDS = {"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "hardbreak", "code_inline"}
# Mentions, addresses, references and formulas: they are looked for in the text that is shown, outside of code.
# https://docs.github.com/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
_LINKED = re.compile(r"@\w|#\d|GH-\d|://|www\.\w|\$(?![\d\ufffb])", re.IGNORECASE)
# https://docs.github.com/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue
_NAMED = r"(?:[\w.-]+/[\w.-]+)?#\d|GH-\d|https?://[^\s/]+/[\w.-]+/[\w.-]+/(?:issues|pull)/\d"
_CLOSES = re.compile(rf"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b:?\s+(?:{_NAMED})", re.IGNORECASE)
# Bots read comments as they were written, and take off what quotes a line or makes it an item. The runner finds the old
# form of its commands anywhere in a line: https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
_RUNNER = "add-mask|add-path|debug|echo|endgroup|error|group|notice|save-state|section|set-env|set-output|stop-commands"
_COMMAND = re.compile(
    r"^[ \t]*(?:(?:[>|#*+-]|\d+[.)]|\[[ xX]?\])[ \t]*)*(?:/\w|::)" + rf"|##\[(?:{_RUNNER}|warning|command)\b"
)
# In a block of code a line may well begin with a path or a qualified name: there it has to be a whole command.
_OBEYED_IN_CODE = re.compile(
    rf"^\s*(?:/[a-z][\w-]*(?:\s|$)|::(?:{_RUNNER}|warning)\b)|##\[(?:{_RUNNER}|warning)\b", re.IGNORECASE
)
# A footnote is none in a code span, and not behind a backslash.
_SPANS = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_FOOTNOTE = re.compile(r"(?<!\\)\[\^[^\]\s]+\]")
# https://docs.github.com/get-started/writing-on-github/working-with-advanced-formatting/creating-diagrams
_DRAWN = {"mermaid", "math", "geojson", "topojson", "stl"}
_TAG, _CODE = "\ufffb", "\ufffc"
_GAPS = {"html_inline": _TAG, "code_inline": _CODE}

# Where our own joiner may stand: behind what it disarms, before a command, between two code spans, in a mark.
_JOINED = re.compile("(?<=[@:<`])\u2060|(?<=#)\u2060|(?<=GH-)\u2060|(?<=www)\u2060|\u2060(?=[/:`])", re.IGNORECASE)
_IGNORED = {
    *"\u034f\u115f\u1160\u17b4\u17b5\u2065\u3164\uffa0\u180b\u180c\u180d\u180f",
    *map(chr, range(0xFE00, 0xFE10)),
    *map(chr, range(0xFFF0, 0xFFF9)),
}


class Effect(NamedTuple):
    """Something that does more than say words: its kind (a token's type, `linked`, `command`), and what it is."""

    kind: str
    what: str


def effects(markdown: str) -> list[Effect]:
    """All that a comment with this body would do.

    Besides the types of tokens the kinds are `linked`, `closes`, `footnote`, `drawing` and `command`.
    """
    tokens = _PARSER.parse(markdown)
    return [*(effect for token in tokens for effect in _of(token)), *_named("command", _commands(markdown, tokens))]


def _commands(markdown: str, tokens: list[Token]) -> Iterator[str]:
    blocks = (range(*token.map) for token in tokens if token.type in {"fence", "code_block"} and token.map)
    code = {number for block in blocks for number in block}
    for number, line in enumerate(markdown.split("\n")):
        if (_OBEYED_IN_CODE if number in code else _COMMAND).search(line):
            yield line


def unseen(markdown: str) -> list[str]:
    """The characters of a body that nobody sees, our own joiner where it belongs set aside; emoji are not exempt."""
    rest = _JOINED.sub("", markdown)
    return [character for character in rest if _is_unseen(character)]


def _is_unseen(character: str) -> bool:
    formats = unicodedata.category(character) in {"Cf", "Cc", "Cs"} and character not in "\n\t"
    return formats or character in _IGNORED or "\U000e0000" <= character <= "\U000e0fff"


def words(markdown: str) -> str:
    """What a reader would read, in one line, code spans without their backticks."""
    inline = (token for token in _PARSER.parse(markdown) if token.type == "inline")
    return " ".join("".join(_word(child) for child in token.children or ()) for token in inline)


def _of(token: Token) -> Iterator[Effect]:
    if token.type == "inline":
        children = token.children or []
        yield from (effect for child in children for effect in _of(child))
        text = "".join(_outside_of_links(children))
        yield from _named("linked", (match[0] for match in _LINKED.finditer(text)))
        yield from _named("closes", (match[0] for match in _CLOSES.finditer(_with_targets(children))))
        bare = _SPANS.sub(_CODE, token.content)
        yield from _named("footnote", (match[0] for match in _FOOTNOTE.finditer(bare)))
    elif token.type not in _WORDS and token.content not in {"<span>", "</span>"}:
        yield Effect(token.type, str(token.attrs.get("href") or token.content))
        if token.info.strip().lower() in _DRAWN:
            yield Effect("drawing", token.info.strip())


def _outside_of_links(children: list[Token]) -> Iterator[str]:
    """The text that GitHub looks for names and addresses: in a link it makes no other one."""
    depth = 0
    for child in children:
        depth += child.nesting if child.type.startswith("link_") else 0
        yield child.content if child.type == "text" and not depth else _GAPS.get(child.type, " ")


def _with_targets(children: list[Token]) -> str:
    """The text that is shown, each link by its target as well as by its words: either may be what is closed."""
    said = (
        f"{child.attrs.get('href', '')} " if child.type == "link_open" else _GAPS.get(child.type, child.content)
        for child in children
    )
    return "".join(said)


def _named(kind: str, found: Iterator[str]) -> Iterator[Effect]:
    yield from (Effect(kind, what) for what in found)


def _word(token: Token) -> str:
    if token.type in {"softbreak", "hardbreak"}:
        return " "
    return token.content if token.type in {"text", "code_inline"} else ""
