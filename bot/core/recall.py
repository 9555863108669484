"""What earlier reviews of a pull request left there: the summary's state, marks in comments, signs of people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.core.chunking import HunkKey
from bot.core.diff import Diff
from bot.core.digests import hunk_digests
from bot.core.known import Fate, Known
from bot.core.marker import Seal, State, Unreadable, answers_for, is_summary, read_finding, read_state
from bot.core.outcome import Ending
from bot.core.overview import Overview
from bot.core.standing import How, Objection, OwnComment, Standing, Thread, says_fixed

_ASKED_FOR = "it was asked for"
_SUMMARY_GONE = "the summary of the review before is gone"
_OTHER_RULES = "the prompts, or what the repository asks of reviews, changed since"
_DELETED = "its comment was deleted"


@dataclass(frozen=True, slots=True)
class Before:
    """What a review may build upon.

    `state` is that of the review before, None where there is none to build upon: then `full_because` tells why, ''
    where nothing was ever reviewed here. `known` are the findings that were said, with what people did about them.
    `quiet` counts the reviews in a row without a sign of a person until now, whose latest was at `heard`. `words` are
    the comments that stand, by their finding's id: the state does not repeat them.
    """

    state: State | None = None
    full_because: str = ""
    known: tuple[Known, ...] = ()
    head: str = ""
    overview: Overview | None = None
    summaries: Mapping[str, str] | None = None
    dollars: float = 0.0
    quiet: int = 0
    heard: str = ""
    words: Mapping[str, str] = field(default_factory=dict)

    def answered(self, diff: Diff, key: bytes) -> frozenset[HunkKey]:
        """The hunks of the change that were answered for, and are shown to nobody again."""
        if self.state is None:
            return frozenset()
        return frozenset(
            (index, number)
            for index, file in enumerate(diff.files)
            for number, digest in enumerate(hunk_digests(file, key))
            if answers_for(self.state, digest)
        )


NOTHING_BEFORE = Before()


def recall(
    standing: Standing, *, rules: str, seal: Seal | None = None, full: bool = False, resumed: bool = False
) -> Before:
    """Tell what earlier reviews left. Without a state to build upon all is read again, and nothing is repeated.

    `resumed` tells that this very review was ended before while it was being posted.
    """
    own = summary_of(standing)
    read = read_state(own.body, seal) if own else Unreadable.NONE
    state = read if isinstance(read, State) else None
    cut = resumed and (state is None or state.head != standing.head)
    heard = [thread for thread in standing.threads if not (cut and _is_unfinished(thread, state))]
    known = _with_signs(_remembered(state, heard), standing, state)
    why = _full_because(read, own=own, known=known, rules=rules, full=full)
    if state is None:
        return Before(None, why, known, heard=standing.heard, words=_words(standing.threads))
    quiet = state.quiet if standing.heard <= state.heard else 0
    return Before(
        state=None if why or _was_gated(state) else state,
        full_because=why,
        known=known,
        head=state.head,
        overview=state.overview,
        summaries=dict(state.summaries),
        dollars=state.dollars,
        quiet=quiet,
        heard=max(standing.heard, state.heard),
        words=_words(standing.threads),
    )


def _is_unfinished(thread: Thread, state: State | None) -> bool:
    """Whether a run said it that was ended before it wrote its summary, and nobody did anything about it since.

    That run is made again as if it had not been: what it asked is asked in the same words, so that answers that were
    kept fit, and what it said is not said again, see `core.posting`.
    """
    said = read_finding(thread.comment.body)
    if said is None or (state is not None and said.id in {each.id for each in state.known}):
        return False
    touched = thread.resolved or thread.spoken or thread.objections or thread.signs
    return thread.comment.ours and not touched and not says_fixed(thread.comment.body)


def is_reviewed(standing: Standing, seal: Seal | None, head: str, base: str) -> bool:
    """Whether our own summary tells of a complete review of these commits."""
    own = summary_of(standing)
    state = read_state(own.body, seal) if own and own.ours else None
    return isinstance(state, State) and (state.head, state.base, state.ending) == (head, base, Ending.COMPLETE)


def summary_of(standing: Standing) -> OwnComment | None:
    """The summary that counts: our own, the oldest; else the newest one of an account that we trust."""
    found = [comment for comment in standing.comments if is_summary(comment.body)]
    ours = [comment for comment in found if comment.ours]
    return ours[0] if ours else found[-1] if found else None


def _full_because(
    read: State | Unreadable, *, own: OwnComment | None, known: tuple[Known, ...], rules: str, full: bool
) -> str:
    """Why nothing is built upon, '' where something is or nothing ever stood here."""
    if own is None:
        return _SUMMARY_GONE if known else ""
    if not isinstance(read, State):
        return str(read)
    if _was_gated(read):
        return ""
    if full:
        return _ASKED_FOR
    return "" if read.rules == rules else _OTHER_RULES


def _was_gated(state: State) -> bool:
    """Whether the summary only tells that the policy kept the review from starting: then nothing was ever read."""
    return state.ending == Ending.SKIPPED and not state.rules


def _remembered(state: State | None, threads: Iterable[Thread]) -> list[Known]:
    """What was said: by the summary's state, and by the marks in comments that it does not know of."""
    known = {each.id: each for each in state.known} if state else {}
    for thread in threads:
        said = read_finding(thread.comment.body)
        if said is None:
            continue
        fate = Fate.FIXED if says_fixed(thread.comment.body) else Fate.OPEN
        known[said.id] = replace(known.get(said.id, replace(said, fate=fate)), said=True)
    return list(known.values())


def _words(threads: Iterable[Thread]) -> dict[str, str]:
    """Our comments, by the ids of their findings."""
    said = ((read_finding(thread.comment.body), thread.comment.body) for thread in threads)
    return {known.id: body for known, body in said if known is not None}


def _with_signs(known: Iterable[Known], standing: Standing, state: State | None) -> tuple[Known, ...]:
    """The same with what people did about them since."""
    by_id: dict[str, list[Thread]] = {}
    for thread in standing.threads:
        said = read_finding(thread.comment.body)
        if said is not None:
            by_id.setdefault(said.id, []).append(thread)
    had = {each.id for each in state.known if each.said} if state else set()
    return tuple(
        _with_sign(replace(each, news=False), by_id[each.id])
        if each.id in by_id
        else _without_comment(replace(each, news=False), had=each.id in had, standing=standing)
        for each in known
    )


def _without_comment(known: Known, *, had: bool, standing: Standing) -> Known:
    """A finding of which no comment of ours tells. That somebody took away the one that it `had` is an answer, too.

    Deleted is one only where nobody's thread carries its mark, and none on its file is a comment of ours that lost its
    own: else we do not believe any more who wrote it, or somebody wrote over it. Then it stands as it did, in the
    summary. The one of a fixed finding has nothing to answer: should the defect come back, it needs another.
    """
    if not had or known.fate is Fate.DISMISSED:
        return known
    paths = {known.finding.location.path, known.trace.path}
    deleted = known.id not in standing.marks and not paths & standing.unmarked
    if deleted and known.fate is not Fate.FIXED:
        return replace(known, fate=Fate.DISMISSED, note=known.note or _DELETED)
    return replace(known, said=False) if deleted or known.stands else known


def _with_sign(known: Known, threads: Sequence[Thread]) -> Known:
    """A finding, and what people did in its threads: a sign dismisses it, and what they open again is open again.

    A sign counts until it is seen to be gone, as it may be out of sight: GitHub does not always tell who may write, nor
    all of a long thread. A thread that was resolved while its finding was fixed says nothing of one that came back,
    before it was open again.
    """
    resolved = all(each.resolved for each in threads)
    opened = not resolved and (known.closed or (known.closes and not any(map(_is_left_open, threads))))
    now = replace(known, closed=resolved, closes=False)
    if known.fate is Fate.FIXED and not opened:
        return now
    outlived = known.closed and known.fate is not Fate.DISMISSED
    signs = (each for thread in threads for each in thread.objections)
    heard = [each for each in signs if not (outlived and each.how is How.RESOLVED)]
    if heard:
        by = min(heard, key=_weight)
        kept = known.fate is Fate.DISMISSED and known.binding and known.note == by.by
        return replace(now, fate=Fate.DISMISSED, note=by.by, binding=by.writes or kept)
    if known.fate is Fate.DISMISSED and (resolved or not _is_taken_back(known, threads, opened=opened)):
        return now
    now = replace(now, closes=all(map(_is_ours_to_close, threads)))
    settled = known.fate in {Fate.FIXED, Fate.DISMISSED}
    return replace(now, fate=Fate.OPEN, note="", binding=True) if settled else now


def _is_taken_back(known: Known, threads: Iterable[Thread], *, opened: bool) -> bool:
    """Whether the sign that dismissed it is gone: the thread is open again, or all was read and it is not there."""
    stands = any(known.note in each.signs for each in threads)
    return not stands and (opened or all(each.whole for each in threads))


def _is_left_open(thread: Thread) -> bool:
    """Whether we did not resolve it with the mending: not everything came to pass, or a person had the last word."""
    return thread.answered or not says_fixed(thread.comment.body)


def _is_ours_to_close(thread: Thread) -> bool:
    """Whether it is resolved should the finding be fixed now, see `core.posting`."""
    return thread.comment.ours and thread.resolvable and not thread.resolved and not thread.last_word


def _weight(objection: Objection) -> bool:
    return not objection.writes
