"""Where a claim belongs: from (path, side, quote, line) to a line of the change, or to none. Never to a guess.

What the model read is what it can quote: quotes are looked up in the lines as they were shown, secrets masked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import islice

from bot.core.diff import Line, Origin
from bot.core.models import Location, Side
from bot.core.quoted_lines import beginning, compared, readings, spellings
from bot.core.visible import Row, Shown, shown_path

REACH = 15
"""How many lines a hint may be off before one of several equal lines is refused."""

LEAST_CUT = 40
"""How many characters of a line that was not quoted to its end tell it from others."""

_LONGEST_RANGE = 40


class Miss(StrEnum):
    """Why a claim has no line."""

    NO_FILE = "its file is not part of the change"
    NO_QUOTE = "the quoted line is not part of the change"
    AMBIGUOUS = "the quoted line stands in several places"
    NOT_COMMENTABLE = "GitHub shows no diff of the file"
    IMAGE = "it was seen in an image"


@dataclass(frozen=True, slots=True)
class Pointer:
    """What the model says of a place: a path, a side, a run of lines that ends in `line`, and that line's text."""

    path: str
    side: Side
    start_line: int
    line: int
    quote: str

    @property
    def first(self) -> int:
        """The first line that it is about, as far as the range makes sense."""
        return self.start_line if 0 < self.line - self.start_line < _LONGEST_RANGE else self.line


@dataclass(frozen=True, slots=True)
class Anchor:
    """A proven place: the file's position in the diff, and the location in it, which ends in the quoted line.

    `whole` tells whether it is to the line the run that the model spoke of: what it would replace.
    """

    file: int
    location: Location
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a claim shows of its reader's numbers.

    The file, how many lines the number is `off` (None where the quote stands in several places), and whether it `fits`:
    whether the quote stands there, or at that number of the other side. `verbatim` tells whether the quote stands in
    the file as it is, white space at ends of lines aside.
    """

    file: int
    off: int | None
    fits: bool
    verbatim: bool


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A run of lines of one hunk whose text is the quote, one for each quoted line; `cut` where it only begins so."""

    file: int
    lines: tuple[Line, ...]
    cut: bool = False

    @property
    def last(self) -> Line:
        return self.lines[-1]


@dataclass(frozen=True, slots=True)
class Trust:
    """How far the line numbers of a reader may be relied upon, see `bot.core.hints`.

    Where they are `exact`, the number tells which of several equal lines is meant. Else that is the only one within
    `reach` lines, or the one at the number corrected by what all numbers of its file are off by: `offsets`, by file.
    """

    exact: bool = True
    reach: int = REACH
    offsets: Mapping[int, int] = field(default_factory=dict)


EXACT = Trust()

_Spot = tuple[int, Side, int]


@dataclass(frozen=True, slots=True)
class _Index:
    """The lines of one file: each side of each hunk as rows, and their spots in these by number and by text.

    A context line has a number on both sides, and one spot: on the right, where it can be commented, see Line.side.
    """

    rows: dict[tuple[int, Side], list[Row]]
    numbers: dict[tuple[Side, int], _Spot]
    places: dict[tuple[Side, str], list[_Spot]]

    def run(self, spot: _Spot, length: int) -> list[Row]:
        """That many lines of one side, the last of them at the spot; fewer where the hunk begins."""
        hunk, side, position = spot
        return self.rows[hunk, side][max(0, position + 1 - length) : position + 1]


@dataclass(frozen=True, slots=True)
class _Look:
    """Where to look for a quote: at some numbers of a side, or anywhere on it; `folded` disregards white space."""

    numbers: range | None
    side: Side
    folded: bool = False


class Anchors:
    """Finds the places of claims in one change."""

    def __init__(self, shown: Shown) -> None:
        self.shown = shown
        self._indexes: dict[tuple[int, bool], _Index] = {}
        present: dict[str, list[int]] = {}
        former: dict[str, list[int]] = {}
        for index, file in enumerate(shown.diff.files):
            for name in {shown.path(index), file.path}:
                present.setdefault(name, []).append(index)
            former.setdefault(shown_path(file.old_path or file.path), []).append(index)
        self._by_name = former | present

    def file(self, path: str) -> int | None:
        """The file that a path means: as shown, with `./`, `a/` or `b/` in front, or by its old name."""
        return next(iter(self._files(path)), None)

    def _files(self, path: str) -> list[int]:
        """All files of that name: a change of type is two, see Diff."""
        return next((self._by_name[name] for name in spellings(path) if name in self._by_name), [])

    def anchor(self, pointer: Pointer, trust: Trust = EXACT) -> Anchor | Miss:
        """Prove a place by its quote.

        Where the reader's numbers are exact, what stands at the stated one counts most if it reads like the quote. Else
        the text has to stand once within reach of the number, or else once in the file: as it was quoted, if the quote
        kept its indentation; then with any white space. All on the stated side first, then on the other. Last comes the
        only line within reach that begins with a quote of LEAST_CUT characters or more.
        """
        files = self._files(pointer.path)
        if not files:
            return Miss.NO_FILE
        shown = self._shown(files)
        if not shown:
            return Miss.NOT_COMMENTABLE
        found = self._find(shown, pointer, trust)
        return found if isinstance(found, Miss) else self._anchor(found, pointer)

    def evidence(self, pointer: Pointer) -> Evidence | None:
        """What a claim shows of its reader's numbers; None where the quote stands nowhere."""
        files = self._shown(self._files(pointer.path))
        for quoted in readings(pointer.quote):
            for side in _sides(pointer):
                found = self._two(files, quoted, pointer, _Look(None, side, folded=True))
                if found:
                    return self._evidence(files, quoted, pointer, found)
        return None

    def _evidence(
        self, files: Sequence[int], quoted: Sequence[str], pointer: Pointer, found: Sequence[_Candidate]
    ) -> Evidence:
        last = found[0].last
        off = pointer.line - (last.on(pointer.side) or last.number) if len(found) == 1 else None
        at_number = [_Look(_only(pointer.line), side, folded=True) for side in _sides(pointer)]
        anywhere = [_Look(None, side) for side in _sides(pointer)]
        fits, verbatim = (
            any(self._two(files, quoted, pointer, look) for look in looks) for looks in (at_number, anywhere)
        )
        return Evidence(found[0].file, off, fits, verbatim)

    def _shown(self, files: Sequence[int]) -> list[int]:
        return [file for file in files if self.shown.diff.files[file].origin is not Origin.WITHHELD]

    def _find(self, files: Sequence[int], pointer: Pointer, trust: Trust) -> _Candidate | Miss:
        for quoted in readings(pointer.quote):
            for look in _looks(pointer, trust, indented=any(line[:1].isspace() for line in quoted)):
                found = self._two(files, quoted, pointer, look)
                if len(found) > 1:
                    found = self._corrected(files, quoted, pointer, look, trust)
                    return found[0] if len(found) == 1 else Miss.AMBIGUOUS
                if found:
                    return found[0]
        return self._begun(files, pointer, trust)

    def _corrected(
        self, files: Sequence[int], quoted: Sequence[str], pointer: Pointer, look: _Look, trust: Trust
    ) -> list[_Candidate]:
        """What stands at the number that all numbers of the file are corrected to, if they agree."""
        offset = trust.offsets.get(files[0])
        if offset is None:
            return []
        return self._two(files, quoted, pointer, replace(look, numbers=_only(pointer.line - offset)))

    def _two(self, files: Sequence[int], quoted: Sequence[str], pointer: Pointer, look: _Look) -> list[_Candidate]:
        """The first matches: whether there is one, or several."""
        return list(islice(self._matches(files, quoted, pointer, look), 2))

    def _matches(
        self, files: Sequence[int], quoted: Sequence[str], pointer: Pointer, look: _Look
    ) -> Iterator[_Candidate]:
        """Every run of lines that reads like the quote and ends where the look is."""
        wanted = [compared(line, folded=look.folded) for line in quoted]
        for file in files:
            index = self._index(file, folded=look.folded)
            everywhere = index.places.get((look.side, wanted[-1]), ())
            for spot in everywhere if look.numbers is None else _spots(index, look.side, look.numbers):
                run = index.run(spot, len(wanted))
                if [text for _, text in run] == wanted and _counts(run[-1][0], look.side, pointer):
                    yield _Candidate(file, tuple(line for line, _ in run))

    def _begun(self, files: Sequence[int], pointer: Pointer, trust: Trust) -> _Candidate | Miss:
        """A long line that was not quoted to its end: at the hinted line, or the only one within reach on any side."""
        begin = beginning(pointer.quote)
        if len(begin) < LEAST_CUT:
            return Miss.NO_QUOTE
        found: dict[tuple[int, _Spot], _Candidate] = {}
        for file in files:
            index = self._index(file, folded=True)
            for side in Side:
                for spot in _spots(index, side, _reach(pointer, trust.reach)):
                    ((line, text),) = index.run(spot, 1)
                    if not text.startswith(begin) or not _counts(line, side, pointer):
                        continue
                    found[file, spot] = _Candidate(file, (line,), cut=True)
                    if trust.exact and (side, line.on(side)) == (pointer.side, pointer.line):
                        return found[file, spot]
        if len(found) > 1:
            return Miss.AMBIGUOUS
        return next(iter(found.values()), Miss.NO_QUOTE)

    def _index(self, file: int, *, folded: bool) -> _Index:
        key = (file, folded)
        if key not in self._indexes:
            self._indexes[key] = self._indexed(file, folded=folded)
        return self._indexes[key]

    def _indexed(self, file: int, *, folded: bool) -> _Index:
        made = _Index({}, {}, {})
        for hunk in range(len(self.shown.diff.files[file].hunks)):
            for side in Side:
                rows = [(line, compared(text, folded=folded)) for line, text in self.shown.rows(file, hunk, side)]
                made.rows[hunk, side] = rows
                for position, (line, text) in enumerate(rows):
                    if line.side is side:
                        _enter(made, line, text, (hunk, side, position))
        return made

    def _anchor(self, found: _Candidate, pointer: Pointer) -> Anchor:
        """The place with its range, as far as the range stands in one hunk; else the quoted line alone."""
        file, side, last = self.shown.diff.files[found.file], found.last.side, found.last.number
        first = _first(found, pointer)
        if not (first < last and file.in_one_hunk(side, first, last)):
            return Anchor(found.file, Location(file.path, side, last), _is_whole(found, last, pointer))
        return Anchor(found.file, Location(file.path, side, last, first), _is_whole(found, first, pointer))


def _enter(index: _Index, line: Line, text: str, spot: _Spot) -> None:
    for side in Side:
        number = line.on(side)
        if number is not None:
            index.numbers[side, number] = spot
            index.places.setdefault((side, text), []).append(spot)


def _spots(index: _Index, side: Side, numbers: range) -> Iterator[_Spot]:
    if numbers.stop - numbers.start > len(index.numbers):
        return (spot for (on, number), spot in index.numbers.items() if on is side and number in numbers)
    return (index.numbers[side, number] for number in numbers if (side, number) in index.numbers)


def _counts(line: Line, side: Side, pointer: Pointer) -> bool:
    """Whether a line may be known by its number on the side: on the stated one, if it has a number there."""
    return side is pointer.side or line.on(pointer.side) is None


def _reach(pointer: Pointer, reach: int) -> range:
    return range(pointer.first - reach, pointer.line + reach + 1)


def _sides(pointer: Pointer) -> tuple[Side, Side]:
    """Both, the stated one first."""
    return (Side.LEFT, Side.RIGHT) if pointer.side is Side.LEFT else (Side.RIGHT, Side.LEFT)


def _looks(pointer: Pointer, trust: Trust, *, indented: bool) -> Iterator[_Look]:
    """The places to look at, the surest first. What stands there decides, be it that nobody can tell what is meant."""
    if trust.exact:
        # A quote without any indentation has mostly lost it: `}` is the one at the stated line, not one that has none.
        foldings = (False,) if indented else (False, True)
        yield from (_Look(_only(pointer.line), side, folded) for side in _sides(pointer) for folded in foldings)
    # What is indented in the quote is so in the file: white space gets lost, nobody invents it.
    for folded in (False, True) if indented else (True,):
        for numbers in (_reach(pointer, trust.reach), None):
            yield from (_Look(numbers, side, folded) for side in _sides(pointer))


def _only(number: int) -> range:
    return range(number, number + 1)


def _first(found: _Candidate, pointer: Pointer) -> int:
    """The first line of the range that ends in the quoted one, in the numbers of the side that it was found on."""
    side, last = found.last.side, found.last.number
    if len(found.lines) > 1:
        return found.lines[0].on(side) or last
    if side is pointer.side and pointer.first <= last <= pointer.line:
        # The model quoted a line amid its range; what stands above it is still meant.
        return pointer.first
    # The lines of another side are counted otherwise, unless it was the name of the side that was wrong.
    keeps_length = side is pointer.side or last == pointer.line
    return last - (pointer.line - pointer.first) if keeps_length else last


def _is_whole(found: _Candidate, first: int, pointer: Pointer) -> bool:
    """Whether the lines from the first to the found one are those that were stated, none of them taken on trust."""
    length = found.last.number - first
    if found.cut or length != pointer.line - pointer.start_line:
        return False
    as_stated = found.last.side is pointer.side and found.last.number == pointer.line
    return as_stated or length + 1 == len(found.lines)
