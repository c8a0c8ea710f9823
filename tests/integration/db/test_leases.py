# SPDX-License-Identifier: Apache-2.0
"""A lease is held by one at a time, and comes to an end with whoever held it."""

import asyncio
from functools import partial

from counterfoil_service.db import leases
from support.stage import Stage


async def takes(stage: Stage, holder: str, until: int, now: int, name: str = "work") -> bool:
    return await stage.database.transact(lambda tx: leases.take(tx, name, holder, until, now))


async def test_a_lease_is_anothers_once_it_ran_out_and_not_before(stage: Stage) -> None:
    assert await takes(stage, "one", until=100, now=0)
    assert not await takes(stage, "other", until=200, now=99)
    assert await takes(stage, "other", until=200, now=100)
    assert not await takes(stage, "one", until=300, now=150)


async def test_its_holder_may_take_it_again_for_longer_or_let_it_go(stage: Stage) -> None:
    await takes(stage, "one", until=100, now=0)
    assert await takes(stage, "one", until=200, now=50)
    assert not await takes(stage, "other", until=300, now=150)
    assert await takes(stage, "one", until=160, now=160)
    assert await takes(stage, "other", until=300, now=160)


async def test_a_holder_that_slept_through_its_lease_does_not_get_it_back(stage: Stage) -> None:
    await takes(stage, "one", until=100, now=0)
    await takes(stage, "other", until=300, now=150)
    assert not await takes(stage, "one", until=400, now=200)
    assert await stage.rows("SELECT holder, until FROM leases") == [("other", 300)]


async def test_leases_of_different_names_have_nothing_to_do_with_each_other(stage: Stage) -> None:
    assert await takes(stage, "one", until=100, now=0)
    assert await takes(stage, "other", until=100, now=0, name="other work")


async def test_of_many_that_reach_for_it_at_once_one_holds_it(stage: Stage) -> None:
    for now in (0, 100, 200):
        reach = partial(takes, stage, until=now + 100, now=now)
        assert sum(await asyncio.gather(*(reach(f"replica {n} at {now}") for n in range(8)))) == 1
