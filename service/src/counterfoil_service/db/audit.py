# SPDX-License-Identifier: Apache-2.0
"""Audit events: appended in the transaction of the change, read back for a login's story."""

from collections.abc import Mapping

import msgspec
from sqlalchemy import select

from counterfoil_service.core.audit_event import PERSONAL_FIELDS, AuditEvent, EventName
from counterfoil_service.core.leaf import leaf_bytes, leaf_of
from counterfoil_service.crypto.keys import CannotUnseal, seal, unseal
from counterfoil_service.db import mailbox_keys
from counterfoil_service.db.engine import Context, ReadTransaction, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import insert_row, parameter
from counterfoil_service.db.tables import audit_events

_ID_BYTES = 16
_MILLISECOND = 1000
"""Microseconds: what a leaf keeps of a time, so that no edit below it goes unseen."""

_APPEND = Statement(insert_row(audit_events, omit=frozenset({"position", "leaf_index"})))
_OF_LOGIN = Statement(
    select(audit_events).where(audit_events.c.login_id == parameter("login_id")).order_by(audit_events.c.position)
)


class StoredEvent(msgspec.Struct, frozen=True):
    """An event as read back; `personal` is None when it cannot be read any more. `time` is in microseconds UTC."""

    position: int
    time: int
    event: AuditEvent
    personal: Mapping[str, str] | None


async def append(tx: Transaction, context: Context, event: AuditEvent, *, mailbox: bytes | None = None) -> None:
    """Write one event; its personal fields are sealed under the mailbox's key, or left out when there is none.

    A `ValueError` for one that the inventory does not know: what is personal is declared before it is kept [R111].
    """
    if unknown := event.personal.keys() - PERSONAL_FIELDS:
        raise ValueError(f"no personal field of the audit log: {', '.join(sorted(unknown))}")
    event_id, time = context.entropy(_ID_BYTES), context.now // _MILLISECOND * _MILLISECOND
    sealed = None
    if event.personal and mailbox is not None:
        key = await mailbox_keys.get(tx, context.keys.seal_mailbox, mailbox)
        if key is not None:
            text = msgspec.json.encode(event.personal)
            sealed = seal(key, text, associated=event_id, entropy=context.entropy)
    # What no log could take is found out here, where it can still be refused: one such event would end all sealing.
    leaf_bytes(leaf_of(event, event_id=event_id, time=time, sealed=sealed))
    row = msgspec.structs.asdict(event)
    del row["personal"]
    row |= {"id": event_id, "time": time, "sealed": sealed, "mailbox": mailbox}
    row["fields"] = msgspec.json.encode(event.fields, order="sorted").decode()
    await tx.run(_APPEND, row)


async def of_login(tx: ReadTransaction, seal_key: bytes, login_id: str) -> list[StoredEvent]:
    """Every event of one login, in the order in which they were written."""
    return [await _stored(tx, seal_key, dict(zip(audit_events.columns.keys(), row, strict=True))) for row in
            await tx.all(_OF_LOGIN, {"login_id": login_id})]  # fmt: skip


async def _stored(tx: ReadTransaction, seal_key: bytes, row: "dict[str, object]") -> StoredEvent:
    event = AuditEvent(
        name=EventName(str(row["name"])),
        fields=msgspec.json.decode(str(row["fields"])),
        **{
            name: row[name]
            for name in ("outcome", "reason", "login_id", "application_id", "session_id", "subject", "jkt")
        },  # type: ignore[arg-type]  # the columns hold what the fields take
    )
    return StoredEvent(
        position=int(str(row["position"])),
        time=int(str(row["time"])),
        event=event,
        personal=await _personal(tx, seal_key, row),
    )


async def _personal(tx: ReadTransaction, seal_key: bytes, row: "dict[str, object]") -> Mapping[str, str] | None:
    sealed, mailbox, event_id = row["sealed"], row["mailbox"], row["id"]
    if not isinstance(sealed, bytes):
        return {}
    if not isinstance(mailbox, bytes) or not isinstance(event_id, bytes):
        return None
    key = await mailbox_keys.get(tx, seal_key, mailbox)
    if key is None:
        return None
    try:
        text = unseal(key, sealed, associated=event_id)
    except CannotUnseal:
        if await mailbox_keys.made_at(tx, mailbox) > int(str(row["time"])):
            return None  # sealed under a key that was erased
        raise
    return msgspec.json.decode(text, type=dict[str, str])
