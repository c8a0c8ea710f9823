# SPDX-License-Identifier: Apache-2.0
"""Everybody's mailbox: as little of a mail server (RFC 5321) as can be, which keeps the newest link of each address."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_LINK = re.compile(rb"/l/([A-Za-z0-9_-]{43})")
_RECIPIENT = re.compile(rb"RCPT TO:<([^>]+)>", re.IGNORECASE)
_END = b"\r\n.\r\n"
_REPLIES = {b"EHLO": b"250 letterbox\r\n", b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}


class Letterbox:
    """`links` are secrets by address."""

    def __init__(self, port: int) -> None:
        self.port, self.links = port, dict[str, str]()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Listens meanwhile."""
        async with await asyncio.start_server(self._talk, "127.0.0.1", self.port, backlog=1024):
            yield

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 letterbox\r\n")
        address = ""
        while line := await reader.readline():
            if match := _RECIPIENT.match(line):
                address = match[1].decode()
            verb = line[:4].upper()
            writer.write(_REPLIES.get(verb, b"250 ok\r\n"))
            if verb == b"DATA":
                found = _LINK.search((await reader.readuntil(_END)).replace(b"=\r\n", b""))
                if found is not None:
                    self.links[address] = found[1].decode()
                writer.write(b"250 kept\r\n")
            if verb == b"QUIT":
                break
        writer.close()
