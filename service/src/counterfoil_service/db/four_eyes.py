# SPDX-License-Identifier: Apache-2.0
"""Requests for a second person: each decision and each use is one conditional write."""

from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, update

from counterfoil_service.core.four_eyes import Act, SecondPerson
from counterfoil_service.db.engine import ReadTransaction, Row, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import change_due, constant, due_rows, first_rows, insert_row, parameter
from counterfoil_service.db.tables import applications, four_eyes, logins, operators, users

MOST_REQUESTS: Final = 10
"""About one login or person, the newest: as many as a page looks at."""

_f = four_eyes.c
_asker, _decider = operators.alias("asker"), operators.alias("decider")
_waits = and_(_f.granted.is_(None), _f.expires_at > parameter("now"))
_unused = and_(_f.used_at.is_(None), _f.expires_at > parameter("now"))
_this = and_(_f.act == parameter("act"), _f.target == parameter("target"))

_ADD = Statement(insert_row(four_eyes))
_BY_ID = Statement(select(four_eyes).where(_f.id == parameter("id")))
_OPEN = Statement(
    select(_f.id).where(
        _this, _f.requested_by == parameter("by"), _unused, or_(_f.granted.is_(None), _f.granted == constant(1))
    )
)
_DECIDE = Statement(
    update(four_eyes)
    .where(_f.id == parameter("id"), _waits, _f.requested_by != parameter("by"))
    .values(
        decided_by=parameter("by"),
        decided_at=parameter("now"),
        granted=parameter("granted"),
        expires_at=parameter("expires_at"),
    )
    .returning(_f.id)
)
_USE = Statement(
    update(four_eyes)
    .where(_this, _f.requested_by == parameter("by"), _f.granted == constant(1), _unused)
    .values(used_at=parameter("now"))
    .returning(_f.decided_by)
)
_granted = and_(_f.requested_by == parameter("by"), _f.granted == constant(1), _f.used_at.is_(None))
_COUNT = Statement(
    select(func.count()).where(
        _f.expires_at > parameter("now"),
        or_(and_(_f.granted.is_(None), _f.requested_by != parameter("by")), _granted),
    )
)


def _shown(*conditions: "ColumnElement[bool]") -> "Select[Any]":
    return (
        select(
            *four_eyes.columns,
            *(_asker.c.address, _decider.c.address),
            *(func.coalesce(users.c.address, logins.c.address), logins.c.application_id, applications.c.name),
        )
        .select_from(four_eyes)
        .outerjoin(_asker, _asker.c.id == _f.requested_by)
        .outerjoin(_decider, _decider.c.id == _f.decided_by)
        .outerjoin(logins, and_(_f.act == constant("relay"), logins.c.id == _f.target))
        .outerjoin(applications, applications.c.id == logins.c.application_id)
        .outerjoin(users, and_(_f.act == constant("erase"), users.c.id == _f.target))
        .where(*conditions)
    )


_WAITING = Statement(first_rows(_shown(_waits).order_by(_f.expires_at, _f.id)))
_GRANTED = Statement(first_rows(_shown(_granted, _f.expires_at > parameter("now")).order_by(_f.expires_at, _f.id)))
_OTHERS = Statement(
    first_rows(
        _shown(_f.id < parameter("before"), or_(_f.granted.is_not(None), _f.expires_at <= parameter("now"))).order_by(
            _f.id.desc()
        )
    )
)
_ABOUT = Statement(first_rows(_shown(_this).order_by(_f.id.desc())))
_theirs = select(logins.c.id).where(logins.c.mailbox == parameter("mailbox"))
_BLANK = Statement(
    update(four_eyes)
    .where(
        or_(
            and_(_f.act == constant("erase"), _f.target == parameter("target")),
            and_(_f.act == constant("relay"), _f.target.in_(_theirs)),
        )
    )
    .values(reason=parameter("nothing"))
)
_old = due_rows(select(_f.id).where(_f.expires_at <= parameter("before")), _f.expires_at)
_PURGE = change_due(delete(four_eyes).returning(_f.id), _f.id, _old)


class ShownRequest(msgspec.Struct, frozen=True):
    """A request and whom it is about, as far as that is still kept. Addresses are None for who is gone by now."""

    request: SecondPerson
    asked_by: str | None
    decided_by: str | None
    address: str | None
    application_id: str | None
    application_name: str | None

    def __repr__(self) -> str:
        return f"ShownRequest(request={self.request!r})"


async def add_request(tx: Transaction, request: SecondPerson) -> None:
    """Keep a new one."""
    await tx.run(_ADD, msgspec.structs.asdict(request))


async def get_request(tx: ReadTransaction, request_id: str) -> SecondPerson | None:
    """By its id."""
    row = await tx.one(_BY_ID, {"id": request_id})
    return None if row is None else SecondPerson(*row)


async def is_open(tx: ReadTransaction, act: Act, target: str, *, by: str, now: int) -> bool:
    """Whether this operator has asked for it, and neither was refused nor has done it."""
    return await tx.one(_OPEN, {"act": act, "target": target, "by": by, "now": now}) is not None


async def decide(tx: Transaction, request_id: str, *, by: str, granted: bool, now: int, expires_at: int) -> bool:
    """Grant or decline; False where somebody has decided, its time is over, or `by` asked for it."""
    values = {"id": request_id, "by": by, "granted": int(granted), "now": now, "expires_at": expires_at}
    return await tx.one(_DECIDE, values) is not None


async def use(tx: Transaction, act: Act, target: str, *, by: str, now: int) -> str | None:
    """Use up what this operator was granted: the operator who granted it, or None where nobody has, or it was used."""
    row = await tx.one(_USE, {"act": act, "target": target, "by": by, "now": now})
    return None if row is None else str(row[0])


async def count_to_do(tx: ReadTransaction, by: str, now: int) -> int:
    """How many wait for the operator `by`: others' requests for a decision, and what was granted to them."""
    row = await tx.one(_COUNT, {"by": by, "now": now})
    return 0 if row is None else int(row[0])


async def waiting_requests(tx: ReadTransaction, *, now: int, limit: int) -> list[ShownRequest]:
    """Those that nobody has decided, the one that ends first on top."""
    return [_request(row) for row in await tx.all(_WAITING, {"now": now, "limit": limit})]


async def granted_requests(tx: ReadTransaction, *, by: str, now: int, limit: int) -> list[ShownRequest]:
    """What `by` may do and has not done, the one that ends first on top."""
    return [_request(row) for row in await tx.all(_GRANTED, {"by": by, "now": now, "limit": limit})]


async def other_requests(tx: ReadTransaction, *, before: str, now: int, limit: int) -> list[ShownRequest]:
    """Those that were decided or whose time is over, the newest first, older than the id `before`."""
    return [_request(row) for row in await tx.all(_OTHERS, {"before": before, "now": now, "limit": limit})]


async def requests_about(tx: ReadTransaction, act: Act, target: str, limit: int) -> list[ShownRequest]:
    """The newest first."""
    return [_request(row) for row in await tx.all(_ABOUT, {"act": act, "target": target, "limit": limit})]


async def blank_reasons(tx: Transaction, mailbox: bytes, target: str) -> None:
    """Take out what operators wrote about a mailbox's logins, and about erasing its person, who is `target`."""
    await tx.run(_BLANK, {"mailbox": mailbox, "target": target, "nothing": ""})


async def purge_requests(tx: Transaction, *, before: int, limit: int) -> int:
    """Delete those whose time was over `before` or earlier; how many."""
    return len(await tx.all(_PURGE, {"before": before, "limit": limit}))


def _request(row: Row) -> ShownRequest:
    return ShownRequest(SecondPerson(*row[:-5]), *row[-5:])
