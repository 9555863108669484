"""Orders: their names tell which are the same, and they are read back as they were written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.commands import Command, Verb
from bot.core.events import Commanded, Place, Pull, ReviewDue, Why
from bot.core.orders import command_as_json, command_from_json, order_as_json, order_from_json, order_of

PULL = Pull("acme/papers", 7, 12, 99)
HEAD = "a" * 40


@given(
    st.builds(
        ReviewDue,
        st.builds(Pull, st.text(max_size=20), st.integers(0), st.integers(1), st.integers(0)),
        st.sampled_from(Why),
        st.sampled_from(["", HEAD]),
        by_hand=st.booleans(),
        full=st.booleans(),
    ),
    st.text(max_size=20),
)
def test_an_order_is_read_back(due: ReviewDue, delivery: str) -> None:
    """Through JSON, nothing changes."""
    order = order_of(due, delivery)
    assert order_from_json(json.loads(json.dumps(order_as_json(order)))) == order


def test_names() -> None:
    """A delivery makes one job, however often it is carried out; all belong to their pull request."""
    due = ReviewDue(PULL, Why.OPENED, HEAD)
    opened, again, pushed = order_of(due, "1", 1.0), order_of(due, "1", 2.0), order_of(due, "2")
    unknown = order_of(ReviewDue(PULL, Why.COMMANDED), "4")
    assert opened.name == again.name == f"review-7-12-{HEAD}-1"
    assert len({opened.name, pushed.name, unknown.name, opened.moved("b" * 40).name}) == 4
    assert all(order.name.startswith(opened.series) for order in (pushed, unknown))
    assert not opened.name.startswith(order_of(ReviewDue(Pull("a/b", 7, 1, 99), Why.OPENED, HEAD), "1").series)


def test_attempts_are_jobs_of_one_review() -> None:
    """Each has a name of its own; the review keeps its name, and its answers."""
    first = order_of(ReviewDue(PULL, Why.OPENED, HEAD), "1")
    again = first.again().again()
    assert again.name == f"{first.name}~2"
    assert (again.review, again.answers) == (first.review, first.answers)


def test_answers_are_shared_but_with_what_is_wanted_anew() -> None:
    """What a newer review of the pull request asks again is not paid for again; `/review full` wants new answers."""
    first, second = (order_of(ReviewDue(PULL, Why.PUSHED, sha * 40), sha) for sha in "ab")
    full = order_of(ReviewDue(PULL, Why.COMMANDED, by_hand=True, full=True), "3")
    assert first.answers == second.answers != full.answers


def test_a_command_is_read_back() -> None:
    """Through JSON, nothing changes."""
    commanded = Commanded(
        PULL,
        Command(Verb.DISMISS, reason="no"),
        "ann",
        is_author_of_pull=True,
        place=Place.THREAD,
        comment=6,
        opening=4,
    )
    assert command_from_json(json.loads(json.dumps(command_as_json(commanded)))) == commanded


@pytest.mark.parametrize("why", Why)
def test_only_pushes_wait(why: Why) -> None:
    """More of them may come, and of people's signs; nobody waits for an opening or a command."""
    waits = {Why.PUSHED, Why.RETARGETED, Why.SIGN}
    assert order_of(ReviewDue(PULL, why, HEAD), "1").delay(10) == (10 if why in waits else 0)
    assert order_of(ReviewDue(PULL, why, HEAD, by_hand=True), "1").delay(10) == 0
