# SPDX-License-Identifier: Apache-2.0
"""What the kill attack holds against a database would notice one event too few, one too many, and one row undone."""

import asyncio
import contextlib
import shutil
import sqlite3
from pathlib import Path
from typing import get_args

import pytest

from attack.invariants import broken
from attack.promises import Kind, Promises
from attack.snapshot import snapshot
from counterfoil_service.core.grant import Grant
from counterfoil_service.operations.refresh_session import RefreshSession, refresh_session
from counterfoil_service.operations.revoke_token import RevokeToken, revoke_token
from counterfoil_service.operations.seal_events import seal_events
from support import acting
from support.stage import Stage, stage_on

PEOPLE = [f"{name}@example.com" for name in ("ada", "bob", "carol", "dan", "eve")]
COLUMNS = "time, name, outcome, reason, login_id, application_id, session_id, subject, jkt, fields, sealed, mailbox"
NAMES = (
    *("login.requested", "login.approved", "login.completed", "login.cancelled", "login.denied", "login.code_mismatch"),
    *("session.created", "session.refreshed", "session.ended", "mail.queued", "mail.sent"),
    *("user.created", "user.verified", "device.first_seen"),
)
UNDONE = {
    "a login is gone": "DELETE FROM logins WHERE state = 'pending'",
    "a login is open again": "UPDATE logins SET state = 'pending' WHERE state = 'cancelled'",
    "a login was never approved": "UPDATE logins SET approved_at = NULL WHERE state = 'consumed'",
    "a login ended otherwise": "UPDATE logins SET state = 'expired' WHERE state = 'denied'",
    "a miss was forgotten": "UPDATE logins SET misses = 0",
    "a session is gone": "DELETE FROM sessions",
    "a session lives again": "UPDATE sessions SET ended_at = NULL",
    "a session has another login": "UPDATE sessions SET login_id = (SELECT id FROM logins WHERE state = 'denied')",
    "a refresh token may be used again": "UPDATE refresh_tokens SET state = 'current'",
    "a refresh token is gone": "DELETE FROM refresh_tokens WHERE state = 'current'",
    "a mail is gone": "DELETE FROM outbox WHERE kind = 'link'",
    "a mail is to be sent again": "UPDATE outbox SET state = 'queued' WHERE kind = 'notice'",
    "a user is gone": "DELETE FROM users",
    "a user is not verified": "UPDATE users SET verified_at = NULL",
    "a device is gone": "DELETE FROM devices",
    "a place is empty": "UPDATE audit_events SET leaf_index = NULL WHERE leaf_index = 3",
    "a checkpoint is gone": "DELETE FROM checkpoints",
}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that was never touched from outside."""
    folder = tmp_path_factory.mktemp("real")
    asyncio.run(_lived(folder))
    return folder / "counterfoil.db"


@pytest.fixture
def database(real: Path, tmp_path: Path) -> Path:
    """A copy of it, for this test alone."""
    return Path(shutil.copy(real, tmp_path / "copy.db"))


async def _lived(folder: Path) -> None:
    """Five people: signed in and renewed, signed out, cancelled, rejected, mistyped; all of it mailed and sealed."""
    async with stage_on(f"sqlite:///{folder / 'counterfoil.db'}", folder) as stage:
        ada, bob, carol, dan, eve = [await acting.ask(stage, person, person) for person in PEOPLE]
        await stage.service.outbox.work()
        await _renew(stage, await _signed_in(stage, ada, PEOPLE[0]), PEOPLE[0])
        await _sign_out(stage, await _signed_in(stage, bob, PEOPLE[1]), PEOPLE[1])
        await acting.cancel(stage, carol, PEOPLE[2])
        await acting.reject(stage, dan)
        await acting.miss(stage, eve)
        await stage.service.outbox.work()
        await stage.database.write(seal_events, 1000)


async def _signed_in(stage: Stage, begun: acting.Begun, key: str) -> str:
    await acting.approve(stage, begun)
    grant = await acting.collect(stage, begun, key)
    assert grant is not None
    assert grant.refresh_token is not None
    return grant.refresh_token


async def _renew(stage: Stage, token: str, key: str) -> None:
    command = RefreshSession(token, acting.DESK_APP, acting.proof_of(key), None, None, "192.0.2.10", "Desk/1.0")
    assert isinstance(await stage.database.write(refresh_session, command), Grant)


async def _sign_out(stage: Stage, token: str, key: str) -> None:
    command = RevokeToken("desk-app", token, None, acting.proof_of(key), "192.0.2.10", "Desk/1.0")
    await stage.database.write(revoke_token, command)


def wrong(database: Path, damage: str, promises: Promises | None = None) -> list[str]:
    """What is found once this was done to it."""
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as lite:
        assert lite.execute(damage).rowcount, "there is nothing to damage"
    return found(database, promises or Promises())


def found(database: Path, promises: Promises) -> list[str]:
    """All that is wrong."""
    return broken(snapshot(f"sqlite:///{database}"), promises, PEOPLE)


def test_nothing_is_wrong_with_a_database_that_only_the_service_wrote(database: Path) -> None:
    assert found(database, Promises()) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_change_whose_event_is_gone_is_found(database: Path, name: str) -> None:
    one = f"SELECT max(position) FROM audit_events WHERE name = '{name}'"  # noqa: S608 - our own names
    assert wrong(database, f"DELETE FROM audit_events WHERE position IN ({one})")  # noqa: S608


@pytest.mark.parametrize("name", NAMES)
def test_an_event_without_a_change_is_found(database: Path, name: str) -> None:
    one = f"SELECT randomblob(16), {COLUMNS} FROM audit_events WHERE name = '{name}' LIMIT 1"  # noqa: S608 - our own names
    assert wrong(database, f"INSERT INTO audit_events (id, {COLUMNS}) {one}")


@pytest.mark.parametrize("damage", UNDONE.values(), ids=UNDONE)
def test_a_change_that_was_undone_is_found(database: Path, damage: str) -> None:
    assert wrong(database, damage)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_an_answer_that_did_not_outlive_the_service_is_found(database: Path, kind: Kind) -> None:
    promises = Promises()
    promises.note(kind, "01KAG0Q3W4M9T6E2X8D5B7N1CV")
    assert found(database, promises) == [f"a client was told: 01KAG0Q3W4M9T6E2X8D5B7N1CV {kind}"]


def test_a_mail_that_nobody_got_is_found(database: Path) -> None:
    assert broken(snapshot(f"sqlite:///{database}"), Promises(), PEOPLE[1:])
