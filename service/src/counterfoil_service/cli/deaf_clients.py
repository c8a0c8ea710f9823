# SPDX-License-Identifier: Apache-2.0
"""Clients that ask and never read: what they do not take stays with them, and no process waits for them to leave."""

import asyncio
from collections.abc import Iterable
from typing import Protocol


class Connection(Protocol):
    """What uvicorn knows of one."""

    transport: asyncio.Transport


async def cut_off(connections: Iterable[Connection], every: float) -> None:
    """Until cancelled, end each connection that took nothing of what waits for it from one look to the next.

    `every` is in seconds; `connections` may change meanwhile.
    """
    before: dict[asyncio.Transport, int] = {}
    while True:
        await asyncio.sleep(every)
        transports = [connection.transport for connection in connections]
        unread = {transport: size for transport in transports if (size := transport.get_write_buffer_size())}
        for transport, size in unread.items():
            if before.get(transport) == size:
                transport.abort()
        before = unread
