"""What a model sees of the repository besides the lines of a change: chosen pieces of other code, the best first.

A change is understood by what it calls, by who calls it, by whoever reads what it writes, and by lists that should
know of it. All of these share names with it. So names are looked for, the rarer the better, and the functions or lines
in which they meet are ranked. Of a language that no parser knows nothing is guessed: there the names alone count.

Pure and deterministic: equal changes and trees give equal pieces, in equal order.
"""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from bot.core import path_rules
from bot.core.chunking import Chunk, HunkKey
from bot.core.cost import tokens_of
from bot.core.diff import Diff, FileDiff
from bot.core.material import masked_text
from bot.core.messages import Json
from bot.core.model_rules import ModelRules
from bot.core.symbols import NAME, NAME_IN_BYTES, Names, Role, names_of, spellings
from bot.core.syntax import Definition, Outline, outline_of
from bot.core.tree import Tree
from bot.core.visible import shown_lines, shown_path

_WHOLE_LINES = 50
_AROUND_HIT = 4
_AROUND_LOOSE = 7
_MOST_HITS = 8
# Reading a file closely takes milliseconds: so many for a hunk, fewer where there are many hunks.
_MOST_FILES, _LEAST_FILES, _MOST_FILES_IN_ALL = 48, 10, 320
_MOST_FILES_A_NAME = 60
_MOST_A_HUNK = 40
_MOST_A_FILE = 5
_LONGEST_LINE = 300
_LONGEST_WHY = 160
_MOST_OWN_LINES = 90
_OWN_SHARE = 0.4
_LINE_TOKENS = 4
_HEAD_TOKENS = 30

# How much a name tells where it is found, by what it is to the change.
_WEIGHT = {Role.GONE: 2.6, Role.DEFINED: 2.4, Role.SPELT: 1.8, Role.USED: 0.7, Role.BESIDE: 0.55}
# A name that stands in many files still has callers: it does not sink below this.
_FLOOR = {Role.GONE: 0.25, Role.DEFINED: 0.2, Role.SPELT: 0.1, Role.USED: 0.02, Role.BESIDE: 0.0}
_DEFINES = 3.2
_DEFINES_FLOOR = 0.35
_TEXT_WEIGHT = 3.0
_OWN = 100.0
_WORTH = 0.22


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of a file at the head commit as they are shown: their numbers, their texts, and why they are here."""

    path: str
    numbers: tuple[int, ...]
    texts: tuple[str, ...]
    why: str

    @property
    def row(self) -> Json:
        """As a part of a request; a gap in the numbers is a gap in the lines."""
        lines = [f"{number:>5}|{text}" for number, text in zip(self.numbers, self.texts, strict=True)]
        return {"path": shown_path(self.path), "why": self.why, "lines": lines}


@dataclass(frozen=True, slots=True)
class Want:
    """That a hunk wants an excerpt, by its position, and how much."""

    file: int
    hunk: int
    excerpt: int
    score: float


@dataclass(frozen=True)
class Surroundings:
    """Everything that was found around a change, and which hunk wants what."""

    excerpts: tuple[Excerpt, ...] = ()
    wants: tuple[Want, ...] = ()

    def of(self, chunk: Chunk, diff: Diff, most: int, rules: ModelRules) -> tuple[Excerpt, ...]:
        """The excerpts that go along with a chunk, the best first, within so many tokens; no line that it shows."""
        scores: dict[int, float] = {}
        for hunk in dict.fromkeys((piece.file, piece.hunk) for piece in chunk.pieces):
            for want in self._by_hunk.get(hunk, ()):
                scores[want.excerpt] = max(want.score, scores.get(want.excerpt, 0.0)) + 0.1 * want.score
        seen = _lines_shown(chunk, diff)
        chosen: list[Excerpt] = []
        room, own_room = most, int(most * _OWN_SHARE)
        for index in sorted(scores, key=lambda index: (-scores[index], index)):
            excerpt = _without(self.excerpts[index], seen.get(self.excerpts[index].path, frozenset()))
            size = size_of(excerpt, rules)
            if not excerpt.numbers or size > room or (scores[index] >= _OWN and size > own_room):
                continue
            room -= size
            own_room -= size if scores[index] >= _OWN else 0
            chosen.append(excerpt)
        return tuple(chosen)

    @cached_property
    def _by_hunk(self) -> Mapping[HunkKey, Sequence[Want]]:
        found: dict[HunkKey, list[Want]] = {}
        for want in self.wants:
            found.setdefault((want.file, want.hunk), []).append(want)
        return found


NOTHING_AROUND = Surroundings()


def size_of(excerpt: Excerpt, rules: ModelRules) -> int:
    """The tokens of an excerpt in a request, estimated."""
    if not excerpt.numbers:
        return 0
    return _HEAD_TOKENS + tokens_of("\n".join(excerpt.texts), rules) + _LINE_TOKENS * len(excerpt.numbers)


def _without(excerpt: Excerpt, shown: Collection[int]) -> Excerpt:
    if not shown:
        return excerpt
    left = [(number, text) for number, text in zip(excerpt.numbers, excerpt.texts, strict=True) if number not in shown]
    return Excerpt(excerpt.path, tuple(n for n, _ in left), tuple(t for _, t in left), excerpt.why)


def _lines_shown(chunk: Chunk, diff: Diff) -> dict[str, set[int]]:
    """The lines of the new versions that a chunk shows anyway, by path."""
    shown: dict[str, set[int]] = {}
    for piece in chunk.pieces:
        file = diff.files[piece.file]
        lines = file.hunks[piece.hunk].lines[slice(*piece.shown)]
        shown.setdefault(file.path, set()).update(line.new for line in lines if line.new is not None)
    return shown


def surroundings_of(diff: Diff, hunks: Collection[HunkKey], tree: Tree, hides: Callable[[str], bool]) -> Surroundings:
    """Find what the repository holds around these hunks. `hides` tells of a path that it is not to be shown."""
    if not hunks or not tree.files:
        return NOTHING_AROUND
    return _Search(diff, tree, hides).around(sorted(hunks))


@dataclass(slots=True)
class _Found:
    """A block of lines of a file in which names meet: the lines of its hits, by name."""

    path: str
    block: Definition
    hits: dict[str, list[int]] = field(default_factory=dict)


_Place = tuple[str, int, int]
"""A block by its path, its first and its last line; -1 stands for lines anywhere in the file."""


class _Search:
    def __init__(self, diff: Diff, tree: Tree, hides: Callable[[str], bool]) -> None:
        self._diff = diff
        self._files = {path: content for path, content in tree.files.items() if not hides(path)}
        self._texts: dict[str, list[str]] = {}
        self._masked: dict[str, list[str]] = {}
        self._indexes: dict[str, dict[str, list[int]]] = {}
        self._blocks_of_lines: dict[tuple[str, int], Definition] = {}
        self._most_files = _MOST_FILES
        self._near: dict[tuple[str, str], float] = {}
        self._outlines: dict[str, Outline] = {}
        self._spans: dict[_Place, set[int]] = {}
        self._whys: dict[_Place, str] = {}

    def around(self, hunks: Sequence[HunkKey]) -> Surroundings:
        self._most_files = min(_MOST_FILES, max(_LEAST_FILES, _MOST_FILES_IN_ALL // len(hunks)))
        names = {key: self._names(key) for key in hunks}
        spelt = {spelling: name for name in _all_names(names.values()) for spelling in sorted(spellings(name))}
        # A name itself is stronger than being the spelling of another.
        spelt |= {name: name for name in _all_names(names.values())}
        where = self._where(spelt)
        wanted = []
        for key in hunks:
            wanted += [(key, *found) for found in self._of_hunk(key, names[key], where)]
        return self._collected(wanted)

    def _names(self, key: HunkKey) -> Names:
        file = self._diff.files[key[0]]
        hunk = file.hunks[key[1]]
        known = file.new_path in self._files
        outline, head = (self._outline(file.path), self._shown(file.path)) if known else (Outline(), ())
        return names_of(hunk, shown_lines(hunk), outline, head)

    def _where(self, spelt: Mapping[str, str]) -> dict[str, dict[str, set[str]]]:
        """The files of each name, with the spellings in which it stands there."""
        encoded = {spelling.encode(): spelling for spelling in spelt}
        found: dict[str, dict[str, set[str]]] = {}
        for path, content in self._files.items():
            for spelling in encoded.keys() & set(NAME_IN_BYTES.findall(content)):
                text = encoded[spelling]
                found.setdefault(spelt[text], {}).setdefault(path, set()).add(text)
        return found

    def _of_hunk(
        self, key: HunkKey, names: Names, where: Mapping[str, Mapping[str, set[str]]]
    ) -> list[tuple[_Place, float]]:
        """The blocks that a hunk wants, best first, each with its score."""
        file = self._diff.files[key[0]]
        scored = {block: (score, lines, why) for block, score, lines, why in self._scored(file, key[1], names, where)}
        best = sorted(scored, key=lambda block: (-scored[block][0], block))
        kept: list[tuple[_Place, float]] = []
        of_file: dict[str, int] = {}
        for block in best:
            score, lines, why = scored[block]
            if of_file.get(block[0], 0) >= _MOST_A_FILE or score < _WORTH:
                continue
            of_file[block[0]] = of_file.get(block[0], 0) + 1
            self._spans.setdefault(block, set()).update(lines)
            self._whys.setdefault(block, why)
            kept.append((block, score))
            if len(kept) == _MOST_A_HUNK:
                break
        return [*self._own(key), *kept]

    def _scored(
        self, file: FileDiff, hunk: int, names: Names, where: Mapping[str, Mapping[str, set[str]]]
    ) -> Iterator[tuple[_Place, float, tuple[int, ...], str]]:
        weights = {name: self._weight(name, role, len(where.get(name, ()))) for name, role in names.roles.items()}
        shown = {line.new for line in file.hunks[hunk].lines if line.new}
        for path in self._candidates(file.path, names, where, weights):
            nearness = self._nearness(file.path, path)
            spelt = {spelling: name for name in names.roles for spelling in where.get(name, {}).get(path, ())}
            for found in self._blocks(path, spelt, names.texts, shown if path == file.path else ()):
                score, why = self._score(found, names, weights)
                lines = tuple(sorted({line for lines in found.hits.values() for line in lines[:_MOST_HITS]}))
                yield (path, found.block.first, found.block.last), score * nearness, lines, why

    def _candidates(
        self, own: str, names: Names, where: Mapping[str, Mapping[str, set[str]]], weights: Mapping[str, float]
    ) -> list[str]:
        """The files worth reading closely: those in which names meet that tell something."""
        sums: dict[str, float] = {}
        for name, role in names.roles.items():
            files = where.get(name, {})
            if len(files) > _MOST_FILES_A_NAME and role < Role.DEFINED:
                continue
            for path in files:
                sums[path] = sums.get(path, 0.0) + max(weights[name], 0.02)
        # What stands in a file is looked at for those alone that have a chance.
        likely = sorted(sums, key=lambda path: (-sums[path] * _near_by_name(own, path), path))[: 3 * self._most_files]
        return sorted(likely, key=lambda path: (-sums[path] * self._nearness(own, path), path))[: self._most_files]

    def _weight(self, name: str, role: Role, files: int) -> float:
        """What a name tells: the fewer files it stands in, the more. A plain word in many files means many things."""
        if not files:
            return 0.0
        rare = 1 / (1 + math.log2(files))
        common = files > max(25, len(self._files) * 0.03) and name.islower() and "_" not in name
        return _WEIGHT[role] * max(rare, _FLOOR[role]) * (0.35 if common else 1.0)

    def _nearness(self, own: str, path: str) -> float:
        """How near a file is to the changed one: the same feature, the same folder, its test; prose tells least."""
        if (own, path) not in self._near:
            self._near[own, path] = self._how_near(own, path)
        return self._near[own, path]

    def _how_near(self, own: str, path: str) -> float:
        named = _mentions(self._files[path], posixpath.splitext(posixpath.basename(own))[0])
        return _near_by_name(own, path) * (1.3 if named else 1.0)

    def _blocks(
        self, path: str, spelt: Mapping[str, str], texts: Collection[str], shown: Collection[int]
    ) -> list[_Found]:
        """The functions, types or loose runs of lines of a file in which the names stand."""
        outline, hits = self._outline(path), self._hits(path, spelt, texts)
        blocks: dict[tuple[int, int], _Found] = {}
        for number in sorted(hits.keys() - set(shown) - set(outline.imports)):
            block = self._block(path, number)
            found = blocks.setdefault((block.first, block.last), _Found(path, block))
            for hit in sorted(hits[number]):
                found.hits.setdefault(hit, []).append(number)
        return _joined(blocks.values())

    def _block(self, path: str, number: int) -> Definition:
        key = (path, number)
        if key not in self._blocks_of_lines:
            self._blocks_of_lines[key] = _block_of(self._outline(path), number)
        return self._blocks_of_lines[key]

    def _hits(self, path: str, spelt: Mapping[str, str], texts: Collection[str]) -> dict[int, set[str]]:
        """The names that stand on each line, and the texts that it spells out."""
        index, found = self._index(path), dict[int, set[str]]()
        for spelling, name in spelt.items():
            for number in index.get(spelling, ()):
                found.setdefault(number, set()).add(name)
        lines = self._text(path)
        for text in texts:
            words = NAME.findall(text)
            for number in index.get(words[0], ()) if words else ():
                if text in lines[number - 1]:
                    found.setdefault(number, set()).add(text)
        return found

    def _index(self, path: str) -> dict[str, list[int]]:
        """The lines of each word of a file."""
        if path not in self._indexes:
            index: dict[str, list[int]] = {}
            for number, line in enumerate(self._text(path), start=1):
                for word in set(NAME.findall(line[:1_000])):
                    index.setdefault(word, []).append(number)
            self._indexes[path] = index
        return self._indexes[path]

    def _score(self, found: _Found, names: Names, weights: Mapping[str, float]) -> tuple[float, str]:
        """The sum of what its names tell. One alone that stands beside the change tells nothing."""
        total, told = 0.0, []
        defined = self._defined(found)
        for hit in sorted(found.hits):
            if hit in names.texts:
                total += _TEXT_WEIGHT
                told.append((_TEXT_WEIGHT, f"has {hit!r}"))
                continue
            role = names.roles[hit]
            points = weights[hit]
            if hit in defined and role is not Role.BESIDE:
                points = max(points, _DEFINES * max(_rarity(weights[hit], role), _DEFINES_FLOOR))
                told.append((points, f"defines {hit}"))
            else:
                told.append((points, f"{_VERB[role]} {hit}"))
            total += points
        beside = sum(1 for hit in found.hits if names.roles.get(hit) is Role.BESIDE)
        if beside and beside == len(found.hits) and beside < 3:  # noqa: PLR2004 - two names may meet by chance
            total *= 0.3
        told.sort(key=lambda each: (-each[0], each[1]))
        return total, "; ".join(words for _, words in told[:4])[:_LONGEST_WHY]

    def _defined(self, found: _Found) -> set[str]:
        """The names that the block, or a value in it, defines."""
        lines = {line for lines in found.hits.values() for line in lines}
        outline = self._outline(found.path)
        here = [each for each in outline.definitions if each.first in lines]
        return {hit for hit in found.hits for each in here if each.name in spellings(hit)}

    def _own(self, key: HunkKey) -> list[tuple[_Place, float]]:
        """The function or type around the hunk as far as the hunk does not show it, and the file's imports."""
        file = self._diff.files[key[0]]
        if file.new_path not in self._files:
            return []
        hunk, outline = file.hunks[key[1]], self._outline(file.path)
        numbers = [line.new for line in hunk.lines if line.new is not None]
        wanted: set[int] = set()
        for holder in dict.fromkeys(each for number in numbers[:1] + numbers[-1:] for each in outline.around(number)):
            wanted |= {holder.first, *_near(holder, numbers[0], numbers[-1])}
        wanted |= set(outline.imports[: _AROUND_LOOSE * 4])
        if not wanted:
            return []
        block = (file.path, numbers[0] if numbers else 0, -1)
        self._spans.setdefault(block, set()).update(wanted - set(numbers))
        self._whys.setdefault(block, "the code around the change")
        return [(block, _OWN)] if self._spans[block] else []

    def _collected(self, wanted: Iterable[tuple[HunkKey, _Place, float]]) -> Surroundings:
        rows = list(wanted)
        blocks = list(dict.fromkeys(block for _, block, _ in rows))
        position = {block: index for index, block in enumerate(blocks)}
        excerpts = tuple(self._excerpt(block) for block in blocks)
        wants = tuple(Want(*key, position[block], round(score, 4)) for key, block, score in rows)
        return Surroundings(excerpts, wants)

    def _excerpt(self, block: _Place) -> Excerpt:
        path, first, last = block
        lines, hits = self._shown(path), self._spans[block]
        numbers = sorted(hits) if last < 0 else list(_lines_of_block(self._outline(path), first, last, hits))
        kept = [number for number in numbers if 1 <= number <= len(lines)]
        texts = (lines[number - 1] for number in kept)
        return Excerpt(path, tuple(kept), tuple(_cut(text) for text in texts), self._whys[block])

    def _text(self, path: str) -> list[str]:
        if path not in self._texts:
            self._texts[path] = self._files[path].decode("utf-8", "surrogateescape").replace("\r\n", "\n").split("\n")
        return self._texts[path]

    def _shown(self, path: str) -> list[str]:
        if path not in self._masked:
            self._masked[path] = masked_text("\n".join(self._text(path))).split("\n")
        return self._masked[path]

    def _outline(self, path: str) -> Outline:
        if path not in self._outlines:
            self._outlines[path] = outline_of(path, "\n".join(self._text(path)))
        return self._outlines[path]


_VERB = {
    Role.GONE: "still has",
    Role.DEFINED: "uses",
    Role.SPELT: "names",
    Role.USED: "uses",
    Role.BESIDE: "has",
}


def _near_by_name(own: str, path: str) -> float:
    """How near two files are by their paths alone."""
    factor = 1.0
    if path_rules.subject(own) and path_rules.subject(own) == path_rules.subject(path):
        factor *= 1.4
    if posixpath.dirname(own) == posixpath.dirname(path):
        factor *= 1.15
    if path_rules.is_test(path) and not path_rules.is_test(own):
        factor *= 0.55
    if path_rules.is_documentation(path):
        factor *= 0.4
    if path_rules.generated_name(path):
        factor *= 0.3
    return factor


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_LINE else text[:_LONGEST_LINE] + " [cut here]"


def _all_names(names: Iterable[Names]) -> list[str]:
    return list(dict.fromkeys(name for each in names for name in each.roles))


def _rarity(weight: float, role: Role) -> float:
    return weight / _WEIGHT[role]


def _mentions(content: bytes, stem: str) -> bool:
    """Whether a file names another by its stem, as an import does."""
    if len(stem) <= 3:  # noqa: PLR2004 - `api` is in every file
        return False
    name = stem.encode("utf-8", "surrogateescape")
    return name in content and re.search(rb"\b" + re.escape(name) + rb"\b", content) is not None


def _block_of(outline: Outline, number: int) -> Definition:
    """The innermost function that holds a line, else the smallest type that is short, else the lines near it."""
    around = outline.around(number)
    functions = [each for each in around if not each.type_]
    if functions:
        return functions[-1]
    if around and around[-1].last - around[-1].first < _WHOLE_LINES:
        return around[-1]
    return Definition("", max(1, number - _AROUND_LOOSE), number + _AROUND_LOOSE)


def _joined(found: Iterable[_Found]) -> list[_Found]:
    """Loose runs of lines that touch are one."""
    joined: list[_Found] = []
    for each in sorted(found, key=lambda each: (each.block.first, each.block.last)):
        last = joined[-1] if joined else None
        loose = last is not None and not each.block.name and not last.block.name
        if last is not None and loose and each.block.first <= last.block.last + 1:
            block = Definition("", last.block.first, max(last.block.last, each.block.last))
            for name, lines in each.hits.items():
                last.hits.setdefault(name, []).extend(lines)
            last.block = block
            continue
        joined.append(each)
    return joined


def _near(holder: Definition, first: int, last: int) -> range:
    """The lines of a function around a hunk: all of them, or those nearest to it."""
    if holder.last - holder.first < _MOST_OWN_LINES:
        return range(holder.first, holder.last + 1)
    if holder.type_:
        return range(holder.first, holder.first + 1)
    half = _MOST_OWN_LINES // 2
    return range(max(holder.first, first - half), min(holder.last, last + half) + 1)


def _lines_of_block(outline: Outline, first: int, last: int, hits: Collection[int]) -> list[int]:
    """The lines of a block that are shown: all of a short one, else its head and what is near the hits."""
    heads = [each.first for each in outline.around(first) if each.first < first]
    if last - first < _WHOLE_LINES:
        return sorted({*heads[-1:], *range(first, last + 1)})
    near = {line for hit in hits for line in range(max(first, hit - _AROUND_HIT), min(last, hit + _AROUND_HIT) + 1)}
    return sorted({*heads[-1:], first, first + 1, *near})
