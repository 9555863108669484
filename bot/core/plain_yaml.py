"""YAML as people mean it in a settings file: keys, lists and words, each with its line; nothing that expands or acts.

PyYAML reads the syntax; what a scalar means is left to whoever wants it, because YAML 1.1 makes `no` a bool, `012` ten
and `12:30` a number: https://yaml.org/type/bool.html, https://yaml.org/type/int.html. Anchors, aliases and tags are not
followed. What is broken is one problem with its line, and the top-level key that it belongs to is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from bot.core.quoting import quoted

LARGEST = 65_536
"""The most bytes of a file that are read."""
_DEEPEST = 8
_MOST_REPAIRS = 20
# Each repair has the rest parsed again, and anybody may propose a file: dense YAML of this size takes some seconds.
_MOST_PARSED = 2 * LARGEST
# A list's items may stand as far left as their key: they belong to it.
_TOP_KEY = re.compile(r"[^\s#\-%\]}]")
# Line breaks in YAML 1.1, and none in 1.2 and in editors: https://yaml.org/spec/1.2.2/#54-line-break-characters
_NO_BREAKS = str.maketrans("\x85\u2028\u2029", "   ")
# There the mark of the problem is where the text ends; what was left open began at the other mark.
_LEFT_OPEN = ("while scanning a quoted", "while scanning a double-quoted", "while parsing a flow")
_NEEDS_QUOTES = "a text that begins with {0} has to be in quotes, such as '{1}'"


@dataclass(frozen=True, slots=True)
class Scalar:
    """A word or text. `line` counts from 1; `plain` tells that it stands without quotes."""

    line: int
    text: str
    plain: bool = True


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    line: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Keys with their values, in the order of the file; a key may be there twice, and may be no word."""

    line: int
    pairs: tuple[tuple[Node, Node], ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """What is not followed: an alias, an anchor, a tag. `why` says what to write instead."""

    line: int
    why: str


Node = Scalar | Items | Pairs | Unread


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a line, as a sentence."""

    line: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Tree:
    """What could be read, and what could not. `root` is None for a file without content."""

    root: Node | None
    faults: tuple[Fault, ...] = ()


def parse_yaml(text: str) -> Tree:
    """Read a file, leaving out the top-level keys that are broken. Never raises."""
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST:
        return Tree(
            None,
            (Fault(1, f"The file is larger than {LARGEST // 1024} kB; shorten it, until then nothing of it applies."),),
        )
    lines = text.replace("\r\n", "\n").replace("\r", "\n").translate(_NO_BREAKS).split("\n")
    faults: list[Fault] = []
    left = _MOST_PARSED
    for _ in range(_MOST_REPAIRS):
        rest = "\n".join(lines)
        left -= len(rest)
        if left < 0:
            break
        try:
            root, more = _read(rest)
        except _Broken as broken:
            name = _cut_out(lines, broken.line)
            left_out = f"`{name}` is left out" if name else "nothing of the file applies"
            faults.append(Fault(broken.line, f"This is no YAML: {broken.problem}; until then {left_out}."))
            if not name:
                return Tree(None, tuple(faults))
        else:
            return Tree(root, tuple(sorted((*faults, *more), key=lambda fault: fault.line)))
    return Tree(None, (*faults, Fault(1, "Too much of the file is no YAML; nothing of it applies until it is.")))


class _Broken(Exception):
    def __init__(self, line: int, problem: str) -> None:
        self.line = line
        self.problem = problem
        super().__init__(problem)


def _cut_out(lines: list[str], line: int) -> str:
    """Blank the top-level key around a line, so that the others keep their numbers; give its name, '' for none."""
    tops = [at for at, text in enumerate(lines) if _TOP_KEY.match(text)]
    start = max((at for at in tops if at < line), default=None)
    if start is None:
        return ""
    end = min((at for at in tops if at > start), default=len(lines))
    name = quoted(lines[start].partition(":")[0].strip()).strip("`")
    lines[start:end] = [""] * (end - start)
    return name


def _read(text: str) -> tuple[Node | None, tuple[Fault, ...]]:
    """The first document. Raises _Broken where PyYAML cannot go on."""
    root: Node | None = None
    documents = 0
    try:
        events = yaml.parse(text, Loader=yaml.BaseLoader)
        for event in events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            documents += 1
            if documents > 1:
                sentence = "The file goes on after `---`; only what stands before it applies."
                return root, (Fault(_line_of(event), sentence),)
            root = _node(next(events), events, 0)
    except yaml.MarkedYAMLError as error:
        raise _of_parser(error, text) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _Broken(line, f"it holds the character {_code(error.character)}, which has to go") from None
    except (ValueError, OverflowError):
        # PyYAML makes characters and numbers of escapes and versions without a check.
        raise _Broken(_line_of_escape(text), "an escape in it stands for no character, so correct it") from None
    return root, ()


def _node(event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
    line = _line_of(event)
    if depth > _DEEPEST:
        raise _Broken(line, f"it is nested deeper than {_DEEPEST} levels, so make it flatter")
    made: Node
    if isinstance(event, yaml.MappingStartEvent):
        pairs = []
        while not isinstance(key := next(events), yaml.MappingEndEvent):
            name = _node(key, events, depth + 1)
            pairs.append((name, _node(next(events), events, depth + 1)))
        made = Pairs(line, tuple(pairs))
    elif isinstance(event, yaml.SequenceStartEvent):
        items = []
        while not isinstance(item := next(events), yaml.SequenceEndEvent):
            items.append(_node(item, events, depth + 1))
        made = Items(line, tuple(items))
    elif isinstance(event, yaml.ScalarEvent):
        made = _scalar(line, event)
    else:
        return _alias(line, event)
    return _unfollowed(line, event) or made


def _scalar(line: int, event: yaml.ScalarEvent) -> Scalar | Unread:
    """The text. In JSON's escapes a character beyond U+FFFF is written as two halves; one alone stands for nothing."""
    try:
        text = event.value.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        return Unread(line, "an escape in it stands for no character, so write it in single quotes.")
    return Scalar(line, text, plain=not event.style)


def _line_of(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _alias(line: int, event: yaml.Event) -> Unread:
    name = quoted(str(getattr(event, "anchor", ""))).strip("`")
    return Unread(line, _NEEDS_QUOTES.format("`*`", f"*{name}") + "; aliases are not followed.")


def _unfollowed(line: int, event: yaml.CollectionStartEvent | yaml.ScalarEvent) -> Unread | None:
    if event.anchor is not None:
        name = quoted(event.anchor).strip("`")
        return Unread(line, _NEEDS_QUOTES.format("`&`", f"&{name}") + "; anchors are not followed.")
    if event.tag is not None:
        # PyYAML gives `!` of a tag alone, `!docs/` of what people take for a negated pattern.
        tag = quoted(event.tag).strip("`").rstrip(",")
        example = tag if tag.startswith("!") and len(tag) > 1 else "!docs/keep.md"
        return Unread(line, _NEEDS_QUOTES.format("`!`", example) + "; tags are not read.")
    return None


def _of_parser(error: yaml.MarkedYAMLError, text: str) -> _Broken:
    open_one = error.context_mark and str(error.context or "").startswith(_LEFT_OPEN)
    mark = error.context_mark if open_one else error.problem_mark or error.context_mark
    line = min(mark.line, text.count("\n")) + 1 if mark else 1
    return _Broken(line, _in_words(str(error.problem or ""), str(error.context or "")))


def _in_words(problem: str, context: str) -> str:
    """What PyYAML complains of, and what to do about it."""
    said = f"{context}: {problem}"
    if match := re.search(r": found character '([^\\])'", said):
        sign = "a backtick" if match[1] == "`" else f"`{match[1]}`"
        return _NEEDS_QUOTES.format(sign, f"{match[1]}x".replace("`", ""))
    known = (words for pattern, words in _COMPLAINTS if re.search(pattern, said))
    return next(known, f"{quoted(problem, 80)}, so correct the line")


# Of the scanner's and the parser's messages in PyYAML 6.0: what is found in them, the first counts.
_COMPLAINTS = (
    (r"^while scanning an alias", _NEEDS_QUOTES.format("`*`", "*.md")),
    (r"^while scanning an anchor", _NEEDS_QUOTES.format("`&`", "&c")),
    (r"^while (?:scanning a tag|parsing a node)", _NEEDS_QUOTES.format("`!`", "!docs/keep.md")),
    (r"found character '\\t'", "a tab stands where only spaces may indent, so write spaces"),
    (r"escape", "an escape in it stands for no character, so write it in single quotes"),
    (r"mapping values", "a `:` stands where no key can be, so indent the line rightly, or put the text in quotes"),
    (rf"^(?:{'|'.join(_LEFT_OPEN)})", "what is opened here is not closed, so add the missing quote or bracket"),
    (r"<block end>", "the line does not fit those above, so indent it rightly, or put the text in quotes"),
)


def _code(character: int | str) -> str:
    return f"U+{character if isinstance(character, int) else ord(character[:1] or ' '):04X}"


def _line_of_escape(text: str) -> int:
    match = re.search(r"\\[Uu]|%YAML", text)
    return text.count("\n", 0, match.start()) + 1 if match else 1
