# SPDX-License-Identifier: Apache-2.0
"""The log as it grows, as server-sent events (WHATWG HTML §9.2): each entry once, in the log's order.

An entry's number is its event's id, so that whoever reconnects with `Last-Event-ID` misses nothing.
"""

import asyncio
from collections.abc import AsyncIterator

from litestar import get
from litestar.response import Stream

from counterfoil_service.core.canonical_json import LARGEST
from counterfoil_service.core.checkpoint import parse_decimal
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.db import log
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


@get("/audit/stream")
async def follow_log(request: AnyRequest) -> Stream:
    """From behind `Last-Event-ID`, from `from_index`, or from now on. Personal fields stay sealed, as in an export."""
    services = services_of(request)
    start = _asked_start(request)
    if start is None:
        start = await services.database.read(log.last_index) + 1
    await read_as_auditor(request, "stream", from_index=start)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Stream(_lines(services, token_of(request), start), media_type="text/event-stream", headers=headers)


def _asked_start(request: AnyRequest) -> int | None:
    start = Parameters(request, ("from_index",)).read("from_index", _place)
    last = request.headers.get("last-event-id")
    if not last:
        return start
    try:
        return _place(last) + 1
    except ValueError as error:
        raise Refusal(ErrorCode.INVALID_REQUEST, f"Last-Event-ID: {error}") from None


def _place(text: str) -> int:
    number = parse_decimal(text)
    if number >= LARGEST:
        raise ValueError("no log is so long")
    return number


async def _lines(services: Services, token: str, index: int) -> AsyncIterator[bytes]:
    yield b"retry: 2000\n\n"
    quiet = 0
    while not services.hub.draining:
        try:
            await services.database.read(auditor, token)
            entries = await services.database.read(log.entries, index, _BATCH)
        except Refusal:
            return  # revoked, or the database is away: whoever follows comes back, and is told then
        for entry in entries:
            yield _event(entry)
        index = entries[-1].index + 1 if entries and entries[-1].index is not None else index
        quiet = 0 if entries else quiet + 1
        if quiet == _QUIET_LOOKS:
            quiet = 0
            yield b":\n\n"
        if len(entries) < _BATCH:
            await asyncio.sleep(LOOK_SECONDS)


def _event(entry: Entry) -> bytes:
    """A row that is no leaf has no bytes to show; `audit verify` says what became of it."""
    name = "unreadable" if entry.leaf is None else entry.leaf.type
    data = b"{}" if entry.data is None else entry.data
    return f"id: {entry.index}\nevent: {name}\ndata: ".encode() + data + b"\n\n"
