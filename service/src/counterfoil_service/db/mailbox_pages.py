# SPDX-License-Identifier: Apache-2.0
"""What there is of one mailbox and its person, as operators see it: the latest of each, never all of it."""

from typing import Any

import msgspec
from sqlalchemy import Column, Select, select

from counterfoil_service.db.devices import Device
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.db.logins import NOT_OVER
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.sessions import Listed, Session
from counterfoil_service.db.statements import constant, first_rows, parameter
from counterfoil_service.db.tables import applications, devices, logins, mailbox_keys, mailings, sessions

_l, _m, _s, _d, _k = logins.c, mailings.c, sessions.c, devices.c, mailbox_keys.c


def _latest(rows: "Select[Any]", by: "Column[Any]") -> "Select[Any]":
    return first_rows(rows.order_by(by.desc()))


_KEPT = Statement(select(_k.created_at, _k.mail_code_misses).where(_k.mailbox == parameter("mailbox")))
_MAILED = Statement(
    _latest(
        select(_m.mailed_at).where(_m.mailbox == parameter("mailbox"), _m.mailed_at > parameter("since")), _m.mailed_at
    )
)
_LIVE = Statement(
    _latest(
        select(_l.created_at, _l.expires_at).where(
            _l.mailbox == parameter("mailbox"),
            NOT_OVER,
            _l.decoy == constant(0),
            _l.known_device.is_(None),
            _l.expires_at > parameter("now"),
            _l.created_at > parameter("since"),
        ),
        _l.created_at,
    )
)
_SESSIONS = Statement(
    _latest(
        select(*(_s[name] for name in Session.__struct_fields__), applications.c.name, _d.label)
        .select_from(sessions)
        .outerjoin(applications, applications.c.id == _s.application_id)
        .outerjoin(devices, _d.id == _s.device_id)
        .where(_s.user_id == parameter("user_id"), _s.ended_at.is_(None)),
        _s.last_used_at,
    )
)
_DEVICES = Statement(
    _latest(
        select(*devices.columns, applications.c.name)
        .select_from(devices)
        .outerjoin(applications, applications.c.id == _d.application_id)
        .where(_d.user_id == parameter("user_id")),
        _d.last_seen_at,
    )
)


class KeptMailbox(msgspec.Struct, frozen=True):
    """When it first asked, or was invited; and how many mail codes were missed in a row."""

    since: int
    misses: int


class OwnedDevice(msgspec.Struct, frozen=True):
    """A device, and what people call its application."""

    device: Device
    application_name: str | None


async def kept_mailbox(tx: ReadTransaction, mailbox: bytes) -> KeptMailbox | None:
    """None where nobody ever asked for it, or it was erased since."""
    row = await tx.one(_KEPT, {"mailbox": mailbox})
    return None if row is None else KeptMailbox(*row)


async def mailed_instants(tx: ReadTransaction, mailbox: bytes, *, since: int, limit: int) -> list[int]:
    """When it was mailed after `since`, newest first."""
    return [int(row[0]) for row in await tx.all(_MAILED, {"mailbox": mailbox, "since": since, "limit": limit})]


async def live_logins(
    tx: ReadTransaction, mailbox: bytes, *, since: int, now: int, limit: int
) -> list[tuple[int, int]]:
    """When those of its logins began, and will end, that its budget of living ones counts; newest first."""
    rows = await tx.all(_LIVE, {"mailbox": mailbox, "since": since, "now": now, "limit": limit})
    return [(int(row[0]), int(row[1])) for row in rows]


async def latest_sessions(tx: ReadTransaction, user_id: str, *, limit: int) -> list[Listed]:
    """Those that nobody ended, last used first; a limit may have ended some."""
    rows = await tx.all(_SESSIONS, {"user_id": user_id, "limit": limit})
    return [Listed(Session(*row[:-2]), row[-2], row[-1]) for row in rows]


async def latest_devices(tx: ReadTransaction, user_id: str, *, limit: int) -> list[OwnedDevice]:
    """Last seen first."""
    rows = await tx.all(_DEVICES, {"user_id": user_id, "limit": limit})
    return [OwnedDevice(Device(*row[:-1]), row[-1]) for row in rows]
