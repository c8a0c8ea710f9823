# SPDX-License-Identifier: Apache-2.0
"""Whole sign-ins, and renewals of their sessions: what each costs until it is sealed, and what it leaves on disk."""

import secrets
from collections.abc import Awaitable

from benchmarks.replicas.behind import Behind
from benchmarks.replicas.figures import Cost, Kept, Whole
from benchmarks.sign_in.ours import SignIn

SIGN_IN, RENEWAL = "sign in", "renew tokens"


async def measure_wholes(group: Behind, rounds: tuple[int, int], people: int) -> list[Whole]:
    """So many of both in each round, of which some are thrown away first."""
    warm, kept_rounds = rounds
    signed, renewed = Whole(SIGN_IN, [], []), Whole(RENEWAL, [], [])
    for _ in range(warm + kept_rounds):
        await group.renew_nonce()
        made: list[SignIn] = []

        async def sign_in(made: list[SignIn] = made) -> None:
            made += await group.sign_in([f"{secrets.token_hex(8)}@example.com" for _ in range(people)])

        for whole, work in ((signed, sign_in()), (renewed, group.renew(made))):
            cost, kept = await _measured(group, people, work)
            whole.costs.append(cost)
            whole.kept.append(kept)
    return [Whole(whole.name, whole.costs[warm:], whole.kept[warm:]) for whole in (signed, renewed)]


async def _measured(group: Behind, count: int, work: Awaitable[None]) -> tuple[Cost, Kept]:
    await group.meter.settled()
    held, before = await group.meter.holding(), await group.meter.used()
    await work
    await group.meter.settled()
    after = await group.meter.used()
    return before.each(after, count), held.each(await group.meter.holding(), count)
