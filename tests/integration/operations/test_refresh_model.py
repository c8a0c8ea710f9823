# SPDX-License-Identifier: Apache-2.0
"""Random histories of one session, its owner and a thief, each step compared with a model of a few lines [R82-R84]."""

import random
from dataclasses import dataclass, field

import pytest

from counterfoil_service.core.application import Application
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.grant import Grant
from counterfoil_service.db import applications
from counterfoil_service.operations.refresh_session import RefreshSession, refresh_session
from support import acting
from support.stage import Stage
from support.tokens import session_events

SEEDS = range(12)
STEPS = 40
DAY = 86_400


@dataclass
class Chain:
    """What must be true: `tokens` in the order of their making, of which the last `used` + 1 has not been used."""

    tokens: list[str]
    used: int = 0
    ended: str | None = None
    idle_since: int = 0
    born: int = 0
    trail: list[str] = field(default_factory=list)

    def present(self, number: int, now: int) -> str:
        """What presenting token `number` by the right key must lead to: refreshed, retried, or why not."""
        if self.ended is None and now >= self.born + 90 * DAY:
            self.ended = "lifetime"
        if self.ended is None and now >= self.idle_since + 14 * DAY:
            self.ended = "idle"
        if self.ended is None and number < self.used - 1:
            self.ended = "reuse_detected"
        if self.ended is not None:
            return "refused"
        self.idle_since = now
        if number == self.used:
            self.used += 1
            return "refreshed"
        return "retried"


async def _present(stage: Stage, application: Application, token: str, key: str) -> Grant | None:
    command = RefreshSession(
        token, application, acting.proof_of(key), None, None, "192.0.2.10", "Desk/1.0", charged=True
    )
    try:
        return await stage.database.write(refresh_session, command)
    except Refusal as refusal:
        if refusal.code is not ErrorCode.INVALID_GRANT:
            raise
        return None


@pytest.mark.parametrize("seed", SEEDS)
async def test_whatever_owner_thief_and_time_do_the_chain_is_the_models(sqlite_stage: Stage, seed: int) -> None:
    chance = random.Random(seed)
    begun = await acting.ask(sqlite_stage)
    await acting.approve(sqlite_stage, begun)
    first = await acting.collect(sqlite_stage, begun)
    assert isinstance(first, Grant)
    assert first.refresh_token is not None
    application = await sqlite_stage.database.read(applications.get, "desk-app")
    assert application is not None
    born = sqlite_stage.clock() // 1_000_000
    chain = Chain([first.refresh_token], idle_since=born, born=born)
    for _ in range(STEPS):
        sqlite_stage.clock.advance(chance.choice([1, 300, DAY, 9 * DAY] if chance.random() < 0.9 else [14 * DAY]))
        number = max(0, len(chain.tokens) - 1 - chance.choice([0] * 12 + [1] * 6 + [2, 3]))
        if chance.random() < 0.2:
            assert await _present(sqlite_stage, application, chain.tokens[number], "thief") is None
            chain.trail.append(f"thief {number}")
            continue
        expected = chain.present(number, sqlite_stage.clock() // 1_000_000)
        chain.trail.append(f"owner {number}: {expected}")
        grant = await _present(sqlite_stage, application, chain.tokens[number], "laptop")
        assert (grant is None) == (expected == "refused"), chain.trail
        if grant is not None and grant.refresh_token is not None:
            if expected == "refreshed":
                chain.tokens.append(grant.refresh_token)
            assert grant.refresh_token == chain.tokens[number + 1], chain.trail
    assert len(set(chain.tokens)) == len(chain.tokens) == chain.used + 1
    reasons = [
        reason for name, reason in await session_events(sqlite_stage, first.session_id) if name == "session.ended"
    ]
    assert reasons == ([] if chain.ended is None else [chain.ended]), chain.trail


def test_the_histories_are_not_all_of_one_kind() -> None:
    """The model itself: every end it knows can be met."""
    assert Chain(["a", "b", "c"], used=2).present(0, 1) == "refused"
    assert Chain(["a", "b"], used=1).present(0, 1) == "retried"
    assert Chain(["a"]).present(0, 14 * DAY) == "refused"
