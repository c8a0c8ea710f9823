# SPDX-License-Identifier: Apache-2.0
"""A plain HTTP/1.1 client over kept connections: as little of its own as can be, and several at work at once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit

from benchmarks.harness.wrk import request_bytes

T = TypeVar("T")


class Answer(NamedTuple):
    """Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Client:
    """One connection to one address."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, body: str = "") -> Answer:
        """Ask and wait for the whole answer."""
        return await self.send(request_bytes(self._address + path, method, headers or {}, body))

    async def send(self, request: bytes) -> Answer:
        """The same with a request that is written out."""
        if self._streams is None:
            parts = urlsplit(self._address)
            self._streams = await asyncio.open_connection(parts.hostname, parts.port)
        reader, writer = self._streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        if headers.get("transfer-encoding") == "chunked":
            body = await _chunks(reader)
        else:
            body = await reader.readexactly(int(headers.get("content-length", 0)))
        return Answer(int(head[0].split(" ")[1]), headers, body)

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    found = b""
    while size := int(await reader.readline(), 16):
        found += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return found


async def each(address: str, at_once: int, items: Sequence[T], work: Callable[[Client, T], Awaitable[None]]) -> None:
    """Do something with every item, so many at once, each of them over a connection of its own."""
    left = iter(items)

    async def one() -> None:
        client = Client(address)
        try:
            for item in left:
                await work(client, item)
        finally:
            client.close()

    await asyncio.gather(*(one() for _ in range(at_once)))
