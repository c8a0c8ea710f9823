# SPDX-License-Identifier: Apache-2.0
"""A real Redis: what one replica counted and saw binds all, and while it is down nothing is let through [R48]."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from counterfoil_service.core import budget
from counterfoil_service.core.budget import Budget, LimitRefusal
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.limiting.limiter import Limiter
from counterfoil_service.limiting.redis import Redis
from counterfoil_service.settings.secret import Secret
from support.http import primed
from support.redis import RedisServer
from support.stage import Clock, OpenStage

BUDGET = Budget(20, 60)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path) as started:
        yield started


@pytest.fixture
async def two(server: RedisServer) -> "tuple[Redis, Redis]":
    return Redis(Secret(server.url)), Redis(Secret(server.url.replace("redis://", "valkey://")))


async def test_replicas_share_a_budget_to_the_last_call_even_at_once(two: tuple[Redis, Redis]) -> None:
    taken = await asyncio.gather(*(each.counters.hit("a", BUDGET) for each in two for _ in range(40)))
    assert sum(taken) == BUDGET.count
    window = await two[0].counters.window("a", BUDGET)
    assert (window.previous, window.current) == (0, BUDGET.count)
    assert 59 <= window.wait(BUDGET) <= 61, "as soon as this window is over, as it leaves in part"
    for each in two:
        await each.close()


async def test_a_proof_seen_by_one_replica_is_no_proof_at_another(two: tuple[Redis, Redis]) -> None:
    one, other = two
    await one.replay.remember(b"p" * 32, 0)
    with pytest.raises(Refusal) as caught:
        await other.replay.remember(b"p" * 32, 0)
    assert caught.value.code is ErrorCode.INVALID_DPOP_PROOF
    await other.replay.remember(b"q" * 32, 0)
    for each in two:
        await each.close()


async def test_nothing_stays_there_without_an_end(two: tuple[Redis, Redis]) -> None:
    one, _ = two
    await one.counters.hit("a", BUDGET)
    await one.replay.remember(b"p" * 32, 0)
    left = [await one._client.pttl(name) for name in await one._client.keys()]
    assert len(left) == 2
    assert all(0 < each <= 120_000 for each in left)
    assert all(name.startswith(b"counterfoil") for name in await one._client.keys())
    for each in two:
        await each.close()


async def test_while_it_is_down_everything_is_refused_and_afterwards_goes_on(server: RedisServer) -> None:
    shared = Redis(Secret(server.url))
    limiter = Limiter(budget.DEFAULTS, b"k" * 32, Clock(), shared.counters)
    await limiter.charge("range_opens", "net")
    server.stop()
    calls = (
        limiter.charge("range_opens", "net"),
        limiter.check("service"),
        shared.replay.remember(b"p" * 32, 0),
        shared.check(),
    )
    for call in calls:
        with pytest.raises(Refusal) as caught:
            await call
        assert not isinstance(caught.value, LimitRefusal)
        assert (caught.value.code, caught.value.retry_after) == (ErrorCode.TEMPORARILY_UNAVAILABLE, 1)
    server.start()
    await limiter.charge("range_opens", "net")
    await shared.check()
    await shared.close()


async def test_a_service_without_its_redis_answers_503_and_writes_nothing(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage, server: RedisServer
) -> None:
    async with open_stage(sqlite_url, tmp_path, redis_url=Secret(server.url)) as stage:
        asked, secret = await stage.start(), await stage.secret()
        server.stop()
        before = await stage.count("logins"), await stage.count("audit_events")
        for response in (await stage.ask(primed(stage)), await stage.poll(asked)):
            assert response.status_code == 503
            assert response.headers["retry-after"] == "1"
            assert response.json()["error"] == "temporarily_unavailable"
            assert "limits" in response.json()["error_description"]
        page = await stage.open(secret)
        assert page.status_code == 503
        assert "html" in page.headers["content-type"]
        assert (await stage.client.get("/health/ready")).status_code == 503
        assert (await stage.client.get("/health/live")).status_code == 200
        assert (await stage.count("logins"), await stage.count("audit_events")) == before
        server.start()
        assert (await stage.client.get("/health/ready")).status_code == 200
        assert (await stage.decide(secret, "approve", asked.user_code)).status_code == 200
        assert (await stage.poll(asked)).status_code == 200
        await stage.service.services.shared.close()


async def test_a_login_that_is_there_is_answered_though_redis_goes_before_it_is_counted(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage, server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_stage(sqlite_url, tmp_path, redis_url=Secret(server.url)) as stage:
        limiter = stage.service.services.limiter
        plain = limiter.charge

        async def gone(name: str, *who: str | bytes) -> None:
            server.stop()
            await plain(name, *who)

        monkeypatch.setattr(limiter, "charge", gone)
        assert (await stage.ask(primed(stage))).status_code == 200
        assert await stage.count("logins") == 1
        await stage.service.services.shared.close()
