# SPDX-License-Identifier: Apache-2.0
"""The memory of proofs: nothing is forgotten while it could be replayed, and it cannot grow without bound."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.limiting.replay import REMEMBERED, ProcessReplayMemory

START = 1_795_000_000_000_000


async def _seen(memory: ProcessReplayMemory, key: bytes, now: int) -> bool:
    try:
        await memory.remember(key, now)
    except Refusal as refusal:
        return refusal.code is ErrorCode.INVALID_DPOP_PROOF
    return False


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, REMEMBERED)), max_size=60))
def test_no_proof_is_accepted_twice_within_its_life(calls: list[tuple[int, int]]) -> None:
    asyncio.run(_hold(calls))


async def _hold(calls: list[tuple[int, int]]) -> None:
    memory, now, accepted = ProcessReplayMemory(), START, dict[int, int]()
    for number, elapsed in calls:
        now += elapsed
        seen = await _seen(memory, bytes([number]), now)
        if number in accepted and now - accepted[number] < REMEMBERED:
            assert seen
        if number not in accepted or now - accepted[number] >= 3 * REMEMBERED:
            assert not seen
        if not seen:
            accepted[number] = now


async def test_both_generations_count_against_the_capacity() -> None:
    memory = ProcessReplayMemory(capacity=3)
    await memory.remember(b"1", START)
    await memory.remember(b"2", START)
    await memory.remember(b"3", START + REMEMBERED)
    for _ in range(2):
        with pytest.raises(Refusal) as caught:
            await memory.remember(b"4", START + REMEMBERED)
        assert caught.value.code is ErrorCode.TEMPORARILY_UNAVAILABLE
        assert caught.value.retry_after == 90
    assert await _seen(memory, b"1", START + REMEMBERED)
    await memory.remember(b"4", START + 2 * REMEMBERED)


async def test_a_silence_empties_the_memory() -> None:
    memory = ProcessReplayMemory(capacity=1)
    await memory.remember(b"1", START)
    await memory.remember(b"2", START + 2 * REMEMBERED)
    assert len(memory._current) + len(memory._previous) == 1


async def test_a_clock_that_is_set_back_forgets_nothing() -> None:
    memory = ProcessReplayMemory()
    await memory.remember(b"1", START)
    assert await _seen(memory, b"1", START - 3600 * 1_000_000)
