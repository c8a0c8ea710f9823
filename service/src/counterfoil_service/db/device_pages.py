# SPDX-License-Identifier: Apache-2.0
"""Devices as operators look at them: page by page, the newest first; all, or those that differ now."""

from typing import Any, Literal

import msgspec
from sqlalchemy import Select, select, tuple_

from counterfoil_service.core.row_cursor import BEFORE_ALL, RowCursor
from counterfoil_service.db.devices import Device
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.sessions import Session
from counterfoil_service.db.statements import first_rows, parameter
from counterfoil_service.db.tables import applications, devices, sessions, users

Shown = Literal["all", "differing"]

_d, _s = devices.c, sessions.c
_shown = (
    select(*devices.columns, users.c.address, applications.c.name)
    .select_from(devices)
    .outerjoin(users, users.c.id == _d.user_id)
    .outerjoin(applications, applications.c.id == _d.application_id)
)


def _newest_first(*conditions: "Any") -> "Select[Any]":
    place = tuple_(parameter("before_time"), parameter("before_id"))
    behind = _shown.where(*conditions, tuple_(_d.first_seen_at, _d.id) < place)
    return first_rows(behind.order_by(_d.first_seen_at.desc(), _d.id.desc()))


_PAGE: dict[Shown, Statement] = {
    "all": Statement(_newest_first()),
    "differing": Statement(_newest_first(_d.told.is_not(None))),
}
_ONE = Statement(_shown.where(_d.id == parameter("id")))
_SESSIONS = Statement(
    first_rows(
        select(*(_s[name] for name in Session.__struct_fields__))
        .where(_s.user_id == parameter("user_id"), _s.device_id == parameter("device_id"), _s.ended_at.is_(None))
        .order_by(_s.last_used_at.desc())
    )
)


class ShownDevice(msgspec.Struct, frozen=True):
    """A device, whose it is and where; None: the person, or the application, is none any more."""

    device: Device
    address: str | None
    application_name: str | None

    def __repr__(self) -> str:
        return f"ShownDevice(device={self.device!r})"


class DevicesPage(msgspec.Struct, frozen=True):
    """`following` None: there is nothing behind."""

    devices: list[ShownDevice]
    following: RowCursor | None


async def device_page(tx: ReadTransaction, shown: Shown, after: RowCursor | None, limit: int) -> DevicesPage:
    """At most `limit` devices behind `after`, by when they came; `differing`: those alone that look like others."""
    start = after or BEFORE_ALL
    values = {"before_time": start.time, "before_id": start.id, "limit": limit + 1}
    found = [_device(row) for row in await tx.all(_PAGE[shown], values)]
    last = found[limit - 1].device if len(found) > limit else None
    return DevicesPage(found[:limit], None if last is None else RowCursor(last.first_seen_at, last.id))


async def shown_device(tx: ReadTransaction, device_id: str) -> ShownDevice | None:
    """One of them."""
    row = await tx.one(_ONE, {"id": device_id})
    return None if row is None else _device(row)


async def sessions_at(tx: ReadTransaction, device: Device, *, limit: int) -> list[Session]:
    """Its sessions that nobody ended, last used first; a limit may have ended some."""
    values = {"user_id": device.user_id, "device_id": device.id, "limit": limit}
    return [Session(*row) for row in await tx.all(_SESSIONS, values)]


def _device(row: "Any") -> ShownDevice:
    return ShownDevice(Device(*row[:-2]), row[-2], row[-1])
