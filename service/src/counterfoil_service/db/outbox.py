# SPDX-License-Identifier: Apache-2.0
"""Mail to be sent: rows written with the login, claimed by lease, settled once."""

from collections.abc import Sequence
from typing import Literal

import msgspec
from sqlalchemy import case, delete, null, select, update

from counterfoil_service.core.mail_report import WEIGHTS, DeliveryState
from counterfoil_service.db.engine import Query, ReadTransaction, Row, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import change_due, constant, due_rows, insert_row, parameter
from counterfoil_service.db.tables import outbox

Kind = Literal["link", "decoy", "notice", "change"]


class Mail(msgspec.Struct, frozen=True):
    """One row. The link secret is sealed (associated data: the id) and goes with the write that settles the row."""

    id: str
    login_id: str
    kind: Kind
    state: str
    recipient: str
    sealed_secret: bytes | None
    attempts: int
    due_at: int
    created_at: int
    ended_at: int | None = None
    session_id: str | None = None
    """The session that a notice is about."""
    provider: str | None = None
    """Who took it; of one that is queued, who perhaps did."""
    delivery: str | None = None
    """What the provider said of it since."""

    def __repr__(self) -> str:
        return f"Mail(id={self.id!r}, state={self.state!r})"


_c = outbox.c
_queued = _c.state == constant("queued")
_ADD = Statement(insert_row(outbox))
_due = due_rows(select(_c.id).where(_queued, _c.due_at <= parameter("now")), _c.due_at)
# The lease is the due time itself, moved ahead: a worker that dies leaves a row that simply falls due again.
_claiming = update(outbox).values(due_at=parameter("leased_until"), attempts=_c.attempts + constant(1))
_CLAIM = change_due(_claiming.returning(*outbox.columns), _c.id, _due)
_mine = (_c.id == parameter("id"), _queued, _c.attempts == parameter("attempts"))
_SETTLE = Statement(
    update(outbox)
    .where(*_mine)
    .values(state=parameter("state"), sealed_secret=null(), ended_at=parameter("now"), provider=parameter("provider"))
    .returning(_c.id)
)
_DEFER = Statement(
    update(outbox).where(*_mine).values(due_at=parameter("due_at"), provider=parameter("provider")).returning(_c.id)
)
_MAKE_DUE = Statement(
    update(outbox)
    .where(_queued, _c.due_at > parameter("now"), _c.attempts == constant(0))
    .values(due_at=parameter("now"))
)
_TOLD = Statement(select(_c.delivery).where(_c.id == parameter("id")))
_DELIVERY = Statement(
    select(_c.state, _c.attempts, _c.ended_at).where(_c.login_id == parameter("login_id"), _c.kind == constant("link"))
)
_weight = case(
    *((_c.delivery == constant(state), constant(weight)) for state, weight in WEIGHTS.items()), else_=constant(0)
)
_NOTE_DELIVERY = Statement(
    update(outbox)
    .where(_c.id == parameter("id"), _c.kind != constant("decoy"))
    .values(delivery=case((_weight < parameter("weight"), parameter("delivery")), else_=_c.delivery))
    .returning(*outbox.columns)
)
_DROP = Statement(delete(outbox).where(_c.id == parameter("id"), _c.kind == constant("decoy")))


async def add(tx: Transaction, mail: Mail) -> None:
    """Queue a mail."""
    await tx.run(_ADD, msgspec.structs.asdict(mail))


async def claim(tx: Transaction, *, now: int, leased_until: int, limit: int) -> list[Mail]:
    """Take at most `limit` due rows; nobody else gets them before `leased_until`."""
    rows = await tx.all(_CLAIM, {"now": now, "leased_until": leased_until, "limit": limit})
    return [Mail(*row) for row in rows]


async def settle(tx: Transaction, mail: Mail, state: str, *, provider: str | None, now: int) -> bool:
    """End the row and forget its secret; False when somebody else claimed it since."""
    values = {"id": mail.id, "attempts": mail.attempts, "state": state, "now": now, "provider": provider}
    return await tx.one(_SETTLE, values) is not None


async def defer(tx: Transaction, mail: Mail, *, provider: str | None, due_at: int) -> bool:
    """Leave the row for later; False when somebody else claimed it since."""
    values = {"id": mail.id, "attempts": mail.attempts, "due_at": due_at, "provider": provider}
    return await tx.one(_DEFER, values) is not None


async def make_due(tx: Transaction, *, now: int) -> None:
    """What was never claimed waits no longer."""
    await tx.run(_MAKE_DUE, {"now": now})


async def told_of(tx: ReadTransaction, mail: Mail) -> str | None:
    """What its provider said of it by now."""
    row = await tx.one(_TOLD, {"id": mail.id})
    return None if row is None or row[0] is None else str(row[0])


def delivery(login_id: str) -> Query:
    """For `gather`: what `left_at` is then given."""
    return _DELIVERY, {"login_id": login_id}


def left_at(rows: Sequence[Row], *, now: int) -> int | None:
    """When a login's link left for a mail server: `now` while it is on its way, None where it has not left."""
    state, attempts, ended_at = rows[0] if rows else ("", 0, None)
    if state == "sent" and ended_at is not None:
        return int(ended_at)
    return now if state == "queued" and attempts else None


async def note_delivery(tx: Transaction, mail_id: str, state: DeliveryState) -> Mail | None:
    """Keep the weightiest of what was told of a mail, and hold its row; None where there is no such mail."""
    row = await tx.one(_NOTE_DELIVERY, {"id": mail_id, "delivery": state, "weight": WEIGHTS[state]})
    return None if row is None else Mail(*row)


async def drop_decoy(tx: Transaction, mail: Mail) -> None:
    """Delete a decoy's row, unsent."""
    await tx.run(_DROP, {"id": mail.id})
