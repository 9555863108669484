"""What the model says is untrusted text: made so that on GitHub it says what it says, and does nothing.

Code spans keep their meaning, and links to the repository itself or to known documentation (`core/links.py`) where the
caller names the repository. Any other link keeps its words, and its target stands behind them as code. Images, HTML,
mentions, references, closing keywords, commands and all other markup become plain text; what nobody sees goes, what
looks like a secret is masked.

Each text stands in a line of Markdown of its own: inside of HTML (`<summary>`) no code span is read, and nothing of
this holds.
"""

from __future__ import annotations

import html
import re

from bot.core.hidden_text import hidden_in, revealed, spoken
from bot.core.links import Home, linkable
from bot.core.secrets import mask

# Invisible, but it ends what GitHub would turn into a mention, a reference or a link.
JOINER = "\u2060"
LONGEST = 8_000
"""Characters of a text that are said; the rest is cut, whoever wrote it."""
SUGGESTION = "suggestion"
"""The kind of block that one click applies."""

_MARKUP = re.compile(r"([\\`*_{}\[\]|~#])")
# A code span; [words](address "title"), an image too; <address>; a bare address.
_PIECE = re.compile(
    r"(?<![`\\])`(?P<span>[^`\n]+)`(?!`)"
    r"|(?P<image>!?)\[(?P<words>(?:`[^`\n]{1,200}`|[^\[\]`\n]){0,300})\]"
    r"\(\s*(?:<(?P<within>[^<>`\n]{1,500})>|(?P<target>(?:[^\s()<>`]|\([^\s()<>`]{0,200}\)){1,500}))"
    r"(?P<title>\s+(?:\"[^\"\n]{0,300}\"|'[^'\n]{0,300}'))?\s*\)"
    r"|<(?P<angle>[a-z][a-z0-9+.-]{1,20}:[^\s<>`]{1,500})>"
    r"|(?<![a-z0-9])(?P<bare>[a-z][a-z0-9+.-]{1,20}://[^\s<>`\"]{1,500})",
    re.IGNORECASE,
)
_TRAILING = re.compile(r"[?!.,:;*_~'|\]}]+\Z")
_SPAN = re.compile(r"(?<![`\\])`([^`\n]+)`(?!`)")
# https://docs.github.com/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
_REFERENCE = re.compile(r"@|\\#(?=\d)|GH-(?=\d)|:(?=//)|www(?=\.)", re.IGNORECASE)
# Quoted, behind the mark of a list or of a task it still is a command to who takes those off.
_COMMAND = re.compile(r"^\s*(?:(?:[>|#*+-]|\d{1,9}[.)]|\[[ x]?\])\s*)*(?=/|::)", re.IGNORECASE)
# Lists, and the lines under a heading, under a table's head or across the page.
_BLOCK = re.compile(r"^\s*(?=[-+=]|:-)|^\s*\d{1,9}(?=[.)](?:\s|$))")
# A backslash does not keep it from opening a formula. A price does not close one.
# https://docs.github.com/get-started/writing-on-github/working-with-advanced-formatting/writing-mathematical-expressions
_FORMULA = re.compile(r"\$(?!\d)")
# What closes an issue, right before what names it.
# https://docs.github.com/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue
_CLOSING = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)[\W_]*\Z", re.IGNORECASE)
_NEAR = 60  # characters before a link in which that is looked for
# Behind these the words of a link cannot go on with what stands before them.
_APART = tuple(" \t(\"'*")
# What bot.core.visible makes of a character that nobody sees.
_HIDDEN_ESCAPE = re.compile(r"\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\U[0-9a-f]{8}")
# The beginning of a mark of our own (core/marker.py), which only we may write.
_OWN_MARK = re.compile(r"<(?=!--\s*plumbline)", re.IGNORECASE)
# Lines of code that something else would obey: a bot that reads comments, a workflow that prints them.
# https://github.com/actions/runner/blob/main/src/Runner.Worker/ActionCommandManager.cs
_RUNNER = (
    r"(?:add-(?:mask|matcher|path)|debug|echo|(?:end)?group|error|internal-set-repo-path|notice|remove-matcher"
    r"|save-state|set-(?:env|output)|stop-commands|warning|section|command)\b"
)
_OBEYED = re.compile(rf"^\s*(?=/[a-z][\w-]*(?:\s|\Z)|::{_RUNNER})", re.IGNORECASE)
_OLD_COMMAND = re.compile(rf"##(?=\[{_RUNNER})", re.IGNORECASE)


def plain(text: str) -> str:
    """One line that says what it says: no markup, no HTML, no mention, no link, no table cell broken."""
    return _escaped(cleared(text)).strip()


def prose(text: str, home: Home | None = None) -> str:
    """Words with code spans, and with the links that `home` allows, line by line; all the rest of it plain."""
    return "\n".join(_phrase(line, cell=False, home=home) for line in _said_lines(text))


def phrase(text: str, *, cell: bool = False, home: Home | None = None) -> str:
    """The same in one line; `cell` is for one in a table."""
    return _phrase(cleared(text), cell=cell, home=home)


def code(text: str, *, cell: bool = False) -> str:
    """Text in a code span, whatever backticks it holds, what is hidden as escapes; in a cell its bars are escaped."""
    return _span(_masked(revealed(text.replace("\n", " "))), cell=cell)


def fenced(lines: list[str], kind: str = "") -> list[str]:
    """Lines in a code block that none of them can end.

    A suggestion is offered as such only where each of its lines may stand there exactly as it is. What something else
    would obey or take for a mark of ours is broken by a joiner, a secret is masked.
    """
    visible = "\n".join(revealed(line) if any(hidden_in(line)) else line for line in lines)
    shown = list(map(_inert, _masked(visible).split("\n"))) if lines else []
    longest = max((len(run) for line in shown for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{kind if kind != SUGGESTION or shown == lines else ''}", *shown, fence]


def _inert(line: str) -> str:
    return _without_orders(_OBEYED.sub(rf"\g<0>{JOINER}", line))


def _without_orders(text: str) -> str:
    """Code in which nothing is taken for a mark of ours or, wherever it stands in a line, for a command."""
    return _OLD_COMMAND.sub(rf"\g<0>{JOINER}", _OWN_MARK.sub(rf"<{JOINER}", text))


def cleared(text: str) -> str:
    """The text as one line, without what nobody sees and without secrets, cut where it is endless; not yet harmless.

    For what escapes by rules of its own (a diagram), or cuts: a secret that was cut before is not known as one.
    """
    return _cut(_masked(spoken(text.replace("\n", " "))))


def _said_lines(text: str) -> list[str]:
    return _cut(_masked("\n".join(map(spoken, text.split("\n"))))).split("\n")


def _masked(text: str) -> str:
    """The text without secrets. One that only the escapes of hidden characters part is one, and loses them."""
    masked = mask(text)
    joined = _HIDDEN_ESCAPE.sub("", masked)
    return masked if joined == masked or mask(joined) == joined else mask(joined)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"


def _phrase(line: str, *, cell: bool, home: Home | None) -> str:
    shown, done = "", 0
    for piece in _PIECE.finditer(line):
        before = line[done : piece.start()]
        # Only at the beginning of a line does anything begin a block or a command.
        shown += _escaped(before, begins=done == 0)
        closes = _CLOSING.search(line, max(0, piece.start() - _NEAR), piece.start())
        said = _piece(piece, cell=cell, home=None if closes else home, glued=bool(shown) and not shown.endswith(_APART))
        # Two runs of backticks without anything between them would be one.
        shown += f"{JOINER}{said}" if shown.endswith("`") and said.startswith("`") else said
        done = piece.end()
    # The whole line is trimmed: indentation would make it code.
    return (shown + _escaped(line[done:], begins=done == 0)).strip()


def _piece(piece: re.Match[str], *, cell: bool, home: Home | None, glued: bool) -> str:
    """What is shown of a code span, a link or an address; `glued` tells that it stands right behind other text."""
    if piece["span"]:
        return _span(piece["span"], cell=cell)
    if piece["angle"]:
        target = linkable(piece["angle"], home) if home else None
        return f"<{target}>" if target else f"&lt;{_span(piece['angle'], cell=cell)}&gt;"
    if piece["bare"]:
        return _bare(piece["bare"], cell=cell, home=home)
    words, address = piece["words"], (piece["within"] or piece["target"]).strip()
    shown = _words(words, cell=cell)
    leads = words.strip() and not piece["image"] and not _CLOSING.search(words)
    target = linkable(address, home) if home and leads else None
    if target:
        return f"[{shown}]({target})"
    # Without its brackets `GH-[12](x)` would be a reference, `www[.a.example](x)` a link, `1[. x](y)` an item.
    shown = f"\\[{shown}\\]" if glued else shown
    return f"{shown} ({_span(address, cell=cell)})" if words.strip() else _span(address, cell=cell)


def _bare(address: str, *, cell: bool, home: Home | None) -> str:
    """An address in running text: what ends the sentence or a bracket is not part of it."""
    end = len(address)
    while True:
        trimmed = _TRAILING.sub("", address[:end])
        if trimmed.endswith(")") and trimmed.count(")") > trimmed.count("("):
            trimmed = trimmed[:-1]
        if len(trimmed) == end:
            break
        end = len(trimmed)
    target = linkable(address[:end], home) if home else None
    shown = f"<{target}>" if target else _span(address[:end], cell=cell)
    return shown + _escaped(address[end:], begins=False)


def _words(text: str, *, cell: bool) -> str:
    """The words of a link: code spans and plain text. No two spans touch: the pattern wants lone backticks."""
    parts = _SPAN.split(text)
    # What stands between two backticks is at the odd places.
    return "".join(
        _span(part, cell=cell) if place % 2 else _escaped(part, begins=place == 0) for place, part in enumerate(parts)
    )


def _escaped(text: str, *, begins: bool = True) -> str:
    held = _COMMAND.sub(rf"\g<0>{JOINER}", text) if begins else text
    escaped = _MARKUP.sub(r"\\\1", html.escape(held, quote=False))
    escaped = _REFERENCE.sub(rf"\g<0>{JOINER}", escaped)
    return _FORMULA.sub("<span>$</span>", _BLOCK.sub(r"\g<0>\\", escaped) if begins else escaped)


def _span(shown: str, *, cell: bool) -> str:
    shown = _without_orders(shown)
    shown = shown.replace("|", "\\|") if cell else shown
    longest = max(map(len, re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    edges = shown[:1] + shown[-1:]
    # One space at both ends is taken for padding, and a span of nothing would be no span.
    pad = " " if "`" in edges or edges in {"", "  "} else ""
    return f"{fence}{pad}{shown}{pad}{fence}"
