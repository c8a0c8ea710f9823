# SPDX-License-Identifier: Apache-2.0
"""Links that somebody makes up count for the network alone, those that live for themselves: logins' and notices'."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from counterfoil_service.core import budget
from counterfoil_service.crypto.keys import digest
from counterfoil_service.limiting.counters import ProcessCounters
from support.http import is_page, nothing_written, only_told
from support.stage import ROOMY, OpenStage, Stage

JUNK = ("", "x", "A" * 43, "A" * 42 + "B", "é" * 43, "A" * 16_000)
HERE = "192.0.2.0/24"


@pytest.fixture
async def tight(sqlite_url: str, tmp_path: Path, open_stage: OpenStage) -> AsyncIterator[Stage]:
    budgets = budget.parse(f"{ROOMY},range_opens=2/60,link_opens=2/60,range_tries=2/60,link_tries=2/60")
    async with open_stage(sqlite_url, tmp_path, budgets=budgets) as stage:
        yield stage


def counted(stage: Stage) -> set[str]:
    """The budgets of which something is used."""
    counters = stage.service.services.shared.counters
    assert isinstance(counters, ProcessCounters)
    return {key.partition("/")[0] for windows in counters._windows.values() for key in windows.current}


async def decided(stage: Stage, path: str, secret: str) -> httpx2.Response:
    """A button of the page was pressed."""
    return await stage.client.post(path, data={"secret": secret, "action": "reject"})


async def noticed(stage: Stage) -> str:
    """The secret of a notice mail whose session lives."""
    asked = await stage.approved()
    stage.clock.advance(1)
    assert (await stage.poll(asked)).status_code == 200
    secret = await stage.notice_secret()
    stage.clock.advance(120)
    return secret


@pytest.mark.parametrize("path", ["/l", "/n"])
async def test_made_up_secrets_have_no_counter_of_their_own_however_many_there_are(
    sqlite_stage: Stage, path: str
) -> None:
    before = counted(sqlite_stage)
    for secret in JUNK:
        assert (await decided(sqlite_stage, path, secret)).status_code == 410
    assert counted(sqlite_stage) - before == {"range_tries"}


@pytest.mark.parametrize("action", ["report", "approve", "here", ""])
async def test_so_it_is_whatever_is_said_of_them(sqlite_stage: Stage, action: str) -> None:
    before = counted(sqlite_stage)
    for secret in JUNK:
        assert (await sqlite_stage.decide(secret, action, "BBBBBB")).status_code == 410
    assert counted(sqlite_stage) - before == {"range_tries"}


@pytest.mark.parametrize("path", ["/l", "/n"])
@pytest.mark.parametrize("secret", ["x", "A" * 43], ids=["malformed", "unknown"])
async def test_decisions_about_dead_links_are_dead_until_there_were_too_many(
    tight: Stage, path: str, secret: str
) -> None:
    assert [(await decided(tight, path, secret)).status_code for _ in range(2)] == [410, 410]
    async with only_told(tight, "range_tries"):
        is_page(await decided(tight, path, secret), 429)
    async with nothing_written(tight):
        is_page(await decided(tight, path, "B" * 43), 429)


async def test_reports_of_links_that_nobody_sent_are_dead_until_there_were_too_many(tight: Stage) -> None:
    statuses = [(await tight.decide(secret, "report")).status_code for secret in ("x", "A" * 43, "B" * 43)]
    assert statuses == [410, 410, 429]


async def test_beside_somebody_who_makes_links_up_a_living_one_is_decided(tight: Stage) -> None:
    secret = await noticed(tight)
    asked = await tight.start("bob@example.com")
    link = await tight.secret()
    for _ in range(3):
        await decided(tight, "/l", "A" * 43)
    assert (await tight.decide(link, "approve", asked.user_code)).status_code == 200
    assert (await decided(tight, "/n", secret)).status_code == 200


async def test_decisions_about_a_living_link_count_for_it(tight: Stage) -> None:
    await tight.start()
    secret = await tight.secret()
    assert [(await tight.decide(secret, "nothing")).status_code for _ in range(2)] == [422, 422]
    async with only_told(tight, "link_tries"):
        is_page(await tight.decide(secret, "approve", "BBBBBB"), 429)
    tight.clock.advance(1)
    await tight.start("bob@example.com")
    assert (await tight.decide(await tight.secret(), "reject")).status_code == 200, "another link is another's"


@pytest.mark.parametrize("secret", ["x", "A" * 43], ids=["malformed", "unknown"])
async def test_dead_notices_are_opened_until_there_were_too_many(tight: Stage, secret: str) -> None:
    living = await noticed(tight)
    assert [(await tight.client.get(f"/n/{secret}")).status_code for _ in range(2)] == [410, 410]
    async with only_told(tight, "range_opens"):
        is_page(await tight.client.get(f"/n/{secret}"), 429)
    assert (await tight.client.get(f"/n/{living}")).status_code == 200


async def test_a_living_notice_that_is_opened_too_often_is_429_and_ends_its_session_all_the_same(tight: Stage) -> None:
    secret = await noticed(tight)
    for method in ("GET", "HEAD"):
        assert (await tight.client.request(method, f"/n/{secret}")).status_code == 200
    async with only_told(tight, "link_opens"):
        is_page(await tight.client.get(f"/n/{secret}"), 429)
    assert (await tight.client.get(f"/n/{'A' * 43}")).status_code == 410
    assert (await decided(tight, "/n", secret)).status_code == 200


async def test_presses_at_a_living_notice_count_for_it(tight: Stage) -> None:
    """A press ends the session, so that only those of one moment can be too many."""
    secret = await noticed(tight)
    for _ in range(2):
        await tight.service.services.limiter.charge("link_tries", HERE, digest(secret))
    async with only_told(tight, "link_tries"):
        is_page(await decided(tight, "/n", secret), 429)
    tight.clock.advance(120)
    assert (await decided(tight, "/n", secret)).status_code == 200
