"""Which findings of a review were said before, and the state that the summary hands on to the next review."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from bot.core.known import Known
from bot.core.marker import State
from bot.core.models import Finding
from bot.core.review import Review


def known_of(review: Review) -> Mapping[Finding, Known]:
    """The findings that have to be dealt with, as the pull request's life knows them; empty without a life."""
    return {known.finding: known for known in reversed(review.life.known) if known.stands}


def new_of(review: Review) -> tuple[int, int]:
    """How many of the findings that are worth saying are said for the first time, and how many were said before."""
    known = known_of(review)
    old = sum(finding in known and not known[finding].news for finding in review.said)
    return len(review.said) - old, old


def is_same_commit(review: Review) -> bool:
    """Whether an earlier review read this very commit: then there is nothing to compare with."""
    return review.life.since == review.change.head


def state_of(review: Review, said: Collection[str]) -> State:
    """What the next review builds upon. `said` are the ids of the findings that have a comment of their own."""
    life = review.life
    return State(
        head=review.change.head,
        base=review.change.base,
        prompts=review.prompts,
        ending=review.outcome.ending,
        hunks=life.hunks,
        known=tuple(replace(known, said=known.said or known.id in said) for known in life.known),
        rules=life.rules,
        summaries=life.summaries,
        overview=review.overview,
        dollars=life.dollars,
        quiet=life.quiet,
        heard=life.heard,
    )
