# SPDX-License-Identifier: Apache-2.0
"""`just seed`: the same past each time, as a service that lived through it would have left it."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from benchmarks.console import seed as command
from benchmarks.console.seed import CannotSeedError, seed
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.event_catalogue import misfits
from counterfoil_service.db import audit, migrate
from counterfoil_service.db.open import open_database
from counterfoil_service.db.unlock import unlock
from support.stage import START, settings_for

LOGINS = 300


def made(folder: Path, logins: int = LOGINS) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "seeded.db"
    if not path.exists():
        migrate.move(path)
    asyncio.run(seed(settings_for(f"sqlite:///{path}", folder), logins, START))
    return path


def rows(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as lite:
        return lite.execute(sql).fetchall()


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all that only look."""
    return made(tmp_path_factory.mktemp("seeded"))


def test_the_same_moment_gives_the_same_past(seeded: Path, tmp_path: Path) -> None:
    again = made(tmp_path / "again")
    for table, order in (
        ("logins", "id"),
        ("users", "id"),
        ("audit_events", "position"),
        ("event_counts", "1,2,3,4,5,6"),
    ):
        sql = f"SELECT * FROM {table} ORDER BY {order}"  # noqa: S608 - our own names
        assert rows(seeded, sql) == rows(again, sql), table


def test_every_event_is_sealed_and_counted_and_none_is_to_come(seeded: Path) -> None:
    ((events, sealed, latest),) = rows(seeded, "SELECT count(*), max(leaf_index) + 1, max(time) FROM audit_events")
    assert events == sealed > LOGINS * 8
    assert latest <= START
    assert rows(seeded, "SELECT max(size) FROM checkpoints") == [(events,)]
    assert rows(seeded, "SELECT events FROM event_counts WHERE width = 0") == [(events,)]


def test_every_event_says_what_its_kind_may_say_and_its_details_can_be_read(seeded: Path) -> None:
    stored = asyncio.run(_events(seeded))
    assert stored
    assert [(event.name, misfits(event)) for event in stored if misfits(event)] == []
    asked = [event for event in stored if event.name is EventName.LOGIN_REQUESTED]
    readable = [event for event in asked if event.personal]
    assert 0 < len(asked) - len(readable) < LOGINS // 10, "some people were erased since"
    assert all("@" in event.personal["address"] for event in readable)


async def _events(path: Path) -> list[AuditEvent]:
    database = await open_database(f"sqlite:///{path}")
    try:
        settings = settings_for(f"sqlite:///{path}", path.parent)
        keys = await unlock(database, settings, clock=lambda: START, entropy=bytes)
        logins = [
            str(row[0]) for row in rows(path, "SELECT id FROM logins WHERE id IN (SELECT login_id FROM audit_events)")
        ]
        found = list[AuditEvent]()
        for login_id in logins:
            for each in await database.read(audit.of_login, keys.seal_mailbox, login_id):
                found.append(msgspec.structs.replace(each.event, personal=each.personal or {}))
        return found
    finally:
        await database.close()


def test_there_is_something_to_see_on_every_page(seeded: Path) -> None:
    for what, sql in {
        "logins that wait": "SELECT 1 FROM logins WHERE state = 'pending'",
        "people who are disabled": "SELECT 1 FROM users WHERE disabled_at IS NOT NULL",
        "people who are invited": "SELECT 1 FROM users WHERE verified_at IS NULL",
        "devices that differ": "SELECT 1 FROM devices WHERE told IS NOT NULL",
        "suppressed addresses": "SELECT 1 FROM suppressions",
        "alerts": "SELECT 1 FROM alerts",
    }.items():
        assert rows(seeded, sql), what


def test_a_database_that_holds_logins_is_left_alone(seeded: Path) -> None:
    with pytest.raises(CannotSeedError, match="holds logins already"):
        made(seeded.parent)


def test_the_command_says_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COUNTERFOIL_SECRET_KEY", "5e" * 32)
    monkeypatch.setenv("COUNTERFOIL_PUBLIC_URL", "https://id.example")
    url = f"sqlite:///{tmp_path / 'none.db'}"
    assert command.main(["--database-url", url, "--logins", "3"]) == 2
    assert "--logins: 200 at the least" in capsys.readouterr().err
    assert command.main(["--database-url", url]) == 2
    assert "counterfoil migrate" in capsys.readouterr().err
