# SPDX-License-Identifier: Apache-2.0
"""A decoy does and stores the same as a real login, told apart by a value, and is never mailed [R92, R93]."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from counterfoil_service.core.errors import ErrorCode
from counterfoil_service.core.login import State
from counterfoil_service.db.engine import Context, Query, Row, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.tables import metadata
from counterfoil_service.operations.invite_user import invite_user
from counterfoil_service.operations.link_request import StartLogin
from counterfoil_service.operations.start_login import LoginStarted, start_login
from support import acting
from support.stage import OpenStage, Stage

REAL, DISABLED = "aaaa@example.com", "bbbb@example.com"
TELLING = {"outbox.kind", "logins.decoy", "audit_events.name", "audit_events.outcome", "audit_events.reason"}
"""Where the value stands that tells a decoy apart."""


class Counted:
    """A transaction that writes down each statement and the size of each parameter."""

    def __init__(self, real: Transaction) -> None:
        self._real = real
        self.log: list[tuple[Statement, dict[str, int]]] = []
        self.mailbox_keys = real.mailbox_keys

    def _note(self, statement: Statement, parameters: Mapping[str, Any]) -> None:
        self.log.append((statement, {name: size(value) for name, value in parameters.items()}))

    async def one(self, statement: Statement, parameters: Mapping[str, Any]) -> Row | None:
        self._note(statement, parameters)
        return await self._real.one(statement, parameters)

    async def all(self, statement: Statement, parameters: Mapping[str, Any]) -> Sequence[Row]:
        self._note(statement, parameters)
        return await self._real.all(statement, parameters)

    async def gather(self, *queries: Query) -> Sequence[Sequence[Row]]:
        for statement, parameters in queries:
            self._note(statement, parameters)
        return await self._real.gather(*queries)

    async def run(self, statement: Statement, parameters: Mapping[str, Any]) -> None:
        self._note(statement, parameters)
        await self._real.run(statement, parameters)

    async def lock(self, *keys: bytes) -> None:
        self.log.append((LOCK, {"keys": len(keys)}))
        await self._real.lock(*keys)

    async def notify(self, login_id: str | None) -> None:
        await self._real.notify(login_id)


LOCK = Statement(text("lock"))


def size(value: object) -> int:
    """How many bytes a value takes; numbers all take the same."""
    return len(value.encode() if isinstance(value, str) else value) if isinstance(value, str | bytes) else 8


async def counted(stage: Stage, command: StartLogin) -> tuple[LoginStarted, list[tuple[Statement, dict[str, int]]]]:
    logs: list[Counted] = []

    async def operation(tx: Transaction, command: StartLogin, context: Context) -> LoginStarted:
        logs.append(Counted(tx))
        return await start_login(logs[-1], command, context)

    started = await stage.database.write(operation, command)
    return started, logs[-1].log


async def sizes(stage: Stage, login_id: str) -> dict[str, int]:
    """The size of every stored value of one login, but for the values that tell."""
    found: dict[str, int] = {}
    for table, column in (("logins", "id"), ("outbox", "login_id"), ("audit_events", "login_id")):
        sql = f"SELECT * FROM {table} WHERE {column} = :id"  # noqa: S608 - our own names
        names = metadata.tables[table].columns.keys()
        for number, row in enumerate(await acting.query(stage, sql, id=login_id)):
            for name, value in zip(names, row, strict=True):
                if f"{table}.{name}" not in TELLING:
                    found[f"{table}.{name}.{number}"] = size(value)
    return found


@pytest.fixture(params=["user_disabled", "suppressed", "over_budget"])
async def pair(request: pytest.FixtureRequest, stage: Stage) -> tuple[Stage, StartLogin, StartLogin]:
    """Two requests alike: one that will be mailed, one that will be a decoy."""
    await acting.add_user(stage, REAL)
    await acting.add_user(stage, DISABLED, disabled=request.param == "user_disabled")
    if request.param == "suppressed":
        await acting.suppress(stage, DISABLED)
    if request.param == "over_budget":
        for number in range(3):
            await acting.ask(stage, DISABLED, f"k{number}")
        for number in range(2):
            await acting.ask(stage, REAL, f"r{number}")
    return stage, acting.command(REAL, "one", device_label="Desk"), acting.command(DISABLED, "two", device_label="Desk")


async def test_a_decoy_runs_the_same_statements_with_values_of_the_same_size(
    pair: tuple[Stage, StartLogin, StartLogin],
) -> None:
    stage, real, decoy = pair
    started, first = await counted(stage, real)
    pretended, second = await counted(stage, decoy)
    rows = await stage.rows("SELECT id, decoy FROM logins")
    assert (dict(rows)[started.login_id], dict(rows)[pretended.login_id]) == (0, 1)
    assert len(first) == len(second)
    names = [set(one) ^ set(two) for (_, one), (_, two) in zip(first, second, strict=True)]
    assert not any(names)
    assert [each for each, _ in first] == [each for each, _ in second]
    telling = {name.partition(".")[2] for name in TELLING}
    different = [
        name
        for (_, one), (_, two) in zip(first, second, strict=True)
        for name in one
        if one[name] != two[name] and name not in telling
    ]
    assert different == []


async def test_a_mailbox_that_was_never_met_runs_the_same_statements_with_values_of_the_same_size(stage: Stage) -> None:
    await stage.database.write(invite_user, REAL)
    _, met = await counted(stage, acting.command(REAL, "one"))
    _, new = await counted(stage, acting.command(DISABLED, "two"))
    assert met == new


async def test_a_decoy_stores_values_of_the_same_size(pair: tuple[Stage, StartLogin, StartLogin]) -> None:
    stage, real, decoy = pair
    started = await stage.database.write(start_login, real)
    pretended = await stage.database.write(start_login, decoy)
    assert await sizes(stage, started.login_id) == await sizes(stage, pretended.login_id)
    assert len(await sizes(stage, started.login_id)) > 50


async def test_a_decoy_is_answered_alike(pair: tuple[Stage, StartLogin, StartLogin]) -> None:
    stage, real, decoy = pair
    started = await stage.database.write(start_login, real)
    pretended = await stage.database.write(start_login, decoy)
    assert (started.expires_in, started.interval) == (pretended.expires_in, pretended.interval)
    for name in ("login_id", "device_code", "user_code"):
        assert len(getattr(started, name)) == len(getattr(pretended, name))
        assert getattr(started, name) != getattr(pretended, name)


async def test_the_worker_deletes_a_decoys_row_unsent_and_writes_nothing_else_of_it(stage: Stage) -> None:
    await acting.add_user(stage, DISABLED, disabled=True)
    decoy = await acting.ask(stage, DISABLED, "two")
    names = await stage.names(decoy.login_id)
    assert names == ["login.requested", "mail.suppressed"]
    assert await stage.mails() == []
    assert await stage.count("outbox") == 0
    assert await stage.names(decoy.login_id) == names
    assert (await acting.stored(stage, decoy)).state is State.PENDING


async def test_a_decoy_and_a_mail_that_are_due_together_lead_to_one_mail(stage: Stage) -> None:
    await acting.add_user(stage, DISABLED, disabled=True)
    await acting.ask(stage, DISABLED, "two")
    await acting.ask(stage, REAL, "one")
    (mail,) = await stage.mails()
    assert mail["To"] == REAL
    assert await stage.rows("SELECT kind, state FROM outbox") == [("link", "sent")]


async def test_a_decoy_polls_like_any_other_until_it_expires(stage: Stage) -> None:
    await acting.add_user(stage, DISABLED, disabled=True)
    decoy = await acting.ask(stage, DISABLED)
    assert await acting.collect_or_code(stage, decoy) is ErrorCode.AUTHORIZATION_PENDING
    stage.clock.advance(600)
    assert await acting.collect_or_code(stage, decoy) is ErrorCode.EXPIRED_TOKEN
    stage.clock.advance(600)
    assert await acting.collect_or_code(stage, decoy) is ErrorCode.INVALID_GRANT


async def test_a_decoy_is_never_approved_not_even_by_who_reads_its_secret(stage: Stage) -> None:
    await acting.add_user(stage, DISABLED, disabled=True)
    decoy = await acting.ask(stage, DISABLED)
    assert (await acting.approve(stage, decoy)).value == "dead"
    assert (await acting.stored(stage, decoy)).state is State.PENDING
    assert await acting.collect_or_code(stage, decoy) is ErrorCode.AUTHORIZATION_PENDING


async def test_a_decoy_supersedes_the_open_login_of_its_key(stage: Stage) -> None:
    await acting.add_user(stage, DISABLED, disabled=True)
    real = await acting.ask(stage, REAL)
    stage.clock.advance(60)
    await acting.ask(stage, DISABLED)
    assert (await acting.stored(stage, real)).state is State.CANCELLED


async def test_an_address_nobody_invited_gets_a_decoy(sqlite_url: str, open_stage: OpenStage, tmp_path: Path) -> None:
    async with open_stage(sqlite_url, tmp_path, sign_up="invited") as stage:
        stranger = await acting.ask(stage, "new@example.com", "one")
        await acting.add_user(stage, REAL)
        known = await acting.ask(stage, REAL, "two")
        decoys = [(await acting.stored(stage, each)).decoy for each in (stranger, known)]
        assert decoys == [1, 0]
        assert (await stage.events(stranger.login_id))[1].event.reason == "not_invited"
