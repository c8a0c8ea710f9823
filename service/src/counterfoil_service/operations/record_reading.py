# SPDX-License-Identifier: Apache-2.0
"""Who may read the audit log, and the record that they did, in one transaction: neither without the other [R139]."""

from typing import Literal

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.operator import is_token
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import audit, operators
from counterfoil_service.db.engine import Context, ReadTransaction, Transaction

Part = Literal["events", "login", "stream", "entries"]


class RecordReading(msgspec.Struct, frozen=True, kw_only=True):
    """`token` is what the caller sent. Of an address range `filters` says only that there was one [R132]."""

    token: str
    part: Part
    filters: str | None = None
    login: str | None = None
    from_index: int | None = None

    def __repr__(self) -> str:
        return f"RecordReading(part={self.part!r})"


class RecordStaffReading(msgspec.Struct, frozen=True, kw_only=True):
    """The same of somebody at the console, of either role, who is told by their session and has no token."""

    operator_id: str
    part: Part
    filters: str | None = None
    login: str | None = None
    from_index: int | None = None


async def record_reading(tx: Transaction, command: RecordReading, context: Context) -> str:
    """The reader's operator id; a Refusal, and no record, for who is no auditor."""
    operator_id = await auditor(tx, command.token)
    await operators.note_use(tx, digest(command.token), now=context.now)
    await _record(tx, operator_id, command, context)
    return operator_id


async def record_staff_reading(tx: Transaction, command: RecordStaffReading, context: Context) -> None:
    """A Refusal, and no record, for who has lost the role meanwhile."""
    await check_staff(tx, command.operator_id)
    await _record(tx, command.operator_id, command, context)


async def check_staff(tx: ReadTransaction, operator_id: str) -> None:
    """A Refusal for who has no role, or not any more: operators and auditors may both read."""
    if await operators.get(tx, operator_id) is None:
        raise Refusal(ErrorCode.ACCESS_DENIED, "You have no role here any more.")


async def _record(
    tx: Transaction, operator_id: str, reading: RecordReading | RecordStaffReading, context: Context
) -> None:
    fields: dict[str, str | int] = {"operator": operator_id, "part": reading.part}
    if reading.filters is not None:
        fields["filters"] = reading.filters
    if reading.login is not None:
        fields["login"] = reading.login
    if reading.from_index is not None:
        fields["from_index"] = reading.from_index
    await audit.append(tx, context, AuditEvent(name=EventName.AUDIT_READ, fields=fields))


async def record_reading_here(tx: Transaction, login: str, context: Context) -> None:
    """The same for a command on the service's own machine, which needs no token: who gets so far has the database."""
    fields: dict[str, str | int] = {"operator": context.actor, "part": "login", "login": login}
    await audit.append(tx, context, AuditEvent(name=EventName.AUDIT_READ, fields=fields))


async def auditor(tx: ReadTransaction, token: str) -> str:
    """The operator id of the auditor whose token it is. One sentence for every token that is none [R92]."""
    holder = await operators.holder(tx, digest(token)) if is_token(token) else None
    if holder is None:
        raise Refusal(
            ErrorCode.INVALID_TOKEN,
            "The token was revoked or was never ours: `counterfoil operators add EMAIL --role auditor --token`.",
        )
    if holder.role != "auditor":
        raise Refusal(ErrorCode.INSUFFICIENT_SCOPE, "This token is an operator's: only auditors read the audit log.")
    return holder.operator_id
