# SPDX-License-Identifier: Apache-2.0
"""The hub wakes who waits for a login, and nobody for good."""

import asyncio

import pytest

from counterfoil_service.waiting import Hub


async def never() -> None:
    """A client that stays."""
    await asyncio.Event().wait()


def test_a_wake_up_reaches_the_login_it_names_alone() -> None:
    hub = Hub()
    with hub.waiting("a") as first, hub.waiting("b") as second:
        hub.wake("a")
        assert (first.is_set(), second.is_set()) == (True, False)


def test_a_wake_up_without_a_name_reaches_everybody() -> None:
    hub = Hub()
    with hub.waiting("a") as first, hub.waiting("b") as second:
        hub.wake(None)
        assert first.is_set()
        assert second.is_set()


@pytest.mark.parametrize("login_id", ["nobody", "", None])
def test_a_needless_wake_up_does_no_harm(login_id: str | None) -> None:
    Hub().wake(login_id)


async def test_a_wake_up_between_registering_and_sleeping_is_not_lost() -> None:
    hub = Hub()
    with hub.waiting("a") as woken:
        hub.wake("a")
        async with asyncio.timeout(1):
            await woken.rest(never, 60)


async def test_a_sleeper_is_woken_again_and_again() -> None:
    hub = Hub()
    woken_times = 0
    with hub.waiting("a") as woken:
        for _ in range(3):
            asyncio.get_running_loop().call_soon(hub.wake, "a")
            async with asyncio.timeout(1):
                await woken.rest(never, 60)
            woken.clear()
            woken_times += 1
    assert woken_times == 3


def test_a_wake_up_is_not_kept_for_those_who_come_later() -> None:
    hub = Hub()
    hub.wake("a")
    with hub.waiting("a") as woken:
        assert not woken.is_set()
    with hub.waiting("a") as woken:
        hub.wake("a")
    with hub.waiting("a") as woken:
        assert not woken.is_set()


def test_nothing_is_left_of_a_waiter_even_when_it_failed() -> None:
    hub = Hub()

    def fail() -> None:
        with hub.waiting("a"):
            assert len(hub) == 1
            raise RuntimeError("gone")

    with pytest.raises(RuntimeError, match="gone"):
        fail()
    assert len(hub) == 0


async def test_a_cancelled_waiter_leaves() -> None:
    hub = Hub()

    async def wait() -> None:
        with hub.waiting("a") as woken:
            await woken.rest(never, 60)

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    assert len(hub) == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(hub) == 0


def test_draining_wakes_everybody_and_stays() -> None:
    hub = Hub()
    assert not hub.draining
    with hub.waiting("a") as first, hub.waiting("b") as second:
        hub.drain()
        assert first.is_set()
        assert second.is_set()
    assert hub.draining
    hub.drain()


async def test_ten_thousand_waiters_are_each_woken_once() -> None:
    hub = Hub()
    woken: list[str] = []

    async def wait(login_id: str) -> None:
        with hub.waiting(login_id) as event:
            await event.rest(never, 60)
            woken.append(login_id)

    names = [f"login-{number}" for number in range(10_000)]
    tasks = [asyncio.create_task(wait(name)) for name in names]
    await asyncio.sleep(0)
    assert len(hub) == 10_000
    hub.wake(None)
    await asyncio.gather(*tasks)
    assert sorted(woken) == sorted(names)
    assert len(hub) == 0


@pytest.mark.parametrize("seconds", [0, 0.05, 0.31])
async def test_a_rest_ends_by_itself_and_not_before_its_time(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    with Hub().waiting("a") as woken:
        began = loop.time()
        async with asyncio.timeout(5):
            assert not await woken.rest(never, seconds)
        assert seconds - 0.01 <= loop.time() - began < seconds + 0.5
        assert not woken.is_set()


async def test_rests_that_end_together_end_each_for_itself() -> None:
    hub, ended = Hub(), list[str]()

    async def rest(login_id: str) -> None:
        with hub.waiting(login_id) as woken:
            assert not await woken.rest(never, 0.05)
            ended.append(login_id)

    leaving = asyncio.create_task(rest("leaving"))
    others = [asyncio.create_task(rest(name)) for name in "abc"]
    await asyncio.sleep(0)
    leaving.cancel()
    hub.wake("b")
    async with asyncio.timeout(5):
        await asyncio.gather(*others)
    assert sorted(ended) == ["a", "b", "c"]
    assert ended[0] == "b"


async def test_a_client_that_leaves_ends_its_own_rest_and_is_not_taken_for_woken() -> None:
    gone = asyncio.Event()
    with Hub().waiting("a") as woken:
        resting = asyncio.create_task(woken.rest(gone.wait, 60))
        await asyncio.sleep(0)
        gone.set()
        async with asyncio.timeout(1):
            assert await resting
        assert not woken.is_set()


@pytest.mark.parametrize("times", [2, 3])
async def test_waking_a_rest_that_is_ending_already_does_no_harm(times: int) -> None:
    hub = Hub()
    with hub.waiting("a") as woken:
        resting = asyncio.create_task(woken.rest(never, 60))
        await asyncio.sleep(0)
        for _ in range(times):
            hub.wake("a")
        async with asyncio.timeout(1):
            assert not await resting
        assert woken.is_set()


async def test_a_task_that_is_cancelled_while_it_is_woken_is_cancelled() -> None:
    hub = Hub()
    with hub.waiting("a") as woken:
        resting = asyncio.create_task(woken.rest(never, 60))
        await asyncio.sleep(0)
        hub.wake("a")
        resting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await resting
