# SPDX-License-Identifier: Apache-2.0
"""The log as it grows, as server-sent events (WHATWG HTML §9.2): each entry once, in the log's order.

An entry's number is its event's id, so that whoever reconnects with `Last-Event-ID` misses nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from typing import Any

from litestar import get
from litestar.response import Stream

from counterfoil_service.core.canonical_json import LARGEST
from counterfoil_service.core.checkpoint import parse_decimal
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.db import log
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.db.log import Entry
from counterfoil_service.operations.record_reading import auditor
from counterfoil_service.web.audit_api.access import read_as_auditor, token_of
from counterfoil_service.web.audit_api.queries import Parameters
from counterfoil_service.web.services import AnyRequest, Services, services_of

LOOK_SECONDS = 0.5
"""How often the log is looked at for new entries."""
_QUIET_LOOKS = 30
"""After so many without any a comment keeps the connection alive."""
_BATCH = 256

Look = Callable[[ReadTransaction, int, int], Coroutine[Any, Any, tuple[list[bytes], int]]]
"""Blocks of at most so many entries from an index on, and the index to go on at; a Refusal for who may not see them."""
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@get("/audit/stream")
async def follow_log(request: AnyRequest) -> Stream:
    """From behind `Last-Event-ID`, from `from_index`, or from now on. Personal fields stay sealed, as in an export."""
    services = services_of(request)
    start = await start_of(request, Parameters(request, ("from_index",)))
    await read_as_auditor(request, "stream", from_index=start)
    look = partial(_look, token_of(request))
    return Stream(grow(services, look, start), media_type="text/event-stream", headers=HEADERS)


async def start_of(request: AnyRequest, parameters: Parameters) -> int:
    """The first entry that is asked for."""
    start = parameters.read("from_index", _place)
    last = request.headers.get("last-event-id")
    if last:
        try:
            start = _place(last) + 1
        except ValueError as error:
            raise Refusal(ErrorCode.INVALID_REQUEST, f"Last-Event-ID: {error}") from None
    return await services_of(request).database.read(log.last_index) + 1 if start is None else start


def _place(text: str) -> int:
    number = parse_decimal(text)
    if number >= LARGEST:
        raise ValueError("no log is so long")
    return number


async def grow(services: Services, look: Look, index: int) -> AsyncIterator[bytes]:
    """Blocks of the stream from entry `index` on, until `look` refuses or the service stops.

    A Refusal is no answer once a stream has begun: whoever follows comes back, and is told then.
    """
    yield b"retry: 2000\n\n"
    quiet = 0
    while not services.hub.draining:
        try:
            blocks, following = await services.database.read(look, index, _BATCH)
        except Refusal:
            return
        for block in blocks:
            yield block
        # SQLite's reads never suspend, and others wait.
        await asyncio.sleep(0)
        looked_at, index = following - index, following
        quiet = 0 if blocks else quiet + 1
        if quiet == _QUIET_LOOKS:
            quiet = 0
            yield b":\n\n"
        if looked_at < _BATCH:
            await asyncio.sleep(LOOK_SECONDS)


async def _look(token: str, tx: ReadTransaction, index: int, limit: int) -> tuple[list[bytes], int]:
    await auditor(tx, token)
    entries = await log.entries(tx, index, limit)
    following = entries[-1].index + 1 if entries and entries[-1].index is not None else index
    return [_event(entry) for entry in entries], following


def _event(entry: Entry) -> bytes:
    """A row that is no leaf has no bytes to show; `audit verify` says what became of it."""
    name = "unreadable" if entry.leaf is None else entry.leaf.type
    data = b"{}" if entry.data is None else entry.data
    return f"id: {entry.index}\nevent: {name}\ndata: ".encode() + data + b"\n\n"
