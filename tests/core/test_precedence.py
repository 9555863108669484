"""Which order wins: a model of a pull request's deliveries, carried out in any order and more than once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.events import Pull, ReviewDue, Why
from bot.core.orders import Order, order_of
from bot.core.precedence import Placed, State, ended, overtaken, precedence

PULL = Pull("acme/papers", 7, 12, 99)
A, B = "a" * 40, "b" * 40
AUTOMATIC = (Why.OPENED, Why.PUSHED, Why.READY, Why.REOPENED, Why.RETARGETED)


def order(delivery: str, at: float, why: Why = Why.PUSHED, head: str = A, *, by_hand: bool = False) -> Order:
    return order_of(ReviewDue(PULL, why, head, by_hand=by_hand), delivery, at)


def with_one_more(placed: list[Placed], new: Order) -> list[Placed]:
    """What is there when it was carried out."""
    decided = precedence(new, placed)
    kept = [replace(one, state=State.CANCELLED) if one.order.name in decided.ends else one for one in placed]
    return [*kept, Placed(new, State.WAITING)] if decided.made else kept


def with_a_turn(placed: list[Placed], head: str) -> list[Placed]:
    """What is there when the first that waits had its turn, where the pull request's newest commit is `head`.

    A push whose commit has its review already finds that on the page (`Wish.once`).
    """
    turn = next((each for each in placed if each.state is State.WAITING), None)
    if turn is None:
        return placed
    is_there = any(each.state is State.DONE and each.order.head == head for each in placed)
    ends = State.CANCELLED if is_there and turn.order.head == head else State.DONE
    done = [Placed(turn.order, ends) if each is turn else each for each in placed]
    return done if turn.order.head == head else with_one_more(done, turn.order.moved(head))


HEADS = [letter * 40 for letter in "abcde"]


@given(st.sampled_from([HEADS, [A, B, A, A, B]]), st.permutations(range(5)), st.data())
def test_the_newest_commit_is_reviewed(heads: list[str], turns: list[int], data: st.DataObject) -> None:
    """Carried out late, twice, mixed, with reviews in between: once."""
    pushes = [order(str(number), float(number), head=head) for number, head in enumerate(heads)]
    again = data.draw(st.lists(st.sampled_from(pushes), max_size=5))
    placed: list[Placed] = []
    for each in [*(pushes[number] for number in turns), *again]:
        placed = with_one_more(placed, each)
        if data.draw(st.booleans()):
            placed = with_a_turn(placed, heads[-1])
    for _ in range(20):
        placed = with_a_turn(placed, heads[-1])
    done = [each.order.head for each in placed if each.state is State.DONE]
    assert done.count(heads[-1]) == 1
    assert {each.state for each in placed} <= {State.DONE, State.CANCELLED}
    assert len({each.order.name for each in placed}) == len(placed)


@pytest.mark.parametrize("why", AUTOMATIC)
@pytest.mark.parametrize("state", State)
def test_two_events_about_one_commit(why: Why, state: State) -> None:
    """A review that has still to begin does for both; one that has begun only where the commit is all that matters."""
    before = Placed(order("1", 1.0, Why.OPENED), state)
    does = {State.WAITING} | ({State.RUNNING, State.DONE} if why in {Why.OPENED, Why.PUSHED} else set())
    decided = precedence(order("2", 2.0, why), [before])
    assert decided.made is (state not in does)
    assert decided.ends == ((before.order.name,) if decided.made and state is State.RUNNING else ())


def test_a_commit_that_comes_back_is_made_again() -> None:
    """The latest review counts, not any that ever was."""
    placed = [Placed(order("1", 1.0), State.DONE), Placed(order("2", 2.0, head=B), State.DONE)]
    assert precedence(order("3", 3.0), placed).made
    given_up = [
        Placed(order("1", 1.0), State.DONE),
        Placed(order("2", 2.0), State.DONE),
        Placed(replace(order("2", 2.0), attempt=1), State.FAILED),
    ]
    assert precedence(order("3", 3.0), given_up).made


def test_by_hand_always() -> None:
    """It ends what is under way, and a push ends it in turn; done late, it comes after none that is newer."""
    push, asked = order("1", 1.0), order("2", 2.0, Why.COMMANDED, "", by_hand=True)
    assert precedence(asked, [Placed(push, State.RUNNING)]).ends == (push.name,)
    assert precedence(order("3", 3.0, head=B), [Placed(asked, State.RUNNING)]).ends == (asked.name,)
    assert not precedence(asked, [Placed(order("3", 3.0), State.RUNNING)]).made


@pytest.mark.parametrize(("why", "joined"), [(Why.SIGN, {State.WAITING}), (Why.FOUND, {State.WAITING, State.RUNNING})])
@pytest.mark.parametrize("state", State)
def test_what_joins(why: Why, joined: set[State], state: State) -> None:
    """It never ends anything, and is made where nothing does its work."""
    other = Placed(order("1", 1.0, head=B), state)
    decided = precedence(order("2", 2.0, why, "" if why is Why.SIGN else A), [other])
    assert (decided.made, decided.ends) == (state not in joined, ())


@pytest.mark.parametrize("state", State)
def test_found_once(state: State) -> None:
    """A commit whose review has been there is not found every hour, whatever became of it."""
    assert not precedence(order("2", 2.0, Why.FOUND), [Placed(order("1", 1.0), state)]).made


def test_a_newer_commit_takes_over() -> None:
    """The order that goes on as another is not ended by it; its own delivery joins; whatever came later wins."""
    first = order("1", 1.0, Why.OPENED)
    moved = first.moved(B)
    decided = precedence(moved, [Placed(first, State.RUNNING)])
    assert (decided.made, decided.ends) == (True, ())
    both = [Placed(first, State.DONE), Placed(moved, State.DONE)]
    assert not precedence(order("2", 2.0, head=B), both).made
    assert precedence(order("3", 3.0, head="c" * 40), [Placed(moved, State.WAITING)]).ends == (moved.name,)
    assert not precedence(moved, [Placed(first, State.RUNNING), Placed(order("2", 2.0, head=B), State.DONE)]).made


def test_of_a_burst_the_last_push_counts() -> None:
    """Pushes behind an opening overtake it, and each other; nothing else is overtaken, and nobody else's."""
    other = order_of(ReviewDue(replace(PULL, number=13), Why.PUSHED, A), "7", 7.0)
    orders = [
        order("1", 1.0, Why.OPENED),
        order("2", 2.0, Why.READY),
        None,
        order("3", 3.0),
        order("4", 4.0, by_hand=True),
        order("5", 5.0, head=B),
        order("6", 6.0, Why.SIGN, ""),
        other,
    ]
    assert overtaken(orders) == [True, False, False, True, False, False, False, False]
    assert overtaken(orders[:3]) == [False, False, False]


def test_closed() -> None:
    """What was asked for before ends; what comes after it was opened again does not."""
    placed = [Placed(order("1", 1.0), State.RUNNING), Placed(order("3", 3.0, Why.REOPENED), State.WAITING)]
    assert ended(2.0, placed) == (placed[0].order.name,)
