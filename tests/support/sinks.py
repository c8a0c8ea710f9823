# SPDX-License-Identifier: Apache-2.0
"""The audit log of a stage on its way to a sink: something happens, is sealed, and is delivered when a test says so."""

import ssl

from counterfoil_service.audit.sinks.worker import SinkWorker
from counterfoil_service.audit.sinks.workers import open_sender
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.db import audit, audit_sinks
from counterfoil_service.db.audit_sinks import SinkRow
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.log_key import log_key
from counterfoil_service.operations.seal_events import seal_events
from counterfoil_service.settings.sinks import read_sinks
from support.receivers import KEY
from support.stage import Stage

BATCH = 500
MOST = 1000


def webhook(port: int, path: str = "/events", scheme: str = "http") -> str:
    """A sink as an operator writes it."""
    return f"{scheme}://127.0.0.1:{port}{path}#{KEY}"


def syslog(port: int, scheme: str = "syslog+tcp") -> str:
    """The same for syslog."""
    return f"{scheme}://127.0.0.1:{port}?enterprise=54321"


async def worker(stage: Stage, sink: str, tls: ssl.SSLContext | None = None) -> SinkWorker:
    """One of a sink that has just been met."""
    (read,) = read_sinks(sink)
    context = stage.database.context()
    origin = log_key(context.keys, context.settings).name
    made = SinkWorker(stage.database, read.name, open_sender(read, origin, tls or ssl.create_default_context()))
    await made.work()
    return made


async def happen(stage: Stage, count: int = 3, text: str = "N") -> None:
    """So many events, sealed under one checkpoint for each batch of the sealer."""
    for begin in range(0, count, BATCH):
        await stage.database.write(_happen, (min(BATCH, count - begin), text))
    await seal(stage)


async def _happen(tx: Transaction, command: tuple[int, str], context: Context) -> None:
    count, text = command
    for _ in range(count):
        event = AuditEvent(name=EventName.APPLICATION_ADDED, application_id="app", fields={"name": text})
        await audit.append(tx, context, event)


async def seal(stage: Stage) -> None:
    """Let the sealer pass."""
    while (await stage.database.write(seal_events, 1000)).count == 1000:
        pass


async def deliver(made: SinkWorker) -> int:
    """All that is due; how many batches."""
    for count in range(MOST):
        if not await made.work():
            return count
    raise AssertionError("it does not end")


async def row(stage: Stage, sink: str) -> SinkRow:
    """Where it stands."""
    found = await stage.database.read(audit_sinks.get, sink.partition("#")[0])
    assert found is not None
    return found


async def sealed(stage: Stage, begin: int = 0) -> list[tuple[int, str]]:
    """Index and id of the log's entries from one on."""
    rows = await stage.rows("SELECT leaf_index, id FROM audit_events WHERE leaf_index IS NOT NULL ORDER BY leaf_index")
    return [(index, bytes(event_id).hex()) for index, event_id in rows if index >= begin]
