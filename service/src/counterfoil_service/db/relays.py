# SPDX-License-Identifier: Apache-2.0
"""Links that operators give by hand: who waits for one, and the one write that gives it."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import and_, null, select, update

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.login import OPEN_STATES, State
from counterfoil_service.db.engine import ReadTransaction, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import constant, constants, parameter
from counterfoil_service.db.tables import applications, audit_events, logins, outbox

_c, _mail = logins.c, outbox.c
_of_link = _mail.kind.in_(constants(("decoy", "link")))
_RELAY = Statement(
    update(logins)
    .where(
        _c.id == parameter("id"),
        _c.state == constant(State.PENDING),
        _c.expires_at > parameter("now"),
        _c.decoy == constant(0),
        _c.relayed_at.is_(None),
    )
    .values(link_hash=parameter("link_hash"), relayed_at=parameter("now"), mail_code_hash=parameter("mail_code_hash"))
    .returning(_c.id)
)
_END_MAIL = Statement(
    update(outbox)
    .where(_mail.login_id == parameter("id"), _mail.kind == constant("link"), _mail.state == constant("queued"))
    .values(state=constant("failed"), sealed_secret=null(), ended_at=parameter("now"))
    .returning(_mail.attempts)
)
_HELD_BACK = Statement(
    select(audit_events.c.reason).where(
        audit_events.c.login_id == parameter("id"), audit_events.c.name == parameter("name")
    )
)
_WAITING = Statement(
    select(
        *(_c.id, _c.application_id, applications.c.name, _c.mailbox, _c.address, _c.device_label),
        *(_c.created_at, _c.expires_at, _c.decoy, _c.relayed_at, _mail.state),
    )
    .select_from(logins)
    .outerjoin(applications, applications.c.id == _c.application_id)
    .outerjoin(outbox, and_(_mail.login_id == _c.id, _of_link))
    # The first is in the words of the index, which knows what expires when.
    .where(_c.state.in_(constants(OPEN_STATES)), _c.state == constant(State.PENDING), _c.expires_at > parameter("now"))
    .order_by(_c.expires_at)
)


class Waiting(msgspec.Struct, frozen=True):
    """A login whose link may still be opened. `mail` is the state of its outbox row; None: there is none any more."""

    id: str
    application_id: str
    application_name: str | None
    mailbox: bytes
    address: str
    device_label: str | None
    created_at: int
    expires_at: int
    decoy: int
    relayed_at: int | None
    mail: str | None

    def __repr__(self) -> str:
        return f"Waiting(id={self.id!r})"


async def relay(tx: Transaction, login_id: str, *, link_hash: bytes, mail_code_hash: str | None, now: int) -> bool:
    """Give a waiting login another link, once; False where it is a decoy, waits no more, or was given one before."""
    values = {"id": login_id, "link_hash": link_hash, "mail_code_hash": mail_code_hash, "now": now}
    return await tx.one(_RELAY, values) is not None


async def end_mail(tx: Transaction, login_id: str, *, now: int) -> Sequence[int]:
    """End the login's mail if it has not left, and forget its secret: the attempts that were made with it."""
    return [int(row[0]) for row in await tx.all(_END_MAIL, {"id": login_id, "now": now})]


async def held_back(tx: ReadTransaction, login_id: str) -> str | None:
    """Why a login is a decoy, by the audit log."""
    row = await tx.one(_HELD_BACK, {"id": login_id, "name": EventName.MAIL_SUPPRESSED.value})
    return None if row is None else row[0]


async def waiting(tx: ReadTransaction, now: int) -> list[Waiting]:
    """Every login that waits to be approved, decoys among them, by its end."""
    return [Waiting(*row) for row in await tx.all(_WAITING, {"now": now})]
