# SPDX-License-Identifier: Apache-2.0
"""Logins as operators look at them: those that are open page by page, and the latest of one mailbox."""

import msgspec
from sqlalchemy import and_, case, func, select, tuple_

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.login import OPEN_STATES, State
from counterfoil_service.core.mail_report import DeliveryState
from counterfoil_service.core.row_cursor import RowCursor
from counterfoil_service.db.engine import ReadTransaction, Row
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import any_due, constant, constants, first_rows, parameter
from counterfoil_service.db.tables import applications, audit_events, logins, outbox, users

_l, _m, _e = logins.c, outbox.c, audit_events.c
_held_back = (
    select(func.min(_e.reason)).where(_e.login_id == _l.id, _e.name == parameter("suppressed")).scalar_subquery()
)
_rows = (
    select(
        *(_l.id, _l.application_id, applications.c.name, _l.state, _l.mailbox, _l.address, _l.device_label),
        *(_l.created_at, _l.expires_at, _l.decoy, _l.relayed_at, users.c.id),
        *(_m.state, _m.attempts, _m.due_at, _m.provider, _m.delivery),
        case((_l.decoy == constant(1), _held_back)),
    )
    .select_from(logins)
    .outerjoin(applications, applications.c.id == _l.application_id)
    .outerjoin(users, users.c.mailbox == _l.mailbox)
    .outerjoin(outbox, and_(_m.login_id == _l.id, _m.kind.in_(constants(("decoy", "link")))))
)


_OPEN = Statement(
    first_rows(
        _rows.where(
            # The first is in the words of the index, which knows what expires when.
            _l.state.in_(constants(OPEN_STATES)),
            tuple_(_l.expires_at, _l.id) > tuple_(parameter("after_time"), parameter("after_id")),
        ).order_by(_l.expires_at, _l.id)
    )
)
# Decoys stand apart in the index, and there may be many: they are limited before anything is looked up for them.
_latest = logins.alias("latest")
_latest_ids = first_rows(
    select(_latest.c.id)
    .where(_latest.c.mailbox == parameter("mailbox"), _latest.c.decoy == parameter("decoy"))
    .order_by(_latest.c.created_at.desc())
)
_LATEST_OF = Statement(_rows.where(_l.id.in_(_latest_ids)), postgresql=_rows.where(any_due(_l.id, _latest_ids)))
_ONE = Statement(_rows.where(_l.id == parameter("id")))


class LoginMail(msgspec.Struct, frozen=True):
    """What became of a login's mail; `due_at` is when one that is `queued` is tried next."""

    state: str
    attempts: int
    due_at: int
    provider: str | None
    delivery: DeliveryState | None


class LoginRow(msgspec.Struct, frozen=True):
    """A login, whose it is, and its mail. `held_back`: why a decoy is one, as in the audit log.

    `address` is empty once it was erased; `subject` None: the mailbox has no user; `mail` None: its row is gone.
    """

    id: str
    application_id: str
    application_name: str | None
    state: State
    mailbox: bytes
    address: str
    device_label: str | None
    created_at: int
    expires_at: int
    decoy: int
    relayed_at: int | None
    subject: str | None
    mail: LoginMail | None
    held_back: str | None

    def __repr__(self) -> str:
        return f"LoginRow(id={self.id!r})"


class LoginsPage(msgspec.Struct, frozen=True):
    """`following` None: there is none behind."""

    logins: list[LoginRow]
    following: RowCursor | None


async def open_logins_page(tx: ReadTransaction, after: RowCursor | None, now: int, limit: int) -> LoginsPage:
    """At most `limit` that wait or were approved, the one that ends first on top, behind `after` or from `now` on."""
    start = after if after is not None and after.time >= now else RowCursor(now + 1, "")
    values = _values(after_time=start.time, after_id=start.id, limit=limit + 1)
    found = [_login_row(row) for row in await tx.all(_OPEN, values)]
    shown = found[:limit]
    last = shown[-1] if len(found) > limit else None
    return LoginsPage(shown, None if last is None else RowCursor(last.expires_at, last.id))


async def latest_logins_of(tx: ReadTransaction, mailbox: bytes, limit: int) -> list[LoginRow]:
    """The newest first, decoys among them."""
    found = list[LoginRow]()
    for decoy in (0, 1):
        values = _values(mailbox=mailbox, decoy=decoy, limit=limit)
        found += [_login_row(row) for row in await tx.all(_LATEST_OF, values)]
    return sorted(found, key=lambda each: (each.created_at, each.id), reverse=True)[:limit]


async def login_row(tx: ReadTransaction, login_id: str) -> LoginRow | None:
    """One of them, whatever its state."""
    row = await tx.one(_ONE, _values(id=login_id))
    return None if row is None else _login_row(row)


def _values(**values: object) -> dict[str, object]:
    return {"suppressed": EventName.MAIL_SUPPRESSED.value, **values}


def _login_row(row: Row) -> LoginRow:
    mail = None if row[12] is None else LoginMail(*row[12:17])
    values = [*row[:3], State(row[3]), *row[4:12], mail, row[17]]
    return LoginRow(*values)
