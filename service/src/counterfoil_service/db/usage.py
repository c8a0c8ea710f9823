# SPDX-License-Identifier: Apache-2.0
"""How much a mailbox, a device key and a network have asked for lately: what budgets are measured by [R94]."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import and_, func, or_, select

from counterfoil_service.db.engine import Query, ReadTransaction, Row
from counterfoil_service.db.logins import NOT_OVER
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import constant, parameter
from counterfoil_service.db.tables import logins, mailings


class Usage(msgspec.Struct, frozen=True):
    """What counts against the budgets of one request; `…_since` is the oldest counted instant, None when none is.

    `lengthened_mails` are those to the mailbox over the longer window, `unanswered_mails` those since anybody answered
    one, and `reports` how often somebody said of one "this was not me". `device_…` are those that this very device
    asked for, as one that has signed in before.
    """

    mailbox_mails: int
    lengthened_mails: int
    mailbox_daily_mails: int
    unanswered_mails: int
    reports: int
    device_mails: int
    device_daily_mails: int
    mailbox_live_logins: int
    device_key: int
    device_key_since: int | None
    address_range: int
    address_range_since: int | None


_c, _m = logins.c, mailings.c
# Decoys can be asked for without limit, and nobody gets their links to answer or report one.
_mailed_logins = and_(_c.mailbox == parameter("mailbox"), _c.decoy == constant(0))
_lately = and_(_mailed_logins, _c.created_at > parameter("unanswered_from"))
_answered = (
    select(func.max(_c.created_at)).where(
        _lately, or_(_c.approved_at.is_not(None), _c.completed_at.is_not(None)), _c.reported_at.is_(None)
    )
).scalar_subquery()
_reports = select(func.count()).select_from(logins).where(_lately, _c.reported_at.is_not(None)).scalar_subquery()


def _since(*instants: "Any") -> "Any":
    return func.count().filter(*(_m.mailed_at > instant for instant in instants))


def _mailed(owner: str, *counts: "Any") -> "Any":
    """Of one owner, in one pass over its mails, which are few."""
    counted = select(*(count.label(f"{owner}_{number}") for number, count in enumerate(counts))).select_from(mailings)
    return counted.where(_m.mailbox == parameter(owner), _m.mailed_at > parameter("mailed_from")).subquery()


def _recent(aggregate: "Any", column: "Any", name: str) -> "Any":
    recent = (
        select(aggregate)
        .select_from(logins)
        .where(column == parameter(name), _c.created_at > parameter(f"{name}_from"))
    )
    # A login that its device gave up does not count against it; one that a newer request superseded does. Those of
    # known devices do not count against their network.
    return recent.where(_c.given_up == constant(0) if name == "jkt" else _c.known_device.is_(None))


_live = and_(
    _mailed_logins,
    NOT_OVER,
    _c.known_device.is_(None),
    _c.expires_at > parameter("now"),
    _c.created_at > parameter("live_from"),
)
_of_mailbox = _mailed(
    "mailbox",
    _since(parameter("mails_from")),
    _since(parameter("lengthened_from")),
    _since(parameter("daily_from")),
    _since(parameter("unanswered_from"), func.coalesce(_answered, constant(0))),
)
_of_device = _mailed("device", _since(parameter("device_from")), _since(parameter("device_daily_from")))
_USAGE = Statement(
    select(
        *_of_mailbox.c,
        _reports,
        *_of_device.c,
        select(func.count()).select_from(logins).where(_live).scalar_subquery(),
        _recent(func.count(), _c.jkt, "jkt").scalar_subquery(),
        _recent(func.min(_c.created_at), _c.jkt, "jkt").scalar_subquery(),
        _recent(func.count(), _c.source_range, "source_range").scalar_subquery(),
        _recent(func.min(_c.created_at), _c.source_range, "source_range").scalar_subquery(),
    ).select_from(_of_mailbox, _of_device)
)

_flood = _mailed("mailbox", _since(parameter("unanswered_from"), func.coalesce(_answered, constant(0))))
_FLOOD = Statement(select(*_flood.c, _reports).select_from(_flood))


def asking(parameters: "dict[str, Any]") -> Query:
    """For `gather`: everything the budgets of one request are measured by; what `found` is then given."""
    return _USAGE, parameters


def found(rows: Sequence[Row]) -> Usage:
    """What was read: an aggregate always answers."""
    return Usage(*rows[0])


async def unanswered(tx: ReadTransaction, mailbox: bytes, *, since: int) -> tuple[int, int]:
    """Mails to it after `since` that came after anybody answered one, and how many logins were reported since."""
    row = await tx.one(_FLOOD, {"mailbox": mailbox, "mailed_from": since, "unanswered_from": since})
    assert row is not None  # noqa: S101 - an aggregate always answers
    return int(row[0]), int(row[1])
