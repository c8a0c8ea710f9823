# SPDX-License-Identifier: Apache-2.0
"""Audit events: appended in the transaction of the change, read back for a login's story."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import null, select, update

from counterfoil_service.core.address_range import coarse
from counterfoil_service.core.alerting import about_of
from counterfoil_service.core.audit_event import PERSONAL_FIELDS, AuditEvent, EventName
from counterfoil_service.core.leaf import leaf_bytes, leaf_of
from counterfoil_service.crypto.keys import CannotUnseal, seal, unseal
from counterfoil_service.db import alerts, mailbox_keys
from counterfoil_service.db.engine import Context, ReadTransaction, Row, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import constant, insert_row, parameter
from counterfoil_service.db.tables import audit_events

_ID_BYTES = 16
_MILLISECOND = 1000
"""Microseconds: what a leaf keeps of a time, so that no edit below it goes unseen."""
_LEAF_INDEX = audit_events.columns.keys().index("leaf_index")

_APPEND = Statement(insert_row(audit_events, omit=frozenset({"position", "leaf_index"})))
_OF_LOGIN = Statement(
    select(audit_events).where(audit_events.c.login_id == parameter("login_id")).order_by(audit_events.c.position)
)
# Without an offset of ours the SQLite dialect would bind one, as a literal value.
_SEALED_FROM = Statement(
    select(audit_events)
    .where(audit_events.c.leaf_index >= parameter("index"))
    .order_by(audit_events.c.leaf_index)
    .limit(parameter("limit"))
    .offset(constant(0))
)
_FORGET_SOURCES = Statement(
    update(audit_events)
    .where(audit_events.c.mailbox == parameter("mailbox"), audit_events.c.source_prefix.is_not(None))
    .values(source_prefix=null())
)


class StoredEvent(msgspec.Struct, frozen=True):
    """An event as read back; `index` is its place in the log, None until it is sealed, `time` in microseconds UTC.

    `personal` is None when it cannot be read any more. One event that was altered must not keep an auditor from all
    others: that it was, `audit verify` says.
    """

    position: int
    index: int | None
    time: int
    event: AuditEvent
    personal: Mapping[str, str] | None


class Stretch(msgspec.Struct, frozen=True):
    """Entries in the log's order; `following` is the index to go on at."""

    events: list[StoredEvent]
    following: int


async def append(tx: Transaction, context: Context, event: AuditEvent, *, mailbox: bytes | None = None) -> None:
    """Write one event; its personal fields are sealed under the mailbox's key, or left out when there is none.

    Beside the leaf stands the coarse form of the address it came from, for thirty days [R112]. An event that wants a
    look raises an alert with it; any other costs one statement.

    A `ValueError` for one that the inventory does not know: what is personal is declared before it is kept [R111].
    """
    if unknown := event.personal.keys() - PERSONAL_FIELDS:
        raise ValueError(f"no personal field of the audit log: {', '.join(sorted(unknown))}")
    event_id, time = context.entropy(_ID_BYTES), context.now // _MILLISECOND * _MILLISECOND
    sealed = None
    if event.personal and mailbox is not None:
        key = await mailbox_keys.of_writer(tx, context.keys.seal_mailbox, mailbox)
        if key is not None:
            text = msgspec.json.encode(event.personal)
            sealed = seal(key, text, associated=event_id, entropy=context.entropy)
    # What no log could take is found out here, where it can still be refused: one such event would end all sealing.
    leaf_bytes(leaf_of(event, event_id=event_id, time=time, sealed=sealed))
    row = msgspec.structs.asdict(event)
    del row["personal"]
    row |= {"id": event_id, "time": time, "sealed": sealed, "mailbox": mailbox}
    row["source_prefix"] = None if sealed is None else coarse(event.personal.get("source", ""))
    row["fields"] = msgspec.json.encode(event.fields, order="sorted").decode()
    await tx.run(_APPEND, row)
    about = about_of(event, mailbox)
    if about is not None:
        await alerts.raise_alert(tx, context, event, about)


async def of_login(tx: ReadTransaction, seal_key: bytes, login_id: str) -> list[StoredEvent]:
    """Every event of one login, in the order in which they were written."""
    return await stored(tx, seal_key, await tx.all(_OF_LOGIN, {"login_id": login_id}))


async def sealed_from(tx: ReadTransaction, seal_key: bytes, index: int, limit: int) -> Stretch:
    """At most `limit` entries of the log from this index on."""
    rows = await tx.all(_SEALED_FROM, {"index": index, "limit": limit})
    return Stretch(await stored(tx, seal_key, rows), int(rows[-1][_LEAF_INDEX]) + 1 if rows else index)


async def stored(tx: ReadTransaction, seal_key: bytes, rows: "Sequence[Row]") -> list[StoredEvent]:
    """Whole rows of `audit_events` as events, their personal fields unsealed where their keys still are there.

    A row that is no event that this release knows is passed over: a newer replica wrote it, or somebody edited it, and
    it must not keep an auditor from all others. Exports show the first, `audit verify` finds the second.
    """
    named = [dict(zip(audit_events.columns.keys(), columns, strict=True)) for columns in rows]
    known = [(row, event) for row in named if (event := _event(row)) is not None]
    sealed = (bytes(row["mailbox"]) for row, _ in known if row["sealed"] is not None and row["mailbox"] is not None)
    keys, found = await mailbox_keys.get_all(tx, seal_key, sealed), list[StoredEvent]()
    for row, event in known:
        index = row["leaf_index"]
        place = None if index is None else int(index)
        found.append(StoredEvent(int(row["position"]), place, int(row["time"]), event, _personal(keys, row)))
    return found


async def forget_sources(tx: Transaction, mailbox: bytes) -> None:
    """Take the coarse addresses of a mailbox's events away."""
    await tx.run(_FORGET_SOURCES, {"mailbox": mailbox})


def _event(row: "dict[str, Any]") -> AuditEvent | None:
    references = ("outcome", "reason", "login_id", "application_id", "session_id", "subject", "jkt")
    try:
        return AuditEvent(
            name=EventName(row["name"]),
            fields=msgspec.json.decode(row["fields"], type=dict[str, str | int]),
            **{name: row[name] for name in references},
        )
    except (ValueError, TypeError):
        return None


def _personal(keys: Mapping[bytes, bytes], row: "dict[str, Any]") -> Mapping[str, str] | None:
    sealed, mailbox = row["sealed"], row["mailbox"]
    if sealed is None:
        return {}
    key = None if mailbox is None else keys.get(bytes(mailbox))
    if key is None:
        return None
    try:
        text = unseal(key, bytes(sealed), associated=bytes(row["id"]))
    except CannotUnseal:
        return None  # sealed under an earlier key of this mailbox, which was erased, or altered
    return msgspec.json.decode(text, type=dict[str, str])
