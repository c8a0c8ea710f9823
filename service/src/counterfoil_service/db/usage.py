# SPDX-License-Identifier: Apache-2.0
"""How much a mailbox, a device key and a network have asked for lately: what budgets are measured by [R94]."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import and_, func, select

from counterfoil_service.db.engine import Query, Row
from counterfoil_service.db.logins import NOT_OVER
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import constant, parameter
from counterfoil_service.db.tables import logins, mailings


class Usage(msgspec.Struct, frozen=True):
    """What counts against the budgets of one request; `…_since` is the oldest counted instant, None when none is."""

    mailbox_mails: int
    mailbox_daily_mails: int
    mailbox_live_logins: int
    device_key: int
    device_key_since: int | None
    address_range: int
    address_range_since: int | None


_c = logins.c


def _mailed(since: str) -> "Any":
    counted = and_(mailings.c.mailbox == parameter("mailbox"), mailings.c.mailed_at > parameter(since))
    return select(func.count()).select_from(mailings).where(counted).scalar_subquery()


def _recent(aggregate: "Any", column: "Any", name: str) -> "Any":
    recent = (
        select(aggregate)
        .select_from(logins)
        .where(column == parameter(name), _c.created_at > parameter(f"{name}_from"))
    )
    # A login that its device gave up does not count against it; one that a newer request superseded does.
    return recent.where(_c.given_up == constant(0)) if name == "jkt" else recent


_live = and_(
    _c.mailbox == parameter("mailbox"),
    NOT_OVER,
    _c.decoy == constant(0),
    _c.expires_at > parameter("now"),
    _c.created_at > parameter("live_from"),
)
_USAGE = Statement(
    select(
        _mailed("mails_from"),
        _mailed("daily_from"),
        select(func.count()).select_from(logins).where(_live).scalar_subquery(),
        _recent(func.count(), _c.jkt, "jkt").scalar_subquery(),
        _recent(func.min(_c.created_at), _c.jkt, "jkt").scalar_subquery(),
        _recent(func.count(), _c.source_range, "source_range").scalar_subquery(),
        _recent(func.min(_c.created_at), _c.source_range, "source_range").scalar_subquery(),
    )
)


def asking(parameters: "dict[str, Any]") -> Query:
    """For `gather`: everything the budgets of one request are measured by; what `found` is then given."""
    return _USAGE, parameters


def found(rows: Sequence[Row]) -> Usage:
    """What was read: an aggregate always answers."""
    return Usage(*rows[0])
