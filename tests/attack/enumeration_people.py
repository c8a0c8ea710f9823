# SPDX-License-Identifier: Apache-2.0
"""Whose addresses are asked for: invited, unheard of, shut out, bounced, asked for too often; and what became of it."""

import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from os import urandom
from pathlib import Path
from typing import Final, Literal, get_args

from sqlalchemy import text

from counterfoil_service.core import email_address
from counterfoil_service.core.application import Application
from counterfoil_service.core.login import SECOND
from counterfoil_service.crypto.keys import keyed
from counterfoil_service.db import mailings, suppressions, users
from counterfoil_service.db.engine import Context, Database, ReadTransaction, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.suppressions import Suppression
from counterfoil_service.db.unlock import unlock
from counterfoil_service.operations.add_application import add_application
from counterfoil_service.operations.disable_user import disable_user
from counterfoil_service.operations.invite_user import invite_user
from counterfoil_service.settings import Secret, Settings
from support.processes import RunningService
from support.stage import migrated

Kind = Literal["known", "unknown", "disabled", "suppressed", "over budget"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
Person = tuple[Kind, int]
APPLICATION: Final = "desk-app"

_TRUTH: Final[Mapping[Kind, tuple[int, str, str | None]]] = {
    "known": (0, "mail.queued", None),
    "unknown": (1, "mail.suppressed", "not_invited"),
    "disabled": (1, "mail.suppressed", "user_disabled"),
    "suppressed": (1, "mail.suppressed", "suppressed"),
    "over budget": (1, "mail.suppressed", "over_budget"),
}
"""What the audit log must say of each: whether a decoy, and why."""
_SAID: Final = Statement(
    text(
        "SELECT logins.id, logins.decoy, audit_events.name, audit_events.reason FROM logins"
        " JOIN audit_events ON audit_events.login_id = logins.id"
        " WHERE audit_events.name IN ('mail.queued', 'mail.suppressed')"
    )
)
_LETTERS: Final = "abcde"


def address_of(person: Person) -> str:
    """All are as long as each other."""
    kind, number = person
    return f"{_LETTERS[KINDS.index(kind)]}{number:06}@example.com"


@asynccontextmanager
async def opened(service: RunningService) -> AsyncIterator[Database]:
    """The service's database, while the service does not run."""
    url = service.settings["database_url"]
    database = await migrated(url)
    try:
        secret = Secret(service.settings["secret_key"])
        settings = Settings(public_url=service.public_url, secret_key=secret, database_url=Secret(url))
        await unlock(database, settings, clock=lambda: time.time_ns() // 1_000, entropy=urandom)
        yield database
    finally:
        await database.close()


async def populate(service: RunningService, people: Iterable[Person]) -> None:
    """Put everybody there as the service's own commands do, and the application that asks."""
    async with opened(service) as database:
        now = database.context().now
        application = Application(APPLICATION, "Desk App", ("email",), (), "required", "optional", now)
        await database.write(add_application, application)
        for person in people:
            await database.write(_put, person)


async def _put(tx: Transaction, person: Person, context: Context) -> None:
    kind, _ = person
    address = email_address.parse(address_of(person))
    if kind == "unknown":
        return
    user = await invite_user(tx, address.mailing, context)
    await tx.gather(users.verifying(user.id, address=user.address, now=context.now))
    if kind == "disabled":
        await disable_user(tx, address.mailing, context)
    elif kind == "suppressed":
        mailbox = keyed(context.keys.mailbox, address.canonical.encode())
        gone = Suppression(mailbox, address.mailing, "bounced", "hook", "0" * 26, context.now)
        assert await suppressions.suppress(tx, gone)
    elif kind == "over budget":
        mailbox = keyed(context.keys.mailbox, address.canonical.encode())
        for seconds in range(context.settings.budgets.mailbox_mails.count):
            await mailings.add(tx, mailbox=mailbox, now=context.now - seconds * SECOND)


async def untruths(service: RunningService, asked: Mapping[str, Person], mail_folder: Path) -> Sequence[str]:
    """Where a login, by its id, was not what its person's kind says; and who was mailed though not known, or not."""
    async with opened(service) as database:
        said = {row[0]: tuple(row[1:]) for row in await database.read(_said)}
    wrong = [
        f"{address_of(person)} ({person[0]}): {said.get(login_id)}"
        for login_id, person in asked.items()
        if said.get(login_id) != _TRUTH[person[0]]
    ]
    known = {address_of(person) for person in asked.values() if person[0] == "known"}
    return [*wrong, *(f"{address}: mailed wrongly, or not" for address in sorted(known ^ mailed(mail_folder)))]


async def _said(tx: ReadTransaction) -> Sequence[Sequence[object]]:
    return await tx.all(_SAID, {})


def mailed(folder: Path) -> set[str]:
    """Who has a mail."""
    lines = (line for path in folder.glob("*.eml") for line in path.read_text("utf-8").splitlines())
    return {line.removeprefix("To: ") for line in lines if line.startswith("To: ")}
