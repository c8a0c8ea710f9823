# SPDX-License-Identifier: Apache-2.0
"""Clients that hardly read: one takes its answers a byte a second, one asks for megabytes and never takes any."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Sequence
from urllib.parse import urlsplit

from benchmarks.harness.wrk import request_bytes
from benchmarks.waiting.people import Person
from benchmarks.waiting.sdk_wire import LONGEST_HOLD, TOKEN, post

_ROOM = 4096
"""Bytes that their systems take for them, hardly more than the least there is; the rest stays with the service."""
_TOGETHER, _PAUSE = 4, 0.02


@contextlib.asynccontextmanager
async def slow_clients(
    address: str, dripping: Sequence[Person], nonce: str, deaf: int, questions: int
) -> AsyncIterator[None]:
    """Those who drip wait to be approved like anybody; the `deaf` ones have asked for everything when this begins."""
    async with contextlib.AsyncExitStack() as stack:
        tasks = list[asyncio.Task[None]]()
        stack.callback(lambda: [task.cancel() for task in tasks])
        for person in dripping:
            url = address + TOKEN
            poll = post(url, person.device.proof("POST", url, nonce), person.poll, LONGEST_HOLD)
            tasks.append(asyncio.create_task(_drip(stack.enter_context(await _connected(address)), poll)))
        lines = [stack.enter_context(await _connected(address)) for _ in range(deaf)]
        page = request_bytes(address + "/check-mail", "GET", {})
        await asyncio.gather(*(_ask_on(line, page, questions) for line in lines))
        yield


async def _connected(address: str) -> socket.socket:
    parts = urlsplit(address)
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
    line.setblocking(False)  # noqa: FBT003 - its only argument
    await asyncio.get_running_loop().sock_connect(line, (parts.hostname, parts.port))
    return line


async def _drip(line: socket.socket, asked: bytes) -> None:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(line, asked)
    with contextlib.suppress(OSError):
        read = True
        while read:
            await asyncio.sleep(1)
            read = bool(await loop.sock_recv(line, 1))


async def _ask_on(line: socket.socket, page: bytes, questions: int) -> None:
    for _ in range(0, questions, _TOGETHER):
        await asyncio.get_running_loop().sock_sendall(line, page * _TOGETHER)
        await asyncio.sleep(_PAUSE)
