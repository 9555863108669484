"""How many requests are under way: halved where an endpoint has too many, slowly more where it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clients.budget import RetryBudget
from bot.clients.pressure import Pressure, pressure_of


def test_one_burst_of_refusals_counts_once() -> None:
    """What was sent before the limit was halved says nothing of the new one; what is sent after it does."""
    pressure = Pressure(16)
    known = pressure.cuts
    for _ in range(9):
        pressure.cut(known)
    assert pressure.limit == 8
    pressure.cut(pressure.cuts)
    assert pressure.limit == 4


def test_good_answers_allow_more_up_to_the_most() -> None:
    """About as many answers as there are places make one place more."""
    pressure = Pressure(8)
    pressure.cut(0)
    for _ in range(5):
        pressure.ease()
    assert pressure.limit == 5
    for _ in range(100):
        pressure.ease()
    assert pressure.limit == 8


def test_one_place_is_always_left() -> None:
    """However often it is refused, one request at a time is tried."""
    pressure = Pressure(3)
    for _ in range(9):
        pressure.cut(pressure.cuts)
    assert pressure.limit == 1


async def _worked(pressure: Pressure, number: int) -> tuple[int, list[int]]:
    """Let that many take a place; gives how many held one together at most, and in which order they came."""
    running = most = 0
    order: list[int] = []

    async def work(name: int) -> None:
        nonlocal running, most
        async with pressure.place():
            running += 1
            most = max(most, running)
            order.append(name)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*map(work, range(number)))
    return most, order


@pytest.mark.parametrize("places", [1, 3])
def test_no_more_than_the_limit_run_and_the_first_comes_first(places: int) -> None:
    """Who has no place waits in line."""
    assert asyncio.run(_worked(Pressure(places), 12)) == (places, list(range(12)))


def test_a_lower_limit_holds_for_who_waits() -> None:
    """Those under way go on; nobody is let in until they are fewer than the new limit."""

    async def story() -> list[int]:
        pressure, seen = Pressure(4), []
        ends = [asyncio.Event() for _ in range(4)]

        async def hold(end: asyncio.Event) -> None:
            async with pressure.place():
                await end.wait()

        async def come() -> None:
            async with pressure.place():
                seen.append(1)

        holders = [asyncio.create_task(hold(end)) for end in ends]
        await asyncio.sleep(0)
        waiter = asyncio.create_task(come())
        await asyncio.sleep(0)
        pressure.cut(0)
        counts = []
        for end, holder in zip(ends, holders, strict=True):
            end.set()
            await holder
            await asyncio.sleep(0)
            counts.append(len(seen))
        await waiter
        return counts

    assert asyncio.run(story()) == [0, 0, 1, 1], "with a limit of two, the second of four that ends leaves two"


def test_who_is_cancelled_as_a_place_becomes_free_loses_none() -> None:
    """The one that leaves and the cancelled one meet in one turn of the loop, in either order."""

    async def story(*, leaves_first: bool) -> int:
        pressure, end = Pressure(1), asyncio.Event()

        async def hold() -> None:
            async with pressure.place():
                await end.wait()

        holder, waiter = asyncio.create_task(hold()), asyncio.create_task(hold())
        await asyncio.sleep(0)
        for act in (end.set, waiter.cancel) if leaves_first else (waiter.cancel, end.set):
            act()
        ends = await asyncio.gather(holder, waiter, return_exceptions=True)
        assert [type(end) for end in ends] == [type(None), asyncio.CancelledError]
        return (await _worked(pressure, 3))[0]

    assert [asyncio.run(story(leaves_first=first)) for first in (True, False)] == [1, 1]


@given(st.lists(st.sampled_from(["come", "cancel", "leave"]), max_size=40))
def test_no_place_is_lost_to_who_is_cancelled(steps: Sequence[str]) -> None:
    """Whoever is cancelled, waiting or just let in, leaves the place to others."""

    async def story() -> None:
        pressure = Pressure(2)
        tasks: list[tuple[asyncio.Task[None], asyncio.Event]] = []

        async def hold(end: asyncio.Event) -> None:
            async with pressure.place():
                await end.wait()

        for number, step in enumerate(steps):
            if step == "come":
                end = asyncio.Event()
                tasks.append((asyncio.create_task(hold(end)), end))
            elif tasks:
                task, end = tasks[number % len(tasks)]
                if step == "cancel":
                    task.cancel()
                else:
                    end.set()
            if number % 2:
                await asyncio.sleep(0)
        for _, end in tasks:
            end.set()
        ends = await asyncio.gather(*(task for task, _ in tasks), return_exceptions=True)
        assert {type(end) for end in ends} <= {type(None), asyncio.CancelledError}
        assert (await _worked(pressure, 6))[0] == 2

    asyncio.run(story())


def test_an_endpoint_has_one_pressure() -> None:
    """All who ask one endpoint in this process share its places; another endpoint has others."""
    assert pressure_of("one.example", 8) is pressure_of("one.example", 8)
    assert pressure_of("one.example", 8) is not pressure_of("two.example", 8)


def test_a_budget_of_retries_runs_out_and_fills_up() -> None:
    """Each retry takes one, two good answers give one back, and there are never more than at first."""
    budget = RetryBudget(2)
    assert [budget.spend() for _ in range(3)] == [True, True, False]
    budget.refill()
    assert not budget.spend()
    budget.refill()
    assert [budget.spend(), budget.spend()] == [True, False]
    for _ in range(9):
        budget.refill()
    assert [budget.spend() for _ in range(3)] == [True, True, False]
