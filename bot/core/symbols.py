"""Which names a change speaks of, and how: what it defines, takes away, uses, spells out as text, or stands beside.

A name is looked for in all its spellings, as a field is `share_token` in a table and `shareToken` in a client.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from bot.core.diff import Hunk, LineKind
from bot.core.signatures import is_head
from bot.core.syntax import Definition, Outline, enclosing

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,}")
NAME_IN_BYTES = re.compile(NAME.pattern.encode())
"""A name as it stands in a line, and in a file's bytes."""


class Role(IntEnum):
    """What a name is to a change, the strongest last: where it is several things, it is the strongest."""

    BESIDE = 1
    USED = 2
    SPELT = 3
    DEFINED = 4
    GONE = 5


_TEXT = re.compile(r""""([^"\\\n]{3,120})"|'([^'\\\n]{3,120})'|`([^`\\\n]{3,120})`""")
_KEY = re.compile(r"[A-Za-z/_@:.][\w/:.@-]{2,59}")
_PLACEHOLDER = re.compile(r"\$?\{[^{}]*\}|%[sd]|<[\w:]+>|:\w+(?=/|$)")
_SEPARATOR = re.compile(r"[/:.@-]")
_BEHIND_NAME = re.compile(r"[({:=]")
_COMMENT = re.compile(r"^\s*(?:#(?!\s*(?:include|define|if|else|endif))|//|\*|/\*|--\s|;;|<!--|\"\"\"|''')")
_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z0-9]+")
_BESIDE_LINES = 14
_MOST_NAMES = 160

# Words of the languages, and words so plain that they name nothing.
_PLAIN = frozenset(
    """
    abstract and args array arguments assert async await bool boolean break byte case catch char class const continue
    create data def default defer delete dict double elif else elseif end endif enum error errors event except export
    extends extern false final finally float for foreach from func function get global goto has http https id if impl
    implements import in include init inline instance instanceof int integer interface internal item items join key
    keys kwargs lambda len let list local log logger long map match message mod module mut name names namespace new next
    nil node none not null number object of open operator options or out override package param params pass path print
    private property protected protocol public pub query raise readonly record request require res response result
    results return rows sealed select self set short signed sizeof size static std str string struct super switch table
    template test tests text the then this throw throws time trait true try tuple type typedef typename typeof undefined
    union unless unsigned update use using val value values var vec virtual void volatile when where while with yield
    you are that there their all any can its also only each into more than must should will been does was were
    """.split()  # noqa: SIM905 - words, not a list to be kept in order
)


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a change by what they are to it; `texts` are keys, routes and topics that it spells out whole."""

    roles: Mapping[str, Role]
    texts: frozenset[str] = frozenset()


def names_of(hunk: Hunk, texts: Sequence[str], outline: Outline, head: Sequence[str]) -> Names:
    """The names of a hunk. `outline` is that of the new version of the file, `head` its lines where they are known.

    `texts` are the lines of the hunk as they may be shown, and so are those of `head`: a secret is no name, as names
    are told to the model.
    """
    added, removed, context = (
        [text for line, text in zip(hunk.lines, texts, strict=True) if line.kind is kind]
        for kind in (LineKind.ADDED, LineKind.REMOVED, LineKind.CONTEXT)
    )
    added, removed = ([text for text in each if not _COMMENT.match(text)] for each in (added, removed))
    numbers = [line.new for line in hunk.lines if line.kind is LineKind.ADDED and line.new]
    numbers += _after_removed(hunk)
    holders = enclosing(outline, numbers)
    roles: dict[str, Role] = {}
    _note(roles, Role.BESIDE, (name for text in (*context, *_beside(head, numbers, holders)) for name in _names(text)))
    _note(roles, Role.USED, (name for text in added for name in _names(text)))
    kept = {name for text in (*added, *context) for name in _names(text)}
    _note(roles, Role.GONE, (name for text in removed for name in _names(text) if name not in kept))
    _note(roles, Role.DEFINED, (name for text in (*added, *removed) for name in _defined(text)))
    _note(roles, Role.DEFINED, (each.name for each in holders if not _is_plain(each.name)))
    spelt = frozenset(text for line in (*added, *removed) for text in _texts(line))
    _note(roles, Role.SPELT, (name for text in sorted(spelt) for name in _names(text)))
    return Names(dict(list(roles.items())[:_MOST_NAMES]), spelt)


def _after_removed(hunk: Hunk) -> list[int]:
    """The line of the new version at which something was taken away."""
    numbers, number = [], hunk.new_start
    for line in hunk.lines:
        if line.new is not None:
            number = line.new
        else:
            numbers.append(number)
    return numbers


def _beside(head: Sequence[str], numbers: list[int], holders: Iterable[Definition]) -> Iterator[str]:
    """The lines near the change that belong to the same function or type: the other fields, routes, entries."""
    if not numbers or not head:
        return
    low, high = min(numbers) - _BESIDE_LINES, max(numbers) + _BESIDE_LINES
    spans = [(each.first, each.last) for each in holders] or [(low, high)]
    for number in range(max(1, low), min(len(head), high) + 1):
        if any(start <= number <= end for start, end in spans):
            yield head[number - 1]


def _note(roles: dict[str, Role], role: Role, names: Iterable[str]) -> None:
    for name in names:
        roles[name] = max(role, roles.get(name, role))


def _names(text: str) -> list[str]:
    return [name for name in NAME.findall(text[:1_000]) if not _is_plain(name)]


def _is_plain(name: str) -> bool:
    return name.lower() in _PLAIN or name.isdigit()


def _defined(text: str) -> list[str]:
    """The name that the head of a function, type or table gives."""
    if not is_head(text):
        return []
    return _names(_BEHIND_NAME.split(text, maxsplit=1)[0])[-1:]


def _texts(line: str) -> Iterator[str]:
    """Keys, routes, topics and the like that a line spells out: what has a separator, or is one name."""
    for groups in _TEXT.findall(line[:1_000]):
        text = next(filter(None, groups), "")
        for part in _PLACEHOLDER.split(text):
            key = part.strip("/:. ")
            if _KEY.fullmatch(key) and (_SEPARATOR.search(key) or "_" in key or len(key) > 5):  # noqa: PLR2004
                yield key


def spellings(name: str) -> frozenset[str]:
    """The ways in which a name is written elsewhere, itself included: snake, camel, Pascal, upper, with an accessor."""
    parts = [part.lower() for part in _PARTS.findall(name)]
    if not parts:
        return frozenset({name})
    pascal = "".join(part[:1].upper() + part[1:] for part in parts)
    written = {name, f"get{pascal}", f"set{pascal}", f"is{pascal}", f"with{pascal}"}
    if len(parts) > 1:
        written |= {"_".join(parts), parts[0] + pascal[len(parts[0]) :], pascal, "_".join(parts).upper()}
    return frozenset(written)
