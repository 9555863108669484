"""What becomes of findings from review to review: which are new, which stand, moved, are mended or out of date."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, pairwise

from bot.core.anchors import Anchor, Anchors, Miss, Pointer
from bot.core.chunking import Chunk, HunkKey
from bot.core.diff import Diff, FileDiff, FileKind, Origin
from bot.core.identity import Spoken, match
from bot.core.known import Fate, Known, Trace
from bot.core.ledger import Ledger, State
from bot.core.locating import How, Located, locate_all, near_of
from bot.core.models import Finding, Location, Severity, Side
from bot.core.placement import Unplaced
from bot.core.ranking import DOUBTFUL
from bot.core.rendering.comments import words_of
from bot.core.replies import Verdict, VerdictState
from bot.core.traces import came_beside, is_among, names, only_lost, remembering, trace_of
from bot.core.visible import Shown

_MODEL = "model"
# Lines count from 1, so no change has it.
_NO_LINE = 0


@dataclass(frozen=True, slots=True)
class Tracked:
    """A known finding in the present change: where its code stands, None where it does not, and in which hunk."""

    known: Known
    located: Located | None
    hunk: HunkKey | None


@dataclass(frozen=True, slots=True)
class Heard:
    """What this review learnt.

    `found` are its findings, with a line or without; `verdicts` what the model says of known ones, by their ids;
    `unread` the hunks that nobody answered for, `ran` the analyzers that did their work on all that there was but the
    files in `unseen`: those that are left out of the review, for each analyzer, and those that one could not read.
    `head` is the commit. Of the findings that are `unplaced`, too, no line could be proven: the one that they state is
    not relied on. `looked` are the files that were looked at as images.
    """

    found: Sequence[Finding]
    verdicts: Mapping[str, Verdict]
    unread: Collection[HunkKey]
    ran: Collection[str]
    head: str
    unplaced: Collection[Finding] = ()
    unseen: Collection[tuple[str, int]] = ()
    looked: Collection[int] = ()


def track(known: Iterable[Known], shown: Shown) -> tuple[Tracked, ...]:
    """Find the code of each known finding in the present change; equals that nothing tells apart keep their order."""
    all_known = tuple(known)
    return tuple(map(partial(_tracked, shown), all_known, locate_all(shown, all_known)))


def _tracked(shown: Shown, known: Known, located: Located | None) -> Tracked:
    if located is None:
        return Tracked(known, None, None)
    place = located.location
    file = shown.diff.file_at(place)
    assert file is not None  # noqa: S101 - located in the diff
    hunk = file, shown.diff.files[file].hunk_at[place.side, place.line]
    if known.fate is Fate.OUTDATED:
        known = replace(known, fate=Fate.OPEN, note="")
    return Tracked(known, located, hunk)


class Companions:
    """Which known findings go along with which request: those whose code the request shows, or stood next to it.

    `words` are their comments, by their ids: the state does not repeat what these say.
    """

    def __init__(
        self,
        tracked: Iterable[Tracked],
        read: Collection[HunkKey],
        diff: Diff,
        words: Mapping[str, str] | None = None,
    ) -> None:
        self._by_hunk: dict[HunkKey, list[Known]] = {}
        self.asked: dict[str, HunkKey] = {}
        for each in tracked:
            if not each.known.stands or each.known.finding.source != _MODEL:
                continue
            hunk = each.hunk or _nearest(each.known, read, diff)
            if hunk is None or hunk not in read:
                continue
            known = _shown_at(each, (words or {}).get(each.known.id))
            self._by_hunk.setdefault(hunk, []).append(known)
            self.asked[known.id] = hunk

    def __call__(self, chunk: Chunk) -> list[Known]:
        """The known findings that go along with a chunk, the worst first."""
        hunks = dict.fromkeys((piece.file, piece.hunk) for piece in chunk.pieces)
        known = (known for hunk in hunks for known in self._by_hunk.get(hunk, ()))
        return sorted(known, key=lambda known: known.finding.severity.rank)


def _shown_at(each: Tracked, comment: str | None) -> Known:
    """The finding as the model is told of it: where it is now, and what was said."""
    said = each.known.finding.body or (words_of(comment) if comment else "")
    finding = replace(each.known.finding, body=said)
    if each.located is None:
        return replace(each.known, finding=finding, placed=False)
    return replace(each.known, finding=replace(finding, location=each.located.location), placed=True)


def _nearest(known: Known, read: Collection[HunkKey], diff: Diff) -> HunkKey | None:
    """The hunk that is read and lies nearest to where the code stood, in the same file."""
    place = known.finding.location
    near = [
        (_distance(diff.files[file], number, place), (file, number))
        for file, number in read
        if place.path in {diff.files[file].path, diff.files[file].old_path}
    ]
    return min(near)[1] if near else None


def _distance(file: FileDiff, hunk: int, place: Location) -> int:
    """How many lines lie between the place and the hunk; 0 inside of it."""
    numbers = [number for line in file.hunks[hunk].lines if (number := line.on(place.side)) is not None]
    return max(numbers[0] - place.line, place.line - numbers[-1], 0) if numbers else place.line


def follow(tracked: Sequence[Tracked], heard: Heard, anchors: Anchors, companions: Companions) -> tuple[Known, ...]:
    """All findings of the pull request with their present fate: known ones first, then what is new."""
    shown = anchors.shown
    settled = {known for known, verdict in heard.verdicts.items() if verdict.state is not VerdictState.UNCLEAR}
    stated = {_without_line(each) if each in heard.unplaced else each: each for each in heard.found}
    spoken = Spoken(settled, companions.asked.keys() - settled)
    matches = match(tuple(stated), [each.known for each in tracked], shown, spoken)
    fates = _Fates(heard, anchors, companions, tracked)
    again = {id_: stated[finding] for id_, finding in matches.of_known.items()}
    followed = [fates.of(each, again.get(each.known.id)) for each in tracked]
    traces = [trace_of(shown, finding) for finding in matches.fresh]
    made = names(matches.fresh, traces, taken={each.id for each in followed})
    for name, finding, trace in zip(made, matches.fresh, traces, strict=True):
        placed = shown.diff.file_at(finding.location) is not None
        followed.append(Known(name, stated[finding], trace, placed=placed, news=True))
    return tuple(followed)


def _without_line(finding: Finding) -> Finding:
    """Known by its quote alone: the line that it states may hold anything."""
    return replace(finding, location=replace(finding.location, line=_NO_LINE, start_line=None))


class _Fates:
    """Decides what became of one known finding."""

    def __init__(self, heard: Heard, anchors: Anchors, companions: Companions, tracked: Iterable[Tracked]) -> None:
        self._heard = heard
        self._anchors = anchors
        self._companions = companions
        self._taken = {_line(each.located.location) for each in tracked if each.located}

    def of(self, each: Tracked, again: Finding | None) -> Known:
        """Its fate, given whether this review found it again."""
        if again is not None:
            return self._again(each.known, again, each.located)
        if not each.known.stands:
            return self._at(each.known, each.located) if each.known.fate is Fate.DISMISSED else each.known
        if each.known.finding.source != _MODEL:
            return self._analyzed(each)
        return self._standing(each) if each.located else self._vanished(each)

    def _again(self, known: Known, again: Finding, located: Located | None) -> Known:
        """Found again. What has a comment keeps the words that stand there, unless they said that it was fixed.

        It is news where nobody can have read of it as of something to deal with: it was too doubtful to be said, or
        fixed, and has no comment that is written anew.
        """
        if known.fate is Fate.DISMISSED:
            return self._at(known, located)
        unproven = again in self._heard.unplaced
        reported = trace_of(self._anchors.shown, _without_line(again) if unproven else again)
        if unproven and located:
            again = replace(again, location=located.location)
        keeps = known.said and known.fate is not Fate.FIXED
        finding = _in_its_words(known, again, located) if keeps else again
        told = known.fate is not Fate.FIXED and known.finding.confidence >= DOUBTFUL
        raised = not known.said and again.confidence >= DOUBTFUL and not told
        lost = unproven and located is None
        return replace(
            known,
            finding=finding,
            trace=remembering(known.trace if lost else trace_of(self._anchors.shown, finding), known.trace, reported),
            fate=_open(known, located),
            placed=not lost and self._anchors.shown.diff.file_at(finding.location) is not None,
            note="",
            news=raised,
        )

    def _standing(self, each: Tracked) -> Known:
        """The code is there: it is fixed only by lines beside it, or in its run, that came or went since.

        The model has to say so, and to quote one of those that came; none where lines only went.
        """
        verdict = self._heard.verdicts.get(each.known.id)
        then, now = each.known.trace, self._at(each.known, each.located)
        if verdict is None or verdict.state is not VerdictState.FIXED or each.hunk in self._heard.unread:
            return now
        quoted = is_among(verdict.quote, came_beside(then, now.trace))
        went = not verdict.quote.strip() and only_lost(then, now.trace)
        return self._fixed(now) if quoted or went else now

    def _vanished(self, each: Tracked) -> Known:
        """The code is gone. What nobody was asked about, or nobody answered for, is as it was.

        In an image that was looked at again, it would have been seen again.
        """
        known = replace(each.known, placed=False)
        if any(self._is_of(file, known) for file in self._heard.looked):
            return replace(known, fate=Fate.OUTDATED)
        verdict = self._heard.verdicts.get(known.id)
        if verdict and verdict.state is VerdictState.STILL:
            return self._still(known, verdict.quote)
        if self._is_open(each.known, verdict):
            return known
        if verdict and verdict.state is VerdictState.FIXED and self._shows(known, verdict.quote):
            return self._fixed(known)
        return replace(known, fate=Fate.OUTDATED)

    def _still(self, known: Known, quote: str) -> Known:
        """On the line that the model quotes, unless that is the code of another finding."""
        anchor = self._quoted(known, quote)
        if isinstance(anchor, Miss) or _line(anchor.location) in self._taken:
            return known
        if anchor.location.side is not known.trace.side:
            return known
        finding = replace(known.finding, location=anchor.location, quote=quote)
        return replace(known, finding=finding, trace=self._trace(known, finding), placed=True)

    def _is_open(self, known: Known, verdict: Verdict | None) -> bool:
        """Whether nobody could tell what became of it: its hunk was not answered for, or it did not go along.

        What never had a line cannot have lost it: it is about its file as long as that is changed. One that went along
        with another hunk was not judged by its own, if that lies nearer and was not answered for.
        """
        asked = self._companions.asked.get(known.id)
        if asked is None:
            return self._has_unread(known) or (not known.placed and self._is_changed(known))
        nearest = _nearest(known, {asked, *self._heard.unread}, self._anchors.shown.diff)
        return verdict is None or asked in self._heard.unread or nearest in self._heard.unread

    def _analyzed(self, each: Tracked) -> Known:
        """An analyzer that ran, and does not report it any more, says that it is mended."""
        now = self._at(each.known, each.located)
        if each.known.finding.source not in self._heard.ran or self._is_unseen(each.known):
            return now
        near = near_of(self._anchors.shown, each.known) if each.located is None else each.located
        return self._fixed(now) if near else replace(now, fate=Fate.OUTDATED)

    def _is_unseen(self, known: Known) -> bool:
        """Whether its file was left out this time, or its analyzer could not read it."""
        unseen = (file for source, file in self._heard.unseen if source == known.finding.source)
        return any(self._is_of(file, known) for file in unseen)

    def _fixed(self, known: Known) -> Known:
        return replace(known, fate=Fate.FIXED, note=self._heard.head)

    def _at(self, known: Known, located: Located | None) -> Known:
        """The finding where its code stands now."""
        if located is None:
            return replace(known, placed=False)
        finding = replace(known.finding, location=located.location)
        fate = known.fate if known.fate is Fate.DISMISSED else _open(known, located)
        return replace(known, finding=finding, trace=self._trace(known, finding), fate=fate, placed=True)

    def _trace(self, known: Known, finding: Finding) -> Trace:
        return remembering(trace_of(self._anchors.shown, finding), known.trace)

    def _quoted(self, known: Known, quote: str) -> Anchor | Miss:
        """The line of the present change that the model quotes for its verdict."""
        place = known.finding.location
        return self._anchors.anchor(Pointer(place.path, place.side, place.line, place.line, quote))

    def _shows(self, known: Known, quote: str) -> bool:
        """Whether the lines that mend it, by the model, are there, be it several times. None are where lines went."""
        found = Miss.AMBIGUOUS if not quote.strip() else self._quoted(known, quote)
        return found is Miss.AMBIGUOUS or isinstance(found, Anchor)

    def _is_changed(self, known: Known) -> bool:
        return any(self._is_of(file, known) for file in range(len(self._anchors.shown.diff.files)))

    def _has_unread(self, known: Known) -> bool:
        """Whether lines of the same file were not answered for: its code may stand, changed, among them.

        Of a file whose patch GitHub withholds nothing was.
        """
        files = self._anchors.shown.diff.files
        withheld = (index for index, file in enumerate(files) if file.origin is Origin.WITHHELD)
        return any(self._is_of(file, known) for file in (*withheld, *(file for file, _ in self._heard.unread)))

    def _is_of(self, file: int, known: Known) -> bool:
        """Whether the finding is about the file, under its present name or its former one."""
        changed = self._anchors.shown.diff.files[file]
        return known.finding.location.path in {changed.path, changed.old_path}


def _in_its_words(known: Known, again: Finding, located: Located | None) -> Finding:
    """The finding as its comment tells it, on its code: a report some lines beside it does not carry it off."""
    place = located.location if located else again.location
    same = _line(place) == _line(again.location)
    return replace(known.finding, location=place, quote=again.quote if same else known.finding.quote)


def _open(known: Known, located: Located | None) -> Fate:
    moved = known.fate is Fate.MOVED or (located is not None and located.how is How.MOVED)
    return Fate.MOVED if moved else Fate.OPEN


def _line(place: Location) -> tuple[str, Side, int]:
    return place.path, place.side, place.line


@dataclass(frozen=True, slots=True)
class Shelves:
    """The findings that have to be dealt with, by how they are shown; each worst first."""

    said: tuple[Finding, ...]
    unplaced: tuple[Unplaced, ...]
    doubtful: tuple[Finding, ...]
    below: tuple[Finding, ...]


def shelve(known: Iterable[Known], whys: Mapping[Finding, Miss], threshold: Severity) -> Shelves:
    """Sort what stands: worth saying with a line or without, too doubtful, or below the threshold."""
    standing = sorted((each for each in known if each.stands), key=lambda each: each.finding.order)
    sure = [each for each in standing if each.finding.confidence >= DOUBTFUL]
    worth = [each for each in sure if each.finding.severity.reaches(threshold)]
    return Shelves(
        said=tuple(each.finding for each in worth if each.placed),
        unplaced=tuple(
            Unplaced(each.finding, whys.get(each.finding, Miss.NO_QUOTE)) for each in worth if not each.placed
        ),
        doubtful=tuple(each.finding for each in standing if each.finding.confidence < DOUBTFUL),
        below=tuple(each.finding for each in sure if not each.finding.severity.reaches(threshold)),
    )


def answered_hunks(diff: Diff, ledger: Ledger) -> frozenset[HunkKey]:
    """The hunks of which every changed line was answered for, at this head or an earlier one.

    An image that was looked at counts as its file's first hunk.
    """
    lines = {
        (index, number)
        for index, file in enumerate(diff.files)
        for number, (first, last) in enumerate(_ordinals(file))
        if all(
            entry.reason.state is State.REVIEWED
            for entry in ledger.by_file.get(index, ())
            if entry.first < last and first < entry.last
        )
    }
    return frozenset(lines) | looked_at(diff, ledger)


def looked_at(diff: Diff, ledger: Ledger) -> frozenset[HunkKey]:
    """The images that were looked at, now or at an earlier head, each as the first hunk of its file."""
    return frozenset(
        (entry.file, 0)
        for entry in ledger.entries
        if entry.reason.state is State.REVIEWED and diff.files[entry.file].kind is FileKind.BINARY
    )


def _ordinals(file: FileDiff) -> list[tuple[int, int]]:
    """The changed lines of each hunk, as the ledger counts them."""
    ends = list(accumulate((hunk.changed for hunk in file.hunks), initial=0))
    return list(pairwise(ends))
