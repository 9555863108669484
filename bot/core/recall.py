"""What earlier reviews of a pull request left there: the summary's state, marks in comments, signs of people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from bot.core.chunking import HunkKey
from bot.core.diff import Diff
from bot.core.digests import hunk_digest
from bot.core.known import Fate, Known
from bot.core.marker import Seal, State, Unreadable, answers_for, is_summary, read_finding, read_state
from bot.core.outcome import Ending
from bot.core.overview import Overview
from bot.core.standing import Objection, OwnComment, Standing, Thread

_ASKED_FOR = "it was asked for"
_SUMMARY_GONE = "the summary of the review before is gone"
_OTHER_RULES = "the prompts, or what the repository asks of reviews, changed since"
_DELETED = "its comment was deleted"
# How a comment begins that says that its finding is fixed: its mark does not tell, see rendering.comments.is_fixed.
_SAYS_FIXED = "**Fixed"


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
            for number, hunk in enumerate(file.hunks)
            if answers_for(self.state, hunk_digest(file, hunk, key))
        )


NOTHING_BEFORE = Before()


def recall(standing: Standing, *, rules: str, seal: Seal | None = None, full: bool = False) -> Before:
    """Tell what earlier reviews left. Without a state to build upon all is read again, and nothing is repeated."""
    own = summary_of(standing)
    read = read_state(own.body, seal) if own else Unreadable.NONE
    state = read if isinstance(read, State) else None
    known = _with_signs(_remembered(state, standing.threads), standing.threads, state)
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
        fate = Fate.FIXED if thread.comment.body.startswith(_SAYS_FIXED) else Fate.OPEN
        known[said.id] = replace(known.get(said.id, replace(said, fate=fate)), said=True)
    return list(known.values())


def _words(threads: Iterable[Thread]) -> dict[str, str]:
    """Our comments, by the ids of their findings."""
    said = ((read_finding(thread.comment.body), thread.comment.body) for thread in threads)
    return {known.id: body for known, body in said if known is not None}


def _with_signs(known: Iterable[Known], threads: Iterable[Thread], state: State | None) -> tuple[Known, ...]:
    """The same with what people did about them since."""
    by_id: dict[str, Thread] = {}
    for thread in threads:
        said = read_finding(thread.comment.body)
        if said is not None:
            by_id.setdefault(said.id, thread)
    gone = {each.id for each in state.known if each.said} - by_id.keys() if state else set()
    return tuple(_with_sign(each, by_id.get(each.id), gone=each.id in gone) for each in known)


def _with_sign(known: Known, thread: Thread | None, *, gone: bool) -> Known:
    """A comment that somebody took away is an answer, too. What a person takes back counts no more."""
    known = replace(known, news=False)
    if known.fate is Fate.FIXED:
        return known
    if thread is None:
        return replace(known, fate=Fate.DISMISSED, note=known.note or _DELETED) if gone else known
    if thread.objections:
        by = min(thread.objections, key=_weight)
        return replace(known, fate=Fate.DISMISSED, note=by.by, binding=by.writes)
    return replace(known, fate=Fate.OPEN, note="", binding=True) if known.fate is Fate.DISMISSED else known


def _weight(objection: Objection) -> bool:
    return not objection.writes
