# SPDX-License-Identifier: Apache-2.0
"""Counters in the process: never more than the budget in a window of the clock, and none remembered for ever."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core.budget import Budget, Window
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.limiting.counters import ProcessCounters
from support.stage import Clock

BUDGET = Budget(5, 10)


async def hits(counters: ProcessCounters, count: int, key: str = "a") -> list[bool]:
    return [await counters.hit(key, BUDGET) for _ in range(count)]


async def test_what_exceeds_the_budget_is_refused_and_not_counted() -> None:
    counters = ProcessCounters(Clock())
    assert await hits(counters, 7) == [True] * 5 + [False] * 2
    assert (await counters.window("a", BUDGET)).current == 5


async def test_nobody_is_refused_for_what_somebody_else_did() -> None:
    counters = ProcessCounters(Clock())
    await hits(counters, 9)
    assert await hits(counters, 1, "b") == [True]


async def test_two_lengths_of_window_do_not_share_a_counter() -> None:
    counters = ProcessCounters(Clock())
    await hits(counters, 5)
    assert await counters.hit("a", Budget(5, 60))


@given(st.lists(st.integers(0, 12_000_000), max_size=60))
def test_no_window_of_the_clock_ever_lets_more_through_than_the_budget(pauses: list[int]) -> None:
    async def run() -> None:
        clock = Clock()
        counters, accepted = ProcessCounters(clock), list[int]()
        for pause in pauses:
            clock.now += pause
            if await counters.hit("a", BUDGET):
                accepted.append(clock.now)
        for number in {at // BUDGET.window for at in accepted}:
            assert sum(at // BUDGET.window == number for at in accepted) <= BUDGET.count

    asyncio.run(run())


@given(st.integers(0, 40), st.integers(0, 40), st.floats(0.001, 10), st.integers(1, 20))
def test_whoever_waits_as_long_as_told_is_let_in_then_and_hardly_sooner(
    previous: int, current: int, left: float, count: int
) -> None:
    budget = Budget(count, 10)
    window = Window(min(previous, count), min(current, count), left)
    if window.used(budget) < budget.count:
        return
    wait = window.wait(budget)
    assert later(window, budget, wait).used(budget) < budget.count
    # A whole second on top, as callers are told whole seconds.
    assert wait <= 1 or later(window, budget, wait - 1.001).used(budget) >= budget.count


def later(window: Window, budget: Budget, seconds: float) -> Window:
    left = window.left - seconds
    if left > 0:
        return Window(window.previous, window.current, left)
    if left > -budget.seconds:
        return Window(window.current, 0, left + budget.seconds)
    return Window(0, 0, budget.seconds)


async def test_old_counters_leave_together_when_their_windows_are_over() -> None:
    clock = Clock()
    counters = ProcessCounters(clock)
    for number in range(100):
        await counters.hit(f"key{number}", BUDGET)
    clock.advance(21)
    await counters.hit("a", BUDGET)
    windows = counters._windows[BUDGET.seconds]
    assert (len(windows.previous), len(windows.current)) == (0, 1)


async def test_where_no_more_can_be_counted_nobody_new_is_let_in() -> None:
    counters = ProcessCounters(Clock(), capacity=2)
    await hits(counters, 1, "a")
    await hits(counters, 1, "b")
    with pytest.raises(Refusal) as caught:
        await hits(counters, 1, "c")
    assert (caught.value.code, caught.value.retry_after) == (ErrorCode.TEMPORARILY_UNAVAILABLE, 10)
    assert await hits(counters, 1, "a") == [True], "whoever is counted already goes on"


@pytest.mark.parametrize("seconds", [10, 20, 3_600])
async def test_a_clock_that_is_set_back_locks_nobody_out_and_counts_anew(seconds: int) -> None:
    clock = Clock()
    counters = ProcessCounters(clock)
    assert await hits(counters, 6) == [True] * 5 + [False]
    clock.advance(-seconds)
    assert await hits(counters, 6) == [True] * 5 + [False]
    window = await counters.window("a", BUDGET)
    assert (window.previous, window.current) == (0, 5), "what comes later was not before"


async def test_a_clock_that_is_set_back_within_a_window_gives_nobody_more() -> None:
    clock = Clock()
    clock.advance(9)
    counters = ProcessCounters(clock)
    await hits(counters, 5)
    clock.advance(-8)
    assert await hits(counters, 1) == [False]


async def test_the_window_before_counts_in_part_and_no_older_one() -> None:
    clock = Clock()
    counters = ProcessCounters(clock)
    await hits(counters, 5)
    clock.advance(10)
    assert await hits(counters, 1) == [False], "all of it, as the new window begins"
    clock.advance(10)
    assert await hits(counters, 6) == [True] * 5 + [False]
