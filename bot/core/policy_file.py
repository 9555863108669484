"""The policy file: what a text says of each key, and a sentence for each thing in it that cannot be used.

What is wrong is left out, and the rest applies.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TypeVar

from bot.core.path_patterns import pattern_fault
from bot.core.plain_yaml import Items, Node, Pairs, Scalar, Unread, parse_yaml
from bot.core.policy import PathInstruction
from bot.core.policy_keys import (
    BY_NAME,
    KEYS,
    LONGEST_INSTRUCTION,
    LONGEST_ITEM,
    MOST_INSTRUCTIONS,
    MOST_ITEMS,
    POLICY_PATH,
    SECTIONS,
    Choice,
    Dollars,
    Flag,
    Instructions,
    Key,
    PolicyFile,
    Problem,
    Texts,
    Whole,
    Word,
    keys_below,
    listed,
)
from bot.core.quoting import quoted
from bot.core.visible import printable_text

_T = TypeVar("_T")

__all__ = ["MOST_PROBLEMS", "POLICY_PATH", "PolicyFile", "Problem", "read"]

MOST_PROBLEMS = 30
"""So many are told; then how many more there are."""

# YAML 1.1 takes all of these for bools, and people write them: https://yaml.org/type/bool.html
_FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
# Without a leading zero: `010` is ten to some parsers and eight to others.
_WHOLE = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_DOLLARS = re.compile(r"(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{0,9})?|\.[0-9]{1,9}", re.ASCII)
_ENTRY = ("paths", "text")
_CLOSE, _VERY_CLOSE = 0.6, 0.75
_TELLING = 4
"""So many letters of a name's first word tell what it is about."""
_LONGEST_NAME = 60


def read(text: str, where: str) -> PolicyFile:
    """Read the text of a policy file; `where` names it in its problems. Never raises."""
    tree = parse_yaml(text)
    reading = _Reading()
    for fault in tree.faults:
        reading.tell(fault.line, fault.sentence)
    root = tree.root
    if isinstance(root, Pairs):
        reading.level("", root)
    elif isinstance(root, Unread):
        reading.tell(root.line, f"The file is not understood: {root.why}")
    elif root is not None and not _nothing(root):
        reading.tell(root.line, f"The file must hold keys, such as `drafts: true`, not {_shape(root)}.")
    found = sorted(reading.problems, key=lambda problem: problem[0])
    problems = [Problem(where, line, sentence) for line, sentence in found[:MOST_PROBLEMS]]
    if len(found) > MOST_PROBLEMS:
        line = found[MOST_PROBLEMS][0]
        more = f"From here on there are {len(found) - MOST_PROBLEMS} more problems; correct those above first."
        problems.append(Problem(where, line, more))
    return PolicyFile(reading.values, tuple(problems))


class _Refused(Exception):
    """A value that is not used, and the sentence that says why."""

    def __init__(self, line: int, sentence: str) -> None:
        self.line = line
        self.sentence = sentence
        super().__init__(sentence)


@dataclass
class _Reading:
    """What was read so far."""

    values: dict[str, object] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)

    def tell(self, line: int, sentence: str) -> None:
        self.problems.append((line, sentence))

    def level(self, section: str, pairs: Pairs) -> None:
        """All keys of the file, or of a section of it."""
        lines: dict[str, int] = {}
        for key, value in pairs.pairs:
            if not isinstance(key, Scalar):
                self.tell(key.line, "A key must be a word, such as `drafts`; put the text in quotes if it is meant.")
            elif key.text in lines:
                first = lines[key.text]
                self.tell(key.line, f"{quoted(key.text)} is set twice, and line {first} counts; remove one of them.")
            else:
                lines[key.text] = key.line
                self.key(section, key, value)

    def key(self, section: str, key: Scalar, value: Node) -> None:
        """One key with its value: a section, a setting, or unknown."""
        name = f"{section}.{key.text}" if section else key.text
        if not section and name in SECTIONS:
            self.section(name, value)
        elif name not in BY_NAME or (not section and "." in name):
            # Beyond those that are told, nobody reads the sentence, and to find what was meant takes time.
            self.tell(key.line, _unknown(section, key.text) if len(self.problems) <= MOST_PROBLEMS else "")
        elif isinstance(value, Unread):
            self.tell(value.line, f"`{name}` is not understood: {value.why}")
        elif not _nothing(value):
            self.value(BY_NAME[name], value)

    def section(self, name: str, value: Node) -> None:
        if isinstance(value, Pairs):
            self.level(name, value)
        elif not _nothing(value):
            keys = listed([f"`{key}`" for key in keys_below(name)], "and")
            self.tell(value.line, f"`{name}` must hold keys below it, out of {keys}, not {_shape(value)}.")

    def value(self, key: Key, node: Node) -> None:
        """The value of a setting, if it can be used."""
        try:
            if isinstance(key.kind, Texts):
                self.values[key.name] = self.texts(key.name, node, paths=key.kind.paths)
            elif isinstance(key.kind, Instructions):
                self.values[key.name] = self.instructions(key.name, node)
            else:
                self.values[key.name] = _single(key, node)
        except _Refused as refused:
            self.tell(refused.line, refused.sentence)

    def texts(self, name: str, node: Node, *, paths: bool) -> tuple[str, ...]:
        """The items of a list that can be used; one text counts as a list of it. Raises _Refused."""
        if isinstance(node, Pairs):
            raise _Refused(node.line, f"`{name}` must be a text or a list of texts, not {_shape(node)}.")
        items = node.items if isinstance(node, Items) else (node,)
        return tuple(self.each(name, items, MOST_ITEMS, lambda item: _text(name, item, paths=paths)))

    def instructions(self, name: str, node: Node) -> tuple[PathInstruction, ...]:
        """The entries that can be used, one for each pattern. Raises _Refused."""
        if not isinstance(node, Items):
            raise _Refused(
                node.line, f"`{name}` must be a list of entries with `paths` and `text`, not {_shape(node)}."
            )
        entries = self.each(name, node.items, MOST_INSTRUCTIONS, lambda item: self.instruction(name, item))
        return tuple(each for entry in entries for each in entry)

    def each(self, name: str, items: tuple[Node, ...], most: int, read_one: Callable[[Node], _T]) -> list[_T]:
        """What can be used of a list; what cannot is told. Raises _Refused where nothing can.

        Then the key counts as not set: an empty list would take the place of another file's.
        """
        if len(items) > most:
            self.tell(items[most].line, f"`{name}` has more than {most} items; those from here on are left out.")
        found: list[_T] = []
        refusals: list[_Refused] = []
        for item in items[:most]:
            try:
                found.append(read_one(item))
            except _Refused as refused:
                refusals.append(refused)
        last = refusals.pop() if refusals and not found else None
        for refusal in refusals:
            self.tell(refusal.line, refusal.sentence)
        if last:
            raise last
        return found

    def instruction(self, name: str, node: Node) -> tuple[PathInstruction, ...]:
        """One for each pattern of an entry. Raises _Refused."""
        found = self.entry(name, node) if isinstance(node, Pairs) else {}
        text, paths = found.get("text"), found.get("paths")
        if not isinstance(text, Scalar) or not text.text.strip() or paths is None or paths == Items(paths.line, ()):
            needs = f"An entry of `{name}` needs `paths` (a pattern or a list of them) and `text`."
            raise _Refused(node.line, needs)
        if len(text.text) > LONGEST_INSTRUCTION:
            most = f"{LONGEST_INSTRUCTION:,} characters"
            raise _Refused(text.line, f"The text of an entry of `{name}` is over {most}; shorten it.")
        # What nobody sees in the file must not speak to the model in secret.
        words = printable_text(text.text.strip())
        return tuple(PathInstruction(each, words) for each in self.texts(f"{name}.paths", paths, paths=True))

    def entry(self, name: str, node: Pairs) -> dict[str, Node]:
        """The `paths` and the `text` of an entry."""
        found: dict[str, Node] = {}
        for key, value in node.pairs:
            word = key.text if isinstance(key, Scalar) else ""
            if word not in _ENTRY:
                meant = _close(word, _ENTRY) or "`paths` and `text`"
                self.tell(key.line, f"{quoted(word)} is no key of an entry of `{name}`; did you mean {meant}?")
            elif word in found:
                self.tell(key.line, f"`{word}` is set twice in an entry of `{name}`; remove one of them.")
            else:
                found[word] = value
        return found


def _single(key: Key, node: Node) -> object:
    """The value of a setting that is one word or number. Raises _Refused."""
    if not isinstance(node, Scalar):
        raise _Refused(node.line, f"`{key.name}` must be {key.kind.expected}, not {_shape(node)}.")
    readers: dict[type, Callable[[str], object]] = {Flag: _flag, Whole: _whole, Dollars: _dollars}
    text, kind = node.text.strip(), key.kind
    if isinstance(kind, Choice):
        words = dict(kind.words)
        if text.lower() in words:
            return words[text.lower()]
        meant = _close(text, tuple(words))
        hint = f"; did you mean {meant}?" if meant else "."
        raise _Refused(node.line, f"`{key.name}` must be {kind.expected}, not {quoted(node.text)}{hint}")
    if isinstance(kind, Word):
        value: object = text if len(text) <= kind.longest and re.search(kind.pattern, text) else None
    else:
        value = readers[type(kind)](text)
    too_much = isinstance(kind, Whole | Dollars) and isinstance(value, int | float) and value > kind.highest
    too_little = isinstance(kind, Whole) and isinstance(value, int) and value < kind.lowest
    if too_much and isinstance(kind, Dollars):
        most = f"{kind.highest:,.0f}"
        raise _Refused(node.line, f"`{key.name}` must be at most {most} US dollars, not {quoted(node.text)}.")
    if value is None or too_much or too_little:
        raise _Refused(node.line, f"`{key.name}` must be {kind.expected}, not {quoted(node.text)}.")
    return value


def _flag(text: str) -> bool | None:
    return _FLAGS.get(text.lower())


def _whole(text: str) -> int | None:
    return int(text) if _WHOLE.fullmatch(text) else None


def _dollars(text: str) -> float | None:
    return float(text) if _DOLLARS.fullmatch(text) else None


def _text(name: str, node: Node, *, paths: bool) -> str:
    """An item of a list. Raises _Refused."""
    if isinstance(node, Unread):
        raise _Refused(node.line, f"An item of `{name}` is not understood: {node.why}")
    if not isinstance(node, Scalar):
        shape = _shape(node)
        raise _Refused(node.line, f"An item of `{name}` must be a text, not {shape}; put it in quotes if it is one.")
    text = node.text.strip()
    if not text:
        raise _Refused(
            node.line, f"An item of `{name}` is empty; remove it, or put it in quotes if it begins with `#`."
        )
    if len(text) > LONGEST_ITEM:
        raise _Refused(node.line, f"An item of `{name}` is over {LONGEST_ITEM} characters; shorten it.")
    fault = pattern_fault(text) if paths else ""
    if fault:
        raise _Refused(node.line, f"{quoted(text)} in `{name}` is left out: {fault}.")
    return text


def _nothing(node: Node) -> bool:
    """A key without a value: as if it were not there, as where all lines below it are comments."""
    return isinstance(node, Scalar) and node.plain and node.text.lower() in {"", "~", "null"}


def _shape(node: Node) -> str:
    if isinstance(node, Scalar):
        return quoted(node.text)
    return "a list" if isinstance(node, Items) else "keys with values"


def _unknown(section: str, name: str) -> str:
    """The sentence for a key that there is not, with the one that was meant."""
    here = f"`{section}`" if section else "the policy file"
    above, _, below = name.partition(".")
    if not section and name in BY_NAME:
        return f"`{name}` is no key of the policy file; write `{below}` below `{above}`."
    meant = _close(name, keys_below(section)) or _elsewhere(name)
    if meant:
        return f"{quoted(name)} is no key of {here}; did you mean {meant}?"
    return f"{quoted(name)} is no key of {here}; the keys are {listed(list(keys_below(section)), 'and')}."


def _close(word: str, known: tuple[str, ...]) -> str:
    """The known word that comes closest, in backticks; '' where none is near."""
    meant = word[:_LONGEST_NAME].lower().replace("-", "_")
    first = meant.partition("_")[0]
    begun = [each for each in known if len(first) >= _TELLING and each.startswith(first)]
    # Of two names with several words each one that begins alike is nearer than one with the same letters.
    near = get_close_matches(meant, known, n=1, cutoff=_VERY_CLOSE) or begun
    found = near or get_close_matches(meant, known, n=1, cutoff=_CLOSE)
    return f"`{found[0]}`" if found else ""


def _elsewhere(name: str) -> str:
    """Where in the file a key of this name stands; '' where none does."""
    places = [f"`{key.name}`" for key in KEYS if key.name.rpartition(".")[2] == name]
    return listed(places, "or")
