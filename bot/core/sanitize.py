"""What the model says is untrusted text: made so that on GitHub it says what it says, and does nothing.

Only code spans keep their meaning. Markup, HTML, mentions, references, links and commands become plain text.
"""

from __future__ import annotations

import html
import re

from bot.core.visible import printable

# Invisible, but it ends what GitHub would turn into a mention, a reference or a link.
JOINER = "\u2060"

_MARKUP = re.compile(r"([\\`*_{}\[\]|~#])")
_SPAN = re.compile(r"(?<![`\\])`([^`\n]+)`(?!`)")
# https://docs.github.com/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
_REFERENCE = re.compile(r"@|\\#(?=\d)|GH-(?=\d)|:(?=//)|www(?=\.)", re.IGNORECASE)
_COMMAND = re.compile(r"^\s*(?=/|::)")
# Lists, and the lines under a heading, under a table's head or across the page.
_BLOCK = re.compile(r"^\s*(?=[-+=]|:-)|^\s*\d{1,9}(?=[.)](?:\s|$))")
# A backslash does not keep it from opening a formula. A price does not close one.
# https://docs.github.com/get-started/writing-on-github/working-with-advanced-formatting/writing-mathematical-expressions
_FORMULA = re.compile(r"\$(?!\d)")


def plain(text: str) -> str:
    """One line that says what it says: no markup, no HTML, no mention, no link, no table cell broken."""
    return _escaped(text).strip()


def _escaped(text: str) -> str:
    escaped = _MARKUP.sub(r"\\\1", html.escape(printable(text.replace("\n", " ")), quote=False))
    escaped = _REFERENCE.sub(rf"\g<0>{JOINER}", escaped)
    escaped = _COMMAND.sub(rf"\g<0>{JOINER}", escaped)
    return _FORMULA.sub("<span>$</span>", _BLOCK.sub(r"\g<0>\\", escaped))


def prose(text: str) -> str:
    """Words with code spans, line by line; all the rest of it plain."""
    return "\n".join(map(phrase, text.split("\n")))


def phrase(text: str, *, cell: bool = False) -> str:
    """The same in one line; `cell` is for one in a table."""
    parts = _SPAN.split(text.replace("\n", " "))
    # What stands between two backticks is at the odd places. The whole line is trimmed: indentation would make it code.
    shown = (code(part, cell=cell) if place % 2 else _escaped(part) for place, part in enumerate(parts))
    return "".join(shown).strip()


def code(text: str, *, cell: bool = False) -> str:
    """Text in a code span, whatever backticks it holds; in a table's cell its bars are escaped."""
    shown = printable(text.replace("\n", " "))
    shown = shown.replace("|", "\\|") if cell else shown
    longest = max(map(len, re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    edges = shown[:1] + shown[-1:]
    # One space at both ends is taken for padding, and a span of nothing would be no span.
    pad = " " if "`" in edges or edges in {"", "  "} else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def fenced(lines: list[str], kind: str = "") -> list[str]:
    """Lines in a code block that none of them can end."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{kind}", *lines, fence]
