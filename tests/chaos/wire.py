# SPDX-License-Identifier: Apache-2.0
"""A network between a service and what it needs: it can be cut, and it can keep everything to itself for a while."""

import asyncio
import socket
import struct
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from support.background import LoopThread

_PIECE = 65_536
_AT_ONCE = struct.pack("ii", 1, 0)
_Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Wire:
    """From whoever connects to `listener` to `target`, a port of loopback or a socket in the file system."""

    def __init__(self, loop: LoopThread, target: int | Path, listener: socket.socket) -> None:
        self._loop, self._target, self._listener = loop, target, listener
        self.port: int = listener.getsockname()[1]
        self._flowing = asyncio.Event()
        self._flowing.set()
        # The loop itself holds a task weakly.
        self._serving: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._server = self._loop.run(asyncio.start_server(self._accept, sock=self._listener, backlog=512))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.run(self._close())

    def cut(self) -> int:
        """Reset every connection that there is, and say how many; new ones may be made at once."""
        return self._loop.run(self._cut())

    def stall(self) -> None:
        """Let nothing through, in either direction, and tell nobody: a partition as TCP meets it."""
        self._loop.run(self._set(flowing=False))

    def flow(self) -> None:
        """Go on with every byte that was sent meanwhile."""
        self._loop.run(self._set(flowing=True))

    async def _set(self, *, flowing: bool) -> None:
        if flowing:
            self._flowing.set()
        else:
            self._flowing.clear()

    async def _cut(self) -> int:
        tasks = list(self._serving)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return len(tasks)

    async def _close(self) -> None:
        self._server.close()
        await self._cut()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve((reader, writer)))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, near: _Ends) -> None:
        ends = [near]
        try:
            await self._flowing.wait()
            with suppress(OSError):
                ends.append(await self._reach())
                done = [asyncio.create_task(self._pump(*pair)) for pair in _crossed(*ends)]
                try:
                    # A side that ends ends both: nothing here speaks to a half of a connection.
                    await asyncio.wait(done, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for each in done:
                        each.cancel()
        except asyncio.CancelledError:
            for _, writer in ends:
                # What is closed without a time to linger is reset.
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            raise
        finally:
            for _, writer in ends:
                writer.transport.abort()

    async def _reach(self) -> _Ends:
        if isinstance(self._target, Path):
            return await asyncio.open_unix_connection(self._target)
        return await asyncio.open_connection("127.0.0.1", self._target)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(_PIECE):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()


def listen(host: str) -> socket.socket:
    """On any port that is free."""
    return socket.create_server((host, 0))


def _crossed(near: _Ends, far: _Ends) -> tuple[_Ends, _Ends]:
    return (near[0], far[1]), (far[0], near[1])
