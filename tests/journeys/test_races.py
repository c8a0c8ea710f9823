# SPDX-License-Identifier: Apache-2.0
"""A hundred at once, over several processes: one wins."""

import threading
from pathlib import Path

from journeys.crowd import Started, client_of, poll, rush, start
from journeys.databases import Databases, event_names, sessions_of
from journeys.desktop import CLIENT_ID
from support.background import LoopThread
from support.mailserver import MailServer
from support.processes import RunningService

PARALLEL = 100


def test_a_hundred_approvals_and_polls_over_two_replicas_give_one_session(
    databases: Databases, mail: MailServer, loop: LoopThread, tmp_path: Path, address: str
) -> None:
    url = databases.fresh("postgresql", tmp_path)
    with RunningService(tmp_path / "one", database_url=url, mail_url=mail.url) as one:
        other = RunningService(tmp_path / "two", database_url=url, mail_url=mail.url, public_url=one.public_url)
        with other:
            _race(loop, mail, one, [one.address, other.address], address)


def test_a_hundred_approvals_and_polls_give_one_session_while_commands_write(
    databases: Databases, mail: MailServer, loop: LoopThread, tmp_path: Path, address: str
) -> None:
    url = databases.fresh("sqlite", tmp_path)
    with RunningService(tmp_path, database_url=url, mail_url=mail.url) as service:
        done: list[str] = []

        def commands() -> None:
            names = ("other-one", "other-two")
            done.extend(service.told("applications", "add", "Other", "--client-id", name) for name in names)

        beside = threading.Thread(target=commands)
        beside.start()
        _race(loop, mail, service, [service.address], address)
        beside.join()
        assert len(done) == 2


def _race(loop: LoopThread, mail: MailServer, service: RunningService, addresses: list[str], email: str) -> None:
    url = service.settings["database_url"]
    started = loop.run(start(service.public_url, service.address, email))
    letter = mail.letter_to(email)

    found = loop.run(rush(addresses, started, letter, PARALLEL), 60)

    assert found["approval 200"] == 1, found
    assert found["approval 410"] == PARALLEL - 1, found
    assert found["poll invalid_grant"] == 0, found
    answer = loop.run(_collect(addresses[-1], started))
    sessions = {name for name in found if name.startswith("poll session")} | {f"poll session {answer}"}
    assert len(sessions) == 1, found
    assert sessions_of(url, started.login_id) == 1
    names = event_names(url, started.login_id)
    assert names.count("login.approved") == names.count("session.created") == 1
    assert CLIENT_ID in service.told("applications", "list")


async def _collect(address: str, started: Started) -> str:
    async with client_of(address) as client:
        answer = await poll(client, started)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["session_id"])
