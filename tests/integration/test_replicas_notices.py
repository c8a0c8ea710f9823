# SPDX-License-Identifier: Apache-2.0
"""`pg_notify` holds up every commit of the cluster: only what somebody may wait for is told, heard from outside."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any, Self

import asyncpg
import pytest

from counterfoil_service.db.postgresql_transaction import CHANNEL
from support.device import Device
from support.stage import Asked, Stage, stage_on

END = "the last of them"
WRONG = "BBB-BBB"


class Heard:
    """Another connection that listens."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._notices: list[str] = []

    async def __aenter__(self) -> Self:
        self._connection: Any = await asyncpg.connect(self._url)
        await self._connection.add_listener(CHANNEL, lambda *notice: self._notices.append(notice[-1]))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connection.close()

    async def during(self, *steps: Awaitable[object]) -> list[str]:
        """The logins that were told of meanwhile: a notice of ours comes after all that were sent before it."""
        self._notices.clear()
        for step in steps:
            await step
        other = await asyncpg.connect(self._url)
        await other.execute("SELECT pg_notify($1, $2)", CHANNEL, END)
        await other.close()
        async with asyncio.timeout(10):
            while END not in self._notices:  # noqa: ASYNC110 - the server's doing
                await asyncio.sleep(0.01)
        return self._notices[:-1]


@pytest.fixture
async def stage(postgres_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """The service on PostgreSQL alone."""
    async with stage_on(postgres_url, tmp_path) as opened:
        yield opened


@pytest.fixture
async def heard(stage: Stage) -> AsyncIterator[Heard]:
    """From when the service has started."""
    async with Heard(stage.service.services.settings.database_url.reveal()) as opened:
        yield opened


async def test_a_request_for_a_link_its_mail_its_opening_and_its_polls_tell_nobody(stage: Stage, heard: Heard) -> None:
    asked: list[Asked] = []

    async def ask() -> None:
        asked.append(await stage.start("ada@example.com"))

    assert await heard.during(ask(), stage.mails()) == []
    secret = await stage.secret()
    assert await heard.during(stage.open(secret), stage.open(secret, "HEAD"), stage.poll(asked[0])) == []
    assert await heard.during(stage.decide(secret, "approve", WRONG)) == []


async def test_an_approval_tells_of_its_login_once_and_the_collection_of_nothing(stage: Stage, heard: Heard) -> None:
    asked = await stage.start("ada@example.com")
    secret = await stage.secret()
    assert await heard.during(stage.decide(secret, "approve", asked.user_code)) == [asked.login_id]
    assert await heard.during(stage.poll(asked)) == []
    assert await heard.during(stage.decide(secret, "approve", asked.user_code)) == [], "it is over"


async def test_a_rejection_and_a_lock_tell_of_their_login_once(stage: Stage, heard: Heard) -> None:
    rejected = await stage.start("ada@example.com")
    assert await heard.during(stage.decide(await stage.secret(), "reject")) == [rejected.login_id]
    stage.clock.advance(1)
    locked = await stage.start("grace@example.com")
    secret = await stage.secret()
    tries = [stage.decide(secret, "approve", WRONG) for _ in range(3)]
    assert await heard.during(*tries) == [locked.login_id]


async def test_a_second_request_of_a_key_tells_of_the_first_one_alone(stage: Stage, heard: Heard) -> None:
    device = Device("https://id.example", stage.clock)
    first = await stage.start("ada@example.com", device)
    stage.clock.advance(61)
    assert await heard.during(stage.start("ada@example.com", device)) == [first.login_id]


async def test_what_is_refused_and_the_workers_passes_tell_nobody(stage: Stage, heard: Heard) -> None:
    await stage.start("ada@example.com")

    async def refused() -> None:
        assert (await stage.poll(Asked(Device("https://id.example", stage.clock), "A" * 43, "", ""))).status_code == 400

    assert await heard.during(refused(), stage.sweep(), stage.mails()) == []
