# SPDX-License-Identifier: Apache-2.0
"""Devices: one row for each key that signed a person in to an application, or asked to where only known ones may."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.base import Executable

from counterfoil_service.db.engine import Query, ReadTransaction, Row, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import constant, parameter
from counterfoil_service.db.tables import devices, users

DeviceState = Literal["known", "waiting"]


class Device(msgspec.Struct, frozen=True):
    """`key_id` is the thumbprint of its key; for a browser, the base64url SHA-256 of its cookie.

    `waiting`: the application refuses new devices, and nobody has enrolled this one yet.
    """

    id: str
    user_id: str
    application_id: str
    key_id: str
    label: str | None
    state: DeviceState
    first_seen_at: int
    last_seen_at: int
    fingerprint: str | None = None
    """The last evidence that was good enough, as `core.evidence` encodes it."""
    told: str | None = None
    """What was last told of how it differs from that, and at `told_at` by mail; None while it does not."""
    told_at: int | None = None

    def __repr__(self) -> str:
        return f"Device(id={self.id!r})"


_d = devices.c


def _meeting(dialect: "Any") -> Executable:
    """INSERT, or a note on the row that is there; either way the row is held until the end of the transaction."""
    fresh = dialect.insert(devices).values({column.name: bindparam(column.name) for column in devices.columns})
    noted = {"last_seen_at": fresh.excluded.last_seen_at, "label": func.coalesce(fresh.excluded.label, _d.label)}
    owner = [_d.user_id, _d.application_id, _d.key_id]
    body: Executable = fresh.on_conflict_do_update(index_elements=owner, set_=noted).returning(*devices.columns)
    return body


_MEET = Statement(_meeting(sqlite), postgresql=_meeting(postgresql))
_GET = Statement(select(devices).where(_d.id == parameter("id")))
_FIND = Statement(
    select(*devices.columns)
    .select_from(devices)
    .join(users, users.c.id == _d.user_id)
    .where(
        users.c.mailbox == parameter("mailbox"),
        _d.application_id == parameter("application_id"),
        _d.key_id == parameter("key_id"),
    )
)
_REMEMBER = Statement(
    update(devices)
    .where(_d.id == parameter("id"), _d.fingerprint.is_not_distinct_from(parameter("before")))
    .values(fingerprint=parameter("fingerprint"), told=parameter("told"), told_at=parameter("told_at"))
    .returning(_d.id)
)
_TELL = Statement(
    update(devices)
    .where(_d.id == parameter("id"), _d.told.is_distinct_from(parameter("told")))
    .values(told=parameter("told"), told_at=parameter("told_at"))
    .returning(_d.id)
)
_ENROL = Statement(
    update(devices)
    .where(_d.id == parameter("id"), _d.state == constant("waiting"))
    .values(state=constant("known"))
    .returning(_d.id)
)
_FORGET_KEY = Statement(
    delete(devices)
    .where(_d.user_id == parameter("user_id"), _d.key_id == parameter("key_id"))
    .returning(*devices.columns)
)
_FORGET_AT = Statement(delete(devices).where(_d.application_id == parameter("application_id")))
_FORGET_ALL = Statement(delete(devices).where(_d.user_id == parameter("user_id")))
_OF_USER = Statement(select(devices).where(_d.user_id == parameter("user_id")).order_by(_d.last_seen_at.desc()))
_LIST = Statement(select(devices).order_by(_d.last_seen_at.desc()))


def _device(row: "Any") -> Device | None:
    return None if row is None else Device(*row)


async def meet(tx: Transaction, device: Device) -> Device:
    """The stored device of this owner and key: this very one where there was none; else its use and name are noted."""
    row = await tx.one(_MEET, msgspec.structs.asdict(device))
    assert row is not None  # noqa: S101 - inserted or there
    return Device(*row)


async def get(tx: ReadTransaction, device_id: str) -> Device | None:
    """By its id."""
    return _device(await tx.one(_GET, {"id": device_id}))


def asking(mailbox: bytes, application_id: str, key_id: str) -> Query:
    """For `gather`: a person's device at an application, by its key; what `device_of` is then given."""
    return _FIND, {"mailbox": mailbox, "application_id": application_id, "key_id": key_id}


def asking_by_id(device_id: str) -> Query:
    """For `gather`: what `device_of` is then given."""
    return _GET, {"id": device_id}


def device_of(rows: Sequence[Row]) -> Device | None:
    """What was read of it."""
    return _device(rows[0] if rows else None)


async def remember(tx: Transaction, device: Device, fingerprint: str, *, told_at: int | None) -> bool:
    """Compare with this evidence from now on; False when somebody else has moved it since the device was read."""
    values = {"id": device.id, "before": device.fingerprint, "fingerprint": fingerprint}
    return await tx.one(_REMEMBER, values | {"told": None, "told_at": told_at}) is not None


async def tell(tx: Transaction, device_id: str, told: str, *, told_at: int | None) -> bool:
    """Note what is told of a device, and when by mail; False when just that was told before."""
    return await tx.one(_TELL, {"id": device_id, "told": told, "told_at": told_at}) is not None


async def enrol(tx: Transaction, device_id: str) -> bool:
    """Waiting → known; False when it did not wait."""
    return await tx.one(_ENROL, {"id": device_id}) is not None


async def forget_key(tx: Transaction, *, user_id: str, key_id: str) -> list[Device]:
    """Delete a person's devices with this key, in whatever application; what was deleted."""
    return [Device(*row) for row in await tx.all(_FORGET_KEY, {"user_id": user_id, "key_id": key_id})]


async def forget_at(tx: Transaction, application_id: str) -> None:
    """Delete every device of an application."""
    await tx.run(_FORGET_AT, {"application_id": application_id})


async def forget_all(tx: Transaction, user_id: str) -> None:
    """Delete every device of a person."""
    await tx.run(_FORGET_ALL, {"user_id": user_id})


async def of_user(tx: ReadTransaction, user_id: str) -> list[Device]:
    """A person's devices, last seen first."""
    return [Device(*row) for row in await tx.all(_OF_USER, {"user_id": user_id})]


async def list_all(tx: ReadTransaction) -> list[Device]:
    """Everybody's, last seen first."""
    return [Device(*row) for row in await tx.all(_LIST, {})]
