# SPDX-License-Identifier: Apache-2.0
"""Logins: every transition is one conditional write; what it returns says whether this caller won."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from sqlalchemy import Select, Update, case, select, update

from counterfoil_service.core import mail_code
from counterfoil_service.core.login import MAX_CODES, MAX_TRIES, OPEN_STATES, TRANSITIONS, State, Trigger
from counterfoil_service.db.engine import Query, ReadTransaction, Row, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import change_due, constant, constants, due_rows, insert_row, parameter
from counterfoil_service.db.tables import logins

ApprovedBy = Literal["user_code", "same_browser", "mail_code"]


class Login(msgspec.Struct, frozen=True):
    """One row, in the order of the table's columns. Secrets are present as hashes alone."""

    id: str
    application_id: str
    state: State
    decoy: int
    device_code_hash: bytes
    link_hash: bytes
    user_code_hash: bytes
    misses: int
    mailbox: bytes
    address: str
    """Where the mail went."""
    jkt: str | None
    device_label: str | None
    fingerprint: str | None
    """The evidence of the device that asked, as `core.evidence` encodes it."""
    scope: str
    audience: str
    source_range: bytes
    poll_interval: int
    created_at: int
    expires_at: int
    approved_at: int | None = None
    completed_at: int | None = None
    session_id: str | None = None
    given_up: int = 0
    redirect_uri: str | None = None
    """Where `here` or a browser's sign-in ends."""
    redirect_state: str | None = None
    code_challenge: str | None = None
    codes_minted: int = 0
    browser: bytes | None = None
    """SHA-256 of the cookie of the browser that asked; None when a device with a key did."""
    approved_by: ApprovedBy | None = None
    code_jkt: str | None = None
    """The key that an application names beforehand for a browser's code (RFC 9449 §10); nobody has proved it yet."""
    country: str | None = None
    """Where the request came from, as coarse as the operator's files say it: ISO 3166 code, and words for people."""
    place: str | None = None
    mail_code_hash: str | None = None
    """argon2id of the eight digits in the mail; None where the application has none."""
    mail_code_misses: int = 0
    language: str | None = None
    """What the mail and the link's page are written in: a BCP 47 tag; None where nobody asked for one."""
    relayed_at: int | None = None
    """When an operator was given the link by hand."""
    reported_at: int | None = None
    """When somebody said "this was not me"."""
    known_device: int | None = None
    """1 where the device had signed in to this mailbox before: its login counts against budgets of its own."""

    def __repr__(self) -> str:
        return f"Login(id={self.id!r}, state={self.state.value!r})"


class Ended(msgspec.Struct, frozen=True):
    """A login that a bulk write ended."""

    id: str
    application_id: str
    jkt: str | None
    state: State


_c = logins.c


def _where(trigger: Trigger) -> Update:
    """UPDATE of one living login in a state from which the trigger is legal."""
    sources = constants(TRANSITIONS[trigger].sources)
    return (
        update(logins)
        .where(_c.id == parameter("id"), _c.state.in_(sources), _c.expires_at > parameter("now"))
        .returning(_c.id)
    )


def _to(trigger: Trigger) -> "dict[str, Any]":
    return {"state": constant(TRANSITIONS[trigger].target)}


def _all() -> "Select[Any]":
    return select(logins)


_misses = _c.misses + constant(1)
_ADD = Statement(insert_row(logins))
_BY_ID = Statement(_all().where(_c.id == parameter("id")))
_BY_ID_LOCKED = Statement(_all().where(_c.id == parameter("id")).with_for_update())
_BY_LINK = Statement(_all().where(_c.link_hash == parameter("hash")))
_BY_DEVICE_CODE = Statement(_all().where(_c.device_code_hash == parameter("hash")))
_APPROVE = Statement(
    _where(Trigger.APPROVE)
    .where(_c.decoy == constant(0), _c.misses < constant(MAX_TRIES))
    .values(
        approved_at=parameter("now"),
        expires_at=parameter("deadline"),
        approved_by=parameter("by"),
        **_to(Trigger.APPROVE),
    )
)
_MISS = Statement(
    update(logins)
    .where(_c.id == parameter("id"), _c.state == constant(State.PENDING), _c.expires_at > parameter("now"))
    .values(
        misses=_misses,
        state=case((_misses >= constant(MAX_TRIES), constant(State.LOCKED)), else_=_c.state),
    )
    .returning(_c.misses)
)
_mail_code_misses = _c.mail_code_misses + constant(1)
_MISS_MAIL_CODE = Statement(
    update(logins)
    .where(_c.id == parameter("id"), _c.state == constant(State.PENDING), _c.expires_at > parameter("now"))
    .values(
        mail_code_misses=_mail_code_misses,
        state=case((_mail_code_misses >= constant(mail_code.MAX_TRIES), constant(State.LOCKED)), else_=_c.state),
    )
    .returning(_c.mail_code_misses)
)
_CONSUME = {
    trigger: Statement(
        _where(trigger).values(completed_at=parameter("now"), session_id=parameter("session_id"), **_to(trigger))
    )
    for trigger in (Trigger.COLLECT, Trigger.REDEEM)
}
_ISSUE_CODE = Statement(
    _where(Trigger.ISSUE_CODE)
    .where(_c.decoy == constant(0), _c.codes_minted < constant(MAX_CODES))
    .values(codes_minted=_c.codes_minted + constant(1))
)
_END = {
    Trigger.REJECT: Statement(_where(Trigger.REJECT).values(_to(Trigger.REJECT))),
    Trigger.DENY: Statement(_where(Trigger.DENY).values(_to(Trigger.DENY))),
    Trigger.CANCEL: Statement(_where(Trigger.CANCEL).values(given_up=constant(1), **_to(Trigger.CANCEL))),
}
_open = _c.state.in_(constants(OPEN_STATES))
NOT_OVER = _c.state.not_in(constants(set(State) - OPEN_STATES))
"""The same in words that no partial index has: so that the few logins of a key or a mailbox are found by that.

Of all that are open there may be many, and a young PostgreSQL, which does not know that yet, would look through them.
"""
_ended = (_c.id, _c.application_id, _c.jkt, _c.state)
_SUPERSEDE = {
    name: Statement(
        update(logins)
        .where(_c.application_id == parameter("application_id"), _c[name] == parameter(name), *still_open)
        .values(
            state=case(
                (_c.expires_at > parameter("now"), constant(TRANSITIONS[Trigger.SUPERSEDE].target)),
                else_=constant(State.EXPIRED),
            )
        )
        .returning(*_ended)
    )
    # What a key gave up is over, and may be much: one that gives up each login asks as often as it likes.
    for name, still_open in (("jkt", (NOT_OVER, _c.given_up == constant(0))), ("browser", (_open,)))
}
_DENY_ALL = {
    name: Statement(
        update(logins)
        .where(_c[name] == parameter(name), still_open, _c.expires_at > parameter("now"))
        .values(_to(Trigger.DENY))
        .returning(*_ended)
    )
    for name, still_open in (("application_id", _open), ("mailbox", NOT_OVER))
}
_due = due_rows(select(_c.id).where(_open, _c.expires_at <= parameter("now")), _c.expires_at)
_EXPIRE = change_due(update(logins).values(_to(Trigger.EXPIRE)).returning(*_ended), _c.id, _due)


def _login(row: "Any") -> Login | None:
    return None if row is None else Login(row[0], row[1], State(row[2]), *row[3:])


async def add(tx: Transaction, login: Login) -> None:
    """Insert a new login."""
    await tx.run(_ADD, msgspec.structs.asdict(login))


async def get(tx: ReadTransaction, login_id: str, *, locked: bool = False) -> Login | None:
    """By its public id; `locked` holds the row until the end of the transaction."""
    return _login(await tx.one(_BY_ID_LOCKED if locked else _BY_ID, {"id": login_id}))


def asking(login_id: str) -> Query:
    """For `gather`: by its public id; `login_of` is given what was read."""
    return _BY_ID, {"id": login_id}


def holding(login_id: str) -> Query:
    """For `gather`: hold the row until the end of the transaction; `login_of` is given what was read."""
    return _BY_ID_LOCKED, {"id": login_id}


def asking_by_link(link_hash: bytes) -> Query:
    """For `gather`: by the SHA-256 of its link secret; `login_of` is given what was read."""
    return _BY_LINK, {"hash": link_hash}


def login_of(rows: Sequence[Row]) -> Login | None:
    """What was read of it."""
    return _login(rows[0]) if rows else None


async def by_link(tx: ReadTransaction, link_hash: bytes) -> Login | None:
    """By the SHA-256 of its link secret."""
    return _login(await tx.one(_BY_LINK, {"hash": link_hash}))


async def by_device_code(tx: ReadTransaction, device_code_hash: bytes) -> Login | None:
    """By the SHA-256 of its device code."""
    return _login(await tx.one(_BY_DEVICE_CODE, {"hash": device_code_hash}))


async def approve(tx: Transaction, login_id: str, by: ApprovedBy, *, now: int, deadline: int) -> bool:
    """PENDING → APPROVED (T6)."""
    return await tx.one(_APPROVE, {"id": login_id, "now": now, "deadline": deadline, "by": by}) is not None


async def miss(tx: Transaction, login_id: str, *, now: int) -> int | None:
    """Count a wrong code (T4, T5): the misses so far, or None when the login no longer takes codes."""
    row = await tx.one(_MISS, {"id": login_id, "now": now})
    return None if row is None else int(row[0])


async def miss_mail_code(tx: Transaction, login_id: str, *, now: int) -> int:
    """Count a wrong mail code of a pending login, whose row the caller holds: the misses so far."""
    row = await tx.one(_MISS_MAIL_CODE, {"id": login_id, "now": now})
    assert row is not None  # noqa: S101 - held and pending
    return int(row[0])


async def issue_code(tx: Transaction, login_id: str, *, now: int) -> bool:
    """Count an authorization code against the login's three (T7)."""
    return await tx.one(_ISSUE_CODE, {"id": login_id, "now": now}) is not None


def consuming(login_id: str, trigger: Trigger, *, now: int, session_id: str) -> Query:
    """For `gather`: APPROVED → CONSUMED by a poll (T9), PENDING → CONSUMED by an authorization code (T8).

    It gives a row to whoever consumed it.
    """
    return _CONSUME[trigger], {"id": login_id, "now": now, "session_id": session_id}


async def end(tx: Transaction, login_id: str, trigger: Trigger, *, now: int) -> bool:
    """PENDING or APPROVED → DENIED or CANCELLED (T10-T12, T14, T15)."""
    return await tx.one(_END[trigger], {"id": login_id, "now": now}) is not None


def superseding(*, application_id: str, now: int, **column: str | bytes) -> Query:
    """For `gather`: end the open logins of an application and this jkt or browser [R42]; `ended` is given its rows.

    Those past their time become expired.
    """
    ((name, value),) = column.items()
    return _SUPERSEDE[name], {"application_id": application_id, name: value, "now": now}


async def deny_all(tx: Transaction, *, now: int, **column: str | bytes) -> list[Ended]:
    """Deny every open login of this application_id or mailbox (T14, T15); give exactly one."""
    ((name, value),) = column.items()
    return ended(await tx.all(_DENY_ALL[name], {name: value, "now": now}))


async def expire(tx: Transaction, *, now: int, limit: int) -> list[Ended]:
    """Write the expiry of at most `limit` logins whose time has passed (T13)."""
    return ended(await tx.all(_EXPIRE, {"now": now, "limit": limit}))


def ended(rows: Sequence[Row]) -> list[Ended]:
    """What a bulk write ended."""
    return [Ended(row[0], row[1], row[2], State(row[3])) for row in rows]
