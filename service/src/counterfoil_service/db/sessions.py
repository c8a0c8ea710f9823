# SPDX-License-Identifier: Apache-2.0
"""Sessions: what a sign-in gave to one device or browser, until it is ended."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Column, Select, Update, select, update

from counterfoil_service.core.session import EndReason, Limits, ended_by
from counterfoil_service.db.engine import Query, ReadTransaction, Row, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import change_due, constant, due_rows, insert_row, parameter
from counterfoil_service.db.tables import applications, devices, sessions, users
from counterfoil_service.db.users import User


class Session(msgspec.Struct, frozen=True):
    """One row, in the order of the table's columns. `user_id` is the subject."""

    id: str
    user_id: str
    application_id: str
    login_id: str
    jkt: str | None
    scope: str
    audience: str
    amr: str
    auth_time: int
    created_at: int
    last_used_at: int
    device_id: str | None = None
    notice_hash: bytes | None = None
    """SHA-256 of the secret in the notice mail by which a person ends this session."""
    ended_at: int | None = None
    changed_at: int | None = None
    """When its device, known by its key, last looked like another machine [R105]."""

    def __repr__(self) -> str:
        return f"Session(id={self.id!r})"

    def lives(self, limits: Limits, now: int) -> bool:
        """Whether nobody has ended it by `now`, nor a limit whose write is still to come."""
        by = ended_by(created_at=self.created_at, last_used_at=self.last_used_at, limits=limits, now=now)
        return self.ended_at is None and by is None


class Listed(msgspec.Struct, frozen=True):
    """A session as its owner or an operator sees it."""

    session: Session
    application_name: str | None
    device_label: str | None


class Ended(msgspec.Struct, frozen=True):
    """A session that a write ended."""

    id: str
    user_id: str
    login_id: str
    application_id: str


_s = sessions.c
_COLUMNS = [_s[name] for name in Session.__struct_fields__]
_living = _s.ended_at.is_(None)
_ended = (_s.id, _s.user_id, _s.login_id, _s.application_id)


def _where(*conditions: "Any") -> "Select[Any]":
    return select(*_COLUMNS).where(*conditions)


def _end_where(*conditions: "Any") -> Update:
    return update(sessions).where(_living, *conditions).values(ended_at=parameter("now")).returning(*_ended)


_ADD = Statement(insert_row(sessions))
_GET = Statement(_where(_s.id == parameter("id")))
_GET_WITH_USER = Statement(
    select(*_COLUMNS, *users.columns)
    .select_from(sessions)
    .join(users, users.c.id == _s.user_id)
    .where(_s.id == parameter("id"))
)
_GET_LOCKED = Statement(_where(_s.id == parameter("id")).with_for_update())
_BY_NOTICE = Statement(_where(_s.notice_hash == parameter("notice_hash")))
_TOUCH = Statement(
    update(sessions).where(_s.id == parameter("id"), _living).values(last_used_at=parameter("now")).returning(_s.id)
)
_MARK_CHANGED = Statement(
    update(sessions)
    .where(_s.id == parameter("id"), _living)
    .values(changed_at=parameter("now"), notice_hash=parameter("notice_hash"))
    .returning(_s.id)
)
_END = {
    "id": Statement(_end_where(_s.id == parameter("id"))),
    "application_id": Statement(_end_where(_s.application_id == parameter("application_id"))),
    "user_id": Statement(_end_where(_s.user_id == parameter("user_id"))),
    "login_id": Statement(_end_where(_s.login_id == parameter("login_id"))),
}
_END_AT = Statement(_end_where(_s.user_id == parameter("user_id"), _s.device_id == parameter("device_id")))
_END_OF_APPLICATION = Statement(
    _end_where(_s.user_id == parameter("user_id"), _s.application_id == parameter("application_id"))
)
_END_OTHERS = Statement(_end_where(_s.user_id == parameter("user_id"), _s.id != parameter("id")))
_END_EVERY = Statement(_end_where())


def _expire_by(time: "Column[int]") -> Statement:
    due = due_rows(select(_s.id).where(_living, time <= parameter("before")), time)
    return change_due(_end_where(), _s.id, due)


_EXPIRE: dict[EndReason, Statement] = {
    "lifetime": _expire_by(_s.created_at),
    "idle": _expire_by(_s.last_used_at),
}
_listed = (
    select(*_COLUMNS, applications.c.name, devices.c.label)
    .select_from(sessions)
    .outerjoin(applications, applications.c.id == _s.application_id)
    .outerjoin(devices, devices.c.id == _s.device_id)
)
_latest = _s.last_used_at.desc()
_LIVING_OF = Statement(_listed.where(_s.user_id == parameter("user_id"), _living).order_by(_latest))
_LIVING = Statement(_listed.where(_living).order_by(_latest))
# Without an offset of ours the SQLite dialect would bind one, as a literal value.
_LAST_OF = Statement(
    _listed.where(_s.user_id == parameter("user_id"))
    .order_by(_s.created_at.desc())
    .limit(parameter("limit"))
    .offset(constant(0))
)


def _session(row: "Any") -> Session | None:
    return None if row is None else Session(*row)


async def add(tx: Transaction, session: Session) -> None:
    """Insert a new session."""
    await tx.run(_ADD, msgspec.structs.asdict(session))


async def get(tx: ReadTransaction, session_id: str, *, locked: bool = False) -> Session | None:
    """By its id, ended or not; `locked` holds the row until the end of the transaction."""
    return _session(await tx.one(_GET_LOCKED if locked else _GET, {"id": session_id}))


async def get_with_user(tx: ReadTransaction, session_id: str) -> tuple[Session, User] | None:
    """By its id, ended or not, and whose it is."""
    return found_with_user(await tx.all(*asking_with_user(session_id)))


def asking_with_user(session_id: str) -> Query:
    """For `gather`: what `found_with_user` is then given."""
    return _GET_WITH_USER, {"id": session_id}


def found_with_user(rows: Sequence[Row]) -> tuple[Session, User] | None:
    """What was read of a session, and of whose it is."""
    if not rows:
        return None
    columns = len(_COLUMNS)
    return Session(*rows[0][:columns]), User(*rows[0][columns:])


async def by_notice(tx: ReadTransaction, notice_hash: bytes) -> Session | None:
    """By the SHA-256 of its notice's secret."""
    return _session(await tx.one(_BY_NOTICE, {"notice_hash": notice_hash}))


async def touch(tx: Transaction, session_id: str, *, now: int) -> bool:
    """Note a use; False when it has ended."""
    return await tx.one(_TOUCH, {"id": session_id, "now": now}) is not None


async def mark_changed(tx: Transaction, session_id: str, *, now: int, notice_hash: bytes) -> bool:
    """Note that its device looks like another, and the secret of the notice that says so; False when it has ended."""
    parameters = {"id": session_id, "now": now, "notice_hash": notice_hash}
    return await tx.one(_MARK_CHANGED, parameters) is not None


async def end(tx: Transaction, session_id: str, *, now: int) -> Ended | None:
    """End one; None when it had ended before."""
    ended = await end_where(tx, now=now, id=session_id)
    return ended[0] if ended else None


async def end_where(tx: Transaction, *, now: int, **column: str) -> list[Ended]:
    """End every living session with this id, application_id, user_id or login_id; give exactly one."""
    ((name, value),) = column.items()
    return _ends(await tx.all(_END[name], {name: value, "now": now}))


async def end_at(tx: Transaction, *, user_id: str, device_id: str, now: int) -> list[Ended]:
    """End every living session of a person's device."""
    return _ends(await tx.all(_END_AT, {"user_id": user_id, "device_id": device_id, "now": now}))


async def end_of_application(tx: Transaction, *, user_id: str, application_id: str, now: int) -> list[Ended]:
    """End every living session that a person has at one application."""
    values = {"user_id": user_id, "application_id": application_id, "now": now}
    return _ends(await tx.all(_END_OF_APPLICATION, values))


async def end_others(tx: Transaction, session: Session, *, now: int) -> list[Ended]:
    """End every living session of this one's person but itself."""
    return _ends(await tx.all(_END_OTHERS, {"user_id": session.user_id, "id": session.id, "now": now}))


async def end_every(tx: Transaction, *, now: int) -> list[Ended]:
    """End all there are."""
    return _ends(await tx.all(_END_EVERY, {"now": now}))


async def expire(tx: Transaction, reason: EndReason, *, before: int, now: int, limit: int) -> list[Ended]:
    """Write the end of at most `limit` sessions that began (lifetime) or were last used (idle) `before` or earlier."""
    return _ends(await tx.all(_EXPIRE[reason], {"before": before, "now": now, "limit": limit}))


async def living(tx: ReadTransaction, user_id: str | None = None) -> list[Listed]:
    """The sessions that nobody ended, of one person or of all, last used first; a limit may have ended some."""
    rows = await tx.all(_LIVING, {}) if user_id is None else await tx.all(_LIVING_OF, {"user_id": user_id})
    return [_listed_row(row) for row in rows]


async def latest(tx: ReadTransaction, user_id: str, *, limit: int) -> list[Listed]:
    """A person's last sign-ins, ended ones too, newest first."""
    return [_listed_row(row) for row in await tx.all(_LAST_OF, {"user_id": user_id, "limit": limit})]


def _listed_row(row: "Any") -> Listed:
    return Listed(Session(*row[:-2]), row[-2], row[-1])


def _ends(rows: "Any") -> list[Ended]:
    return [Ended(*row) for row in rows]
