"""What another run tells at the same time: our summary tells it, too, each defect once, and nothing of it is lost."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from bot.core.identity import match
from bot.core.known import Known
from bot.core.life import shelve, track
from bot.core.marker import Seal, State, answers_for, is_summary, read_finding, read_state
from bot.core.models import Finding, Location
from bot.core.outcome import Ending
from bot.core.rendering.said import state_of
from bot.core.review import Review
from bot.core.standing import OwnComment, Standing
from bot.core.traces import remembering, trace_of

# Lines count from 1, so no change has it.
_NO_LINE = 0


def united(review: Review, standing: Standing, seal: Seal | None = None, gone: Collection[str] = ()) -> Review:
    """The review with what other runs tell in comments, and in summaries of this head that are or were ours.

    What we found, too, and have no comment on is told as it was said there: else one defect would stand twice in the
    summary, and in all later ones. What we did not find is added where it stands in a summary: ours may take its place.
    `gone` are findings whose comments stand in `standing` and were taken back since.
    """
    read = (read_finding(thread.comment.body) for thread in standing.threads)
    said = {known.id: known for known in read if known is not None}
    states = list(_states(review, standing, seal))
    commented = said.keys() - set(gone)
    summarized = {each.id: replace(each, said=each.id in commented) for state in states for each in state.known}
    names = {known.id for known in review.life.known}
    others = [known for name, known in (said | summarized).items() if name not in names]
    own = [known for known in review.news if known.id not in commented]
    words = paired(own, others, review)
    left = summarized.keys() - {known.id for known in words.values()}
    added = _unknown(review, [known for known in others if known.id in left])
    hunks = [hunk for state in states if state.rules == review.life.rules for hunk in state.hunks]
    return _with(review, words, added, hunks) if others or hunks else review


def _states(review: Review, standing: Standing, seal: Seal | None) -> Iterator[State]:
    """What our summaries of this head hand on."""
    bodies = (comment.body for comment in standing.comments if comment.ours and is_summary(comment.body))
    read = (read_state(body, seal) for body in bodies)
    return (state for state in read if isinstance(state, State) and state.head == review.change.head)


def paired(own: Iterable[Known], others: Sequence[Known], review: Review) -> dict[Finding, Known]:
    """What of ours is one of the others, in whatever words; each of those is one of ours at most."""
    by_code = {_by_code(known): known.finding for known in own}
    return {by_code[pair.finding]: pair.known for pair in match(list(by_code), others, review.shown).pairs}


def _by_code(known: Known) -> Finding:
    """The finding as it is held against others. Without a proven line it is known by its quote alone."""
    place = known.finding.location
    nowhere = replace(place, line=_NO_LINE, start_line=None)
    return known.finding if known.placed else replace(known.finding, location=nowhere)


def _unknown(review: Review, others: Collection[Known]) -> list[Known]:
    """Those that are none of our findings, in other words either."""
    ours = paired(others, review.life.known, review)
    return [replace(known, news=True) for known in others if known.finding not in ours]


def _with(review: Review, words: Mapping[Finding, Known], added: Iterable[Known], hunks: Iterable[bytes]) -> Review:
    """The review with these findings in place of its own and beside them, and these hunks answered for, too."""
    located = {each.known.id: each.located.location for each in track(words.values(), review.shown) if each.located}
    own = {each: _told(review, each, words, located) for each in review.life.known}
    known = tuple(dict.fromkeys((*own.values(), *added)))
    renamed = {each.finding: told.finding for each, told in own.items()}
    whys = {renamed.get(each.finding, each.finding): each.why for each in review.unplaced}
    shelves = shelve(known, whys, review.policy.threshold)
    return replace(
        review,
        life=replace(review.life, known=known, hunks=tuple(dict.fromkeys((*review.life.hunks, *hunks)))),
        findings=shelves.said,
        unplaced=shelves.unplaced,
        doubtful=shelves.doubtful,
        below=shelves.below,
    )


def _told(review: Review, own: Known, words: Mapping[Finding, Known], located: Mapping[str, Location]) -> Known:
    """A finding in another run's words, where its code stands at our head: that run may have read another one."""
    if own.finding not in words:
        return own
    other = words[own.finding]
    finding = replace(other.finding, location=located.get(other.id, own.finding.location))
    here = replace(other, finding=finding, placed=own.placed or other.id in located, news=True)
    return replace(here, trace=remembering(trace_of(review.shown, _by_code(here)), other.trace))


def tells_less(stands: OwnComment, told: Review, said: Collection[str], seal: Seal | None = None) -> bool:
    """Whether a summary of ours does not hand on all that this review has to, and is not to be preferred to it.

    `said` are the findings that have a comment: one that is gone and is still told of would be taken for a person's
    answer (`core.recall`).
    """
    state = read_state(stands.body, seal)
    if not isinstance(state, State) or state.head != told.change.head:
        return True
    if told.outcome.ending is Ending.FAILED and state.ending in {Ending.COMPLETE, Ending.PARTIAL}:
        return False
    handed_on = {(each.id, each.said) for each in state.known}
    known = {(each.id, each.said) for each in state_of(told, said).known}
    return not known <= handed_on or not all(answers_for(state, hunk) for hunk in told.life.hunks)
