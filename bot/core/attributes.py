"""`.gitattributes`: what a repository itself says is generated or vendored.

The attributes are read from the base version only: a pull request must not be able to hide its own lines.
Source: https://git-scm.com/docs/gitattributes and
https://github.com/github-linguist/linguist/blob/main/docs/overrides.md
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bot.core.git_header import unquote

GENERATED = "linguist-generated"
VENDORED = "linguist-vendored"
_READ = frozenset({GENERATED, VENDORED})
_FALSE = frozenset({"false", "0", "no", "off"})

_Value = bool | str | None
_Values = tuple[tuple[str, _Value], ...]

_BLANKS = re.compile(r"[ \t\r]+")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_MACRO = "[attr]"
_WORD = re.compile(r"([-!]?)([A-Za-z0-9_.][-A-Za-z0-9_.]*)(?:=(.*))?", re.DOTALL)

# The parts of a pattern, in git's grammar: https://git-scm.com/docs/gitignore#_pattern_format
_PART = re.compile(
    r"(?P<stars>\*+)|(?P<one>\?)|\[(?P<inverse>[!^]?)(?P<set>\]?(?:\[:[a-z]+:\]|\\.|[^\]\\])*)\]|\\(?P<escaped>.)|(?P<plain>.)",
    re.DOTALL,
)
_MEMBER = re.compile(r"\[:(?P<named>[a-z]+):\]|(?P<first>\\.|.)(?:-(?P<last>\\.|.))?", re.DOTALL)
_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": " \\t",
    "digit": "0-9",
    "lower": "a-z",
    "punct": "!-/:-@\\[-`{-~",
    "space": " \\t-\\r",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}
_NO_CLASS = "z-a"


def _bytes_of(text: str) -> str:
    """The text with a character for each byte: to git a question mark is one byte."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


@dataclass(frozen=True, slots=True)
class _Rule:
    folder: str
    pattern: re.Pattern[str]
    by_name: bool
    values: _Values

    def matches(self, path: str) -> bool:
        """Match as attributes do: unlike an ignore pattern, a folder's own name says nothing of what lies in it."""
        if not path.startswith(self.folder):
            return False
        tested = posixpath.basename(path) if self.by_name else path[len(self.folder) :]
        return self.pattern.fullmatch(_bytes_of(tested)) is not None


@dataclass(frozen=True, slots=True)
class Attributes:
    """The rules of all `.gitattributes` files, weakest first: the root's, then those of deeper folders.

    `macros` are the names that the root file gives to several attributes at once.
    """

    rules: tuple[_Rule, ...] = ()
    macros: Mapping[str, _Values] = field(default_factory=dict)

    def value(self, path: str, name: str) -> bool | None:
        """True where the attribute is set for the path, False where it is unset, None where nothing is said."""
        known: dict[str, _Value] = {}
        for rule in reversed(self.rules):
            if rule.matches(path):
                self._take(rule.values, known)
        said = known.get(name)
        return said.lower() not in _FALSE if isinstance(said, str) else said

    def _take(self, values: _Values, known: dict[str, _Value]) -> None:
        """Take what no stronger rule has said, the last word first, as git does."""
        for name, value in reversed(values):
            if name not in known:
                known[name] = value
                if value is True:
                    self._take(self.macros.get(name, ()), known)


NO_ATTRIBUTES = Attributes()


def read_attributes(files: Mapping[str, str]) -> Attributes:
    """Read `.gitattributes` files, given as path -> text. Lines that git would ignore are ignored here too."""
    by_depth = sorted(files, key=lambda path: (path.count("/"), path))
    macros = {
        pattern.removeprefix(_MACRO): values
        for path in by_depth
        if not posixpath.dirname(path)
        for pattern, values in _lines(files[path])
        if _names_macro(pattern)
    }
    rules = (rule for path in by_depth for rule in _rules(posixpath.dirname(path), files[path], _READ.union(macros)))
    return Attributes(tuple(rules), macros)


def _rules(folder: str, text: str, read: frozenset[str]) -> Iterator[_Rule]:
    for pattern, values in _lines(text):
        wanted = tuple((name, value) for name, value in values if name in read)
        # git forbids negative patterns here, and one that ends in a slash matches no file.
        ruled_out = _names_macro(pattern) or pattern.startswith("!") or pattern.endswith("/")
        compiled = None if ruled_out else _compiled(pattern)
        if wanted and compiled is not None:
            yield _Rule(f"{folder}/" if folder else "", compiled, "/" not in pattern, wanted)


def _lines(text: str) -> Iterator[tuple[str, _Values]]:
    """Pattern (or `[attr]name`) and attributes of each line; with one word that git cannot read it says nothing."""
    for full in text.removeprefix("\ufeff").split("\n"):
        line = full.strip(" \t\r")
        quoted = _QUOTED.match(line)
        pattern = quoted[0] if quoted else _BLANKS.split(line, maxsplit=1)[0]
        rest = line[len(pattern) :]
        words = [_WORD.fullmatch(word) for word in _BLANKS.split(rest) if word]
        values = tuple((word[2], _value(word)) for word in words if word)
        if pattern and not pattern.startswith("#") and len(values) == len(words):
            yield unquote(pattern), values


def _names_macro(pattern: str) -> bool:
    return pattern.startswith(_MACRO) and pattern != _MACRO


def _value(word: re.Match[str]) -> _Value:
    if word[1]:
        return False if word[1] == "-" else None
    return True if word[3] is None else word[3]


def _compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern as a regular expression, None where it can match nothing."""
    anchored = _bytes_of(pattern.removeprefix("/"))
    by_path = "/" in pattern
    parts: list[str] = []
    position = 0
    while position < len(anchored):
        match = _PART.match(anchored, position)
        if match is None or match["plain"] in {"[", "\\"}:
            return None
        position = match.end()
        if by_path and _spans_folders(anchored, match):
            more = position < len(anchored)
            parts.append("(?:.*/)?" if more else ".*")
            position += more
        else:
            parts.append(_part(match))
    try:
        return re.compile("".join(parts), re.DOTALL)
    except re.error:  # a class of characters that does not exist
        return None


def _spans_folders(pattern: str, match: re.Match[str]) -> bool:
    """Two stars that stand alone between slashes match folders; elsewhere they are one star."""
    return (
        len(match["stars"] or "") > 1
        and pattern[: match.start()][-1:] in {"", "/"}
        and pattern[match.end() :][:1] in {"", "/"}
    )


def _part(match: re.Match[str]) -> str:
    if match["stars"]:
        return "[^/]*"
    if match["one"]:
        return "[^/]"
    if match["set"] is not None:
        members = "".join(_member(member) for member in _MEMBER.finditer(match["set"]))
        return f"(?!/)[{'^' if match['inverse'] else ''}{members}]"
    return re.escape(match["escaped"] or match["plain"])


def _member(match: re.Match[str]) -> str:
    if match["named"]:
        return _CLASSES.get(match["named"], _NO_CLASS)
    first, last = match["first"][-1], (match["last"] or match["first"])[-1]
    return f"{re.escape(first)}-{re.escape(max(first, last))}"
