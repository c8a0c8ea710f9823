# SPDX-License-Identifier: Apache-2.0
"""Replicas that are killed, restarted, cut off from their database or set up apart: desktops that wait ride over it."""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import jwt
import pytest

from counterfoil_client import Session
from counterfoil_client.session import state_of
from counterfoil_service.web.polling import RECHECK_SECONDS
from counterfoil_service.web.signers import RELOAD_SECONDS
from journeys.conftest import OpenDesktop
from journeys.crowd import approve, client_of
from journeys.databases import Databases, execute, rows
from journeys.desktop import Asked, Desktop, let_the_token_end
from journeys.replicas import Replicas, replicas
from support.background import LoopThread, wait_until
from support.mailserver import Letter, MailServer
from support.processes import RunningService

DESKTOPS = 4
HEALED_WITHIN = 12
"""Seconds: noticing takes five, connecting again one, and a machine may be busy."""

LISTENERS = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    " AND (query LIKE 'LISTEN %' OR query = 'SELECT 1')"
)
"""What a listening connection last asked: for notices, or whether the server is still there. Nothing else asks so."""

CUT_OFF = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
LEAD_PASSES = "UPDATE signing_keys SET active_at = active_at - 601000000, retired_at = retired_at - 601000000"
CHANGED = "SELECT fields FROM audit_events WHERE name = 'settings.changed' ORDER BY time, id"


@pytest.fixture
def url(databases: Databases, tmp_path: Path) -> str:
    """A database of this story alone."""
    return databases.fresh("postgresql", tmp_path)


def test_a_replica_that_is_killed_takes_no_waiting_desktop_with_it(
    url: str, mail: MailServer, desktop: OpenDesktop, loop: LoopThread, tmp_path: Path, address: str
) -> None:
    with replicas(tmp_path, url, mail_url=mail.url) as pair:
        waiting = _waiting(pair, mail, desktop, address)
        pair.services[0].kill()
        _approve_all(pair.services[1].address, loop, waiting)
        pair.services[0].start()
        assert len({asked.session().session_id for asked, _ in waiting}) == DESKTOPS


def test_replicas_are_restarted_in_turn_and_nobody_notices(
    url: str, mail: MailServer, desktop: OpenDesktop, loop: LoopThread, tmp_path: Path, address: str
) -> None:
    with replicas(tmp_path, url, mail_url=mail.url) as pair:
        waiting = _waiting(pair, mail, desktop, address)
        for service in pair.services:
            service.stop()
            wait_until(pair.balancer.is_ready, "the other replica to answer")
            service.start()
        assert all(asked.waits for asked, _ in waiting)
        _approve_all(pair.address, loop, waiting)
        assert len({asked.session().session_id for asked, _ in waiting}) == DESKTOPS
        assert {each.status for each in pair.balancer.answered} <= {200, 400}, "to nginx too"


def test_a_lost_connection_to_the_database_comes_back_and_the_approval_reaches_who_waited_meanwhile(
    url: str, mail: MailServer, desktop: OpenDesktop, loop: LoopThread, tmp_path: Path, address: str
) -> None:
    with replicas(tmp_path, url, mail_url=mail.url) as pair:
        waiting = _waiting(pair, mail, desktop, address)
        before = wait_until(lambda: _listen(url, 2), "both replicas to listen")
        execute(url, CUT_OFF)
        _approve_all(pair.address, loop, waiting)
        began = time.monotonic()
        assert len({asked.session().session_id for asked, _ in waiting}) == DESKTOPS
        assert time.monotonic() - began < HEALED_WITHIN
        after = wait_until(lambda: _listen(url, 2), "both replicas to listen again", HEALED_WITHIN)
        assert not before & after
        # Again by notices, and not only by the look that every poll takes now and then.
        again = desktop(pair.services[0]).ask(address)
        _approve_all(pair.address, loop, [(again, mail.letter_to(address))])
        assert again.session(RECHECK_SECONDS - 1).session_id


def test_each_replica_listens_by_one_connection(url: str, mail: MailServer, tmp_path: Path) -> None:
    one = RunningService(tmp_path / "one", database_url=url, mail_url=mail.url)
    other = RunningService(tmp_path / "two", database_url=url, mail_url=mail.url, public_url=one.public_url)
    with one:
        wait_until(lambda: _listen(url, 1), "one replica to listen")
        with other:
            wait_until(lambda: _listen(url, 2), "both to listen")
        wait_until(lambda: _listen(url, 1), "the connection of the one that left to be gone")


def test_tokens_and_keys_of_one_replica_are_those_of_the_other_across_a_rotation(
    url: str, mail: MailServer, desktop: OpenDesktop, loop: LoopThread, tmp_path: Path, address: str
) -> None:
    with replicas(tmp_path, url, mail_url=mail.url) as pair:
        terminal = desktop(pair.services[0])
        asked = terminal.ask(address)
        _approve_all(pair.address, loop, [(asked, mail.letter_to(address))])
        session = asked.session()
        first = _kid(terminal, session)
        assert all(_key_set(loop, service) == [first] for service in pair.services)
        pair.services[1].told("keys", "rotate")
        execute(url, LEAD_PASSES)
        wait_until(
            lambda: all(len(_key_set(loop, service)) == 2 for service in pair.services),
            "both replicas to publish the new key",
            RELOAD_SECONDS + 5,
        )
        signed = set()
        for _ in range(4):
            let_the_token_end(session)
            signed.add(_kid(terminal, session))
            assert {terminal.sub(session) for _ in range(2)} == {session.subject}, "both replicas take it"
        assert len(signed) == 1, "whichever replica renews it, the new key signs"
        assert signed != {first}


def test_replicas_with_different_settings_are_told_of_in_the_log_at_each_start_that_differs_from_the_last(
    url: str, tmp_path: Path
) -> None:
    one = RunningService(tmp_path / "one", database_url=url, link_ttl="600")
    other = RunningService(tmp_path / "two", database_url=url, link_ttl="300", public_url=one.public_url)
    names = '{"names":"LINK_TTL"}'
    with one:
        assert rows(url, CHANGED) == [], "the first start has nothing to compare with"
        with other:
            assert rows(url, CHANGED) == [(names,)]
        with other:
            assert rows(url, CHANGED) == [(names,)], "the same as last time"
    with one:
        assert rows(url, CHANGED) == [(names,)] * 2, "back and forth, and each of them stays"


def test_replicas_that_start_at_once_with_new_settings_tell_of_the_change(url: str, tmp_path: Path) -> None:
    first = RunningService(tmp_path / "one", database_url=url, link_ttl="600")
    with first:
        pass
    settings = {"database_url": url, "link_ttl": "300", "public_url": first.public_url}
    with ThreadPoolExecutor() as threads, ExitStack() as stack:
        started = [
            threads.submit(RunningService(tmp_path / f"replica-{number}", **settings).start) for number in range(3)
        ]
        for each in started:
            stack.callback(each.result().stop)
        # Each compares with what it found, so that it may be told of more than once, but never not at all.
        assert set(rows(url, CHANGED)) == {('{"names":"LINK_TTL"}',)}


def _waiting(pair: Replicas, mail: MailServer, desktop: OpenDesktop, address: str) -> list[tuple[Asked, Letter]]:
    """Desktops that wait, spread over both replicas by nginx, each with its letter."""
    waiting = []
    for number in range(DESKTOPS):
        name = f"{number}-{address}"
        asked = desktop(pair.services[0], "async" if number % 2 else "sync").ask(name)
        waiting.append((asked, mail.letter_to(name)))
    return waiting


def _approve_all(address: str, loop: LoopThread, waiting: Sequence[tuple[Asked, Letter]]) -> None:
    """Each is approved once; while there is no database, a person who sees a 503 presses again."""

    async def approved(asked: Asked, letter: Letter) -> None:
        async with client_of(address) as phone, asyncio.timeout(HEALED_WITHIN):
            while (answer := await approve(phone, letter, asked.user_code)).status_code in {502, 503}:  # noqa: ASYNC110 - another process has to become well
                await asyncio.sleep(0.1)
        assert answer.status_code == 200, answer.text

    for asked, letter in waiting:
        loop.run(approved(asked, letter))


def _listen(url: str, count: int) -> set[int] | None:
    """The server processes behind the connections that listen, once there are just so many."""
    pids = {int(pid) for (pid,) in rows(url, LISTENERS)}
    return pids if len(pids) == count else None


def _kid(terminal: Desktop, session: Session) -> str:
    """The key that signed the access token, renewed where it is over."""
    terminal.sub(session)
    return str(jwt.get_unverified_header(state_of(session).held.access_token)["kid"])


def _key_set(loop: LoopThread, service: RunningService) -> list[str]:
    """The names of the keys that a replica publishes."""

    async def asked() -> list[str]:
        async with client_of(service.address) as client:
            metadata = (await client.get("/.well-known/oauth-authorization-server")).json()
            answer = await client.get(urlsplit(metadata["jwks_uri"]).path)
        return [str(key["kid"]) for key in answer.json()["keys"]]

    return loop.run(asked())
