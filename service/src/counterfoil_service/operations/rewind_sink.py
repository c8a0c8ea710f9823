# SPDX-License-Identifier: Apache-2.0
"""Deliver a sink's entries once more, from one of them on; a sink that had stopped goes on."""

import msgspec

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.crypto.keys import keyed
from counterfoil_service.db import audit_sinks, log
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.record_export import RecordExport, record_export


class RewindSink(msgspec.Struct, frozen=True):
    """`index` is the entry that is delivered next."""

    name: str
    index: int


async def rewind_sink(tx: Transaction, command: RewindSink, context: Context) -> None:
    """One conditional write and its event: a copy of these entries leaves the service again.

    A Refusal for a sink that nobody knows, for an entry that it has not got yet, and for one that was pruned.
    """
    # Held by whoever prunes, too: what is looked at here stays true until the commit.
    await tx.lock(keyed(context.keys.lock, b"log"))
    first = await log.first_index(tx)
    if command.index < first:
        raise Refusal(ErrorCode.INVALID_REQUEST, f"the log begins with entry {first} now: older ones were pruned")
    if not await audit_sinks.rewind(tx, command.name, command.index, now=context.now):
        raise await _refusal(tx, command)
    form = "syslog" if command.name.startswith("syslog") else "jsonl"
    await record_export(tx, RecordExport(form, command.index), context)


async def _refusal(tx: Transaction, command: RewindSink) -> Refusal:
    row = await audit_sinks.get(tx, command.name)
    if row is not None:
        text = f"entry {row.next_index} is its next one already: none is skipped, name that or an earlier one"
        return Refusal(ErrorCode.INVALID_REQUEST, text)
    known = ", ".join(each.name for each in await audit_sinks.get_all(tx))
    text = f"no sink {command.name!r}: {f'there is {known}' if known else 'none was configured yet'}"
    return Refusal(ErrorCode.NOT_FOUND, text)
