# SPDX-License-Identifier: Apache-2.0
"""Held polls: woken from another process, answered when their own one leaves, asked again when it is back."""

import asyncio
import time
from pathlib import Path

import httpx2

from journeys.conftest import OpenDesktop, OpenService
from journeys.crowd import Started, approve, client_of, poll, start
from journeys.databases import Databases
from journeys.desktop import CLIENT_ID
from support.background import LoopThread
from support.mailserver import MailServer
from support.phone import Phone
from support.processes import RunningService

HELD = 10
LOOKS = 10
"""Calls that read the database, one after another: by then the poll that came before them is held."""
WOKEN_WITHIN = 2.5
"""Seconds. The promise is about one; the rest is for a busy machine, and a missed notice would take five."""
GONE_WITHIN = 2.0


def test_a_poll_held_by_one_replica_ends_on_an_approval_at_the_other(
    databases: Databases, mail: MailServer, loop: LoopThread, tmp_path: Path, address: str
) -> None:
    url = databases.fresh("postgresql", tmp_path)
    with RunningService(tmp_path / "one", database_url=url, mail_url=mail.url) as one:
        other = RunningService(tmp_path / "two", database_url=url, mail_url=mail.url, public_url=one.public_url)
        with other:
            started = loop.run(start(one.public_url, one.address, address))
            letter = mail.letter_to(address)

            async def story() -> tuple[httpx2.Response, float]:
                async with client_of(other.address) as there, client_of(one.address) as here:
                    held = await _hold(there, started)
                    assert (await approve(here, letter, started.user_code)).status_code == 200
                    began = time.monotonic()
                    return await held, time.monotonic() - began

            answer, took = loop.run(story())
            assert answer.status_code == 200, answer.text
            assert took < WOKEN_WITHIN


def test_a_poll_held_on_sqlite_ends_when_a_command_decides(
    databases: Databases, mail: MailServer, loop: LoopThread, tmp_path: Path, address: str
) -> None:
    url = databases.fresh("sqlite", tmp_path)
    with RunningService(tmp_path, database_url=url, mail_url=mail.url) as service:
        started = loop.run(start(service.public_url, service.address, address))

        async def story() -> tuple[httpx2.Response, float]:
            async with client_of(service.address) as client:
                held = await _hold(client, started)
                await asyncio.to_thread(service.told, "applications", "remove", CLIENT_ID)
                began = time.monotonic()
                return await held, time.monotonic() - began

        answer, took = loop.run(story())
        assert answer.json()["error"] == "access_denied"
        assert took < WOKEN_WITHIN


def test_a_restart_answers_held_polls_and_the_desktops_ride_over_it(
    new_service: OpenService, mail: MailServer, phone: Phone, desktop: OpenDesktop, loop: LoopThread, address: str
) -> None:
    service = new_service().start()
    asked = [desktop(service, "sync").ask(address), desktop(service, "async").ask(address)]
    letters = mail.wait_for(address, 2)
    starts = [loop.run(start(service.public_url, service.address, f"{n}-{address}")) for n in range(HELD)]
    held = loop.submit(_held_answers(service.address, starts, ready := asyncio.Event()))
    loop.run(ready.wait())

    took = service.stop()

    answers = held.result(GONE_WITHIN)
    assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [
        (400, "authorization_pending")
    ] * HELD
    assert took < GONE_WITHIN
    assert all(one.waits for one in asked)
    with service:
        for one, letter in zip(asked, letters, strict=True):
            assert phone.approve(letter.link, one.user_code) == 200
        assert len({one.session().session_id for one in asked}) == 2


async def _held_answers(address: str, starts: list[Started], ready: asyncio.Event) -> list[httpx2.Response]:
    async with client_of(address) as client:
        held = [await _hold(client, started) for started in starts]
        ready.set()
        return await asyncio.gather(*held)


async def _hold(client: httpx2.AsyncClient, started: Started) -> "asyncio.Task[httpx2.Response]":
    """A poll that is certainly held: one beside it is told that it overlaps."""
    task = asyncio.create_task(poll(client, started, wait=25))
    for _ in range(LOOKS):
        assert (await client.get("/health/ready")).status_code == 200
    beside = await poll(client, started)
    assert beside.json()["error"] == "slow_down", beside.text
    assert not task.done()
    return task
