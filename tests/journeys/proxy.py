# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy in front of one or more replicas, which can lose an answer as networks do."""

import asyncio
import itertools
from contextlib import suppress
from types import TracebackType
from typing import Self

from support.background import LoopThread
from support.processes import free_port


class Proxy:
    """Each connection goes to the next target. As often as `losses` says, an answer that holds tokens is dropped."""

    def __init__(self, loop: LoopThread) -> None:
        self._loop = loop
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.targets: list[int] = []
        self.losses = 0
        self.lost = 0
        self._turns = itertools.count()
        # The loop itself holds a task weakly: one that waits would otherwise be collected in the middle of its work.
        self._serving: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._server = self._loop.run(asyncio.start_server(self._accept, "127.0.0.1", self.port))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.run(self._close())

    async def _close(self) -> None:
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = self.targets[next(self._turns) % len(self.targets)]
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.transport.abort()
            return
        there = asyncio.create_task(_pump(reader, upstream_writer))
        try:
            with suppress(OSError):
                await self._answer(upstream_reader, writer)
        finally:
            there.cancel()
            for end in (writer, upstream_writer):
                end.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tail = b""
        while data := await reader.read(65536):
            if self.lost < self.losses and b'"access_token"' in tail + data:
                self.lost += 1
                return
            tail = data[-20:]
            writer.write(data)
            await writer.drain()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
