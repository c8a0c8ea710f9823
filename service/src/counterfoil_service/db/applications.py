# SPDX-License-Identifier: Apache-2.0
"""Registered applications."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import delete, select, update

from counterfoil_service.core.application import CHANGEABLE, OWN, OWN_ID, Application
from counterfoil_service.db.engine import Query, ReadTransaction, Row, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import insert_unless_there, parameter
from counterfoil_service.db.tables import applications, logins

_ADD = insert_unless_there(applications, applications.c.id)
_GET = Statement(select(applications).where(applications.c.id == parameter("id")))
_OF_LINK = Statement(
    select(*applications.columns)
    .select_from(applications)
    .join(logins, logins.c.application_id == applications.c.id)
    .where(logins.c.link_hash == parameter("hash"))
)
_HOLD = Statement(select(applications).where(applications.c.id == parameter("id")).with_for_update())
_CHANGE = Statement(
    update(applications)
    .where(applications.c.id == parameter("id"))
    .values({name: parameter(name) for name in CHANGEABLE})
)
_RENEW_SECRET = Statement(
    update(applications)
    .where(applications.c.id == parameter("id"), applications.c.secret_hash.is_not(None))
    .values(secret_hash=parameter("secret_hash"))
    .returning(applications.c.id)
)
_LIST = Statement(select(applications).order_by(applications.c.id))
_REMOVE = Statement(delete(applications).where(applications.c.id == parameter("id")).returning(applications.c.id))


def _application(row: "Any") -> Application:
    id_, name, scopes, audiences, dpop, fingerprint, created_at, secret_hash, redirect_uris, new_devices = row[:10]
    same_device_only, mail_code, colour, logo_text = row[10:]
    return Application(
        id_,
        name,
        tuple(scopes.split()),
        tuple(msgspec.json.decode(audiences)),
        dpop,
        fingerprint,
        created_at,
        secret_hash,
        tuple(msgspec.json.decode(redirect_uris)),
        new_devices,
        bool(same_device_only),
        bool(mail_code),
        colour,
        logo_text,
    )


def _columns(application: Application) -> "dict[str, Any]":
    values = msgspec.structs.asdict(application)
    values["same_device_only"] = int(application.same_device_only)
    values["mail_code"] = int(application.mail_code)
    values["scopes"] = " ".join(application.scopes)
    values["audiences"] = msgspec.json.encode(application.audiences).decode()
    values["redirect_uris"] = msgspec.json.encode(application.redirect_uris).decode()
    return values


async def add(tx: Transaction, application: Application) -> bool:
    """Insert; False when the id is in use."""
    return await tx.one(_ADD, _columns(application)) is not None


async def hold(tx: Transaction, application_id: str) -> Application | None:
    """By its client id, its row held until the end of the transaction."""
    rows = await tx.all(_HOLD, {"id": application_id})
    return _application(rows[0]) if rows else None


async def change(tx: Transaction, application: Application) -> None:
    """Write what of it may change; its row is held."""
    columns = _columns(application)
    await tx.run(_CHANGE, {name: columns[name] for name in ("id", *CHANGEABLE)})


async def renew_secret(tx: Transaction, application_id: str, secret_hash: str) -> bool:
    """Put another secret in the place of the one there is; False where there is none."""
    return await tx.one(_RENEW_SECRET, {"id": application_id, "secret_hash": secret_hash}) is not None


async def get(tx: ReadTransaction, application_id: str) -> Application | None:
    """By its client id; the service's own pages have theirs without a row."""
    return found(application_id, await tx.all(*asking(application_id)))


def asking(application_id: str) -> Query:
    """For `gather`: what `found` is then given."""
    return _GET, {"id": application_id}


def asking_by_link(link_hash: bytes) -> Query:
    """For `gather`: which application asked for the link of this SHA-256; what `found` is then given."""
    return _OF_LINK, {"hash": link_hash}


def found(application_id: str, rows: Sequence[Row]) -> Application | None:
    """What was read of it."""
    if application_id == OWN_ID:
        return OWN
    return _application(rows[0]) if rows else None


async def list_all(tx: ReadTransaction) -> list[Application]:
    """All, by id."""
    return [_application(row) for row in await tx.all(_LIST, {})]


async def remove(tx: Transaction, application_id: str) -> bool:
    """Delete; False when there was none."""
    return await tx.one(_REMOVE, {"id": application_id}) is not None
