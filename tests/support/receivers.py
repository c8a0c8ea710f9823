# SPDX-License-Identifier: Apache-2.0
"""Receivers of the audit log on loopback, as well-behaved or as difficult as a test wants them."""

import asyncio
import contextlib
import json
import re
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any

import time_machine
from standardwebhooks.webhooks import Webhook

KEY = "whsec_" + "c2VjcmV0LW9mLXRoZS10ZXN0LXJlY2VpdmVy"
CUT, HANG = "cut", "hang"
"""Instead of a status: close without an answer once the body is read; answer only when let go."""

_HEAD = re.compile(rb"POST (\S+) HTTP/1\.1\r\n(.*)\r\n\r\n", re.DOTALL)
_COUNT = re.compile(rb"([1-9][0-9]*) ")

Connected = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


@contextlib.asynccontextmanager
async def listening(
    connected: Connected, tls: ssl.SSLContext | None = None, port: int = 0, window: int | None = None
) -> AsyncIterator[int]:
    """A server on loopback; its port. Who is still connected at the end is cut off.

    `window` bounds the bytes that its machine takes before it reads them.
    """
    tasks: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def talk() -> None:
            try:
                await connected(reader, writer)
            except (OSError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.transport.abort()

        task = asyncio.create_task(talk())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listener = socket.create_server(("127.0.0.1", port))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if window is not None:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    server = await asyncio.start_server(begin, sock=listener, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass
class Posted:
    """One request as it came."""

    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """What a receiver tells repetitions by."""
        return self.headers["webhook-id"]

    def verified(self, key: str = KEY) -> dict[str, Any]:
        """The body, read by the reference library; it raises for a signature or time that is not right."""
        # It compares the time with the machine's own clock, and the service's is a test's.
        with time_machine.travel(int(self.headers["webhook-timestamp"]), tick=False):
            Webhook(key).verify(self.body, self.headers, json_parse=False)
        payload: dict[str, Any] = json.loads(self.body)
        return payload


@dataclass
class WebhookReceiver:
    """Answers 204, unless there are other `replies`: statuses or words, one for each request."""

    posts: list[Posted] = field(default_factory=list)
    taken: list[Posted] = field(default_factory=list)
    replies: list[int | str] = field(default_factory=list)
    headers: str = ""
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def entries(self) -> list[tuple[int, str]]:
        """Index and id of every leaf of the requests that were answered with 2xx, in the order of their coming."""
        payloads = [post.verified()["data"]["entries"] for post in self.taken]
        return [(entry["index"], entry["leaf"]["id"]) for entries in payloads for entry in entries]

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request a connection."""
        head = _HEAD.fullmatch(await reader.readuntil(b"\r\n\r\n"))
        assert head is not None
        lines = [line.split(": ", 1) for line in head[2].decode("ascii").split("\r\n")]
        headers = {name.lower(): value for name, value in lines}
        assert len(headers) == len(lines)
        post = Posted(head[1].decode(), headers, await reader.readexactly(int(headers["content-length"])))
        self.posts.append(post)
        self.asked.set()
        reply = self.replies.pop(0) if self.replies else 204
        if reply == HANG:
            await self.let_go.wait()
            reply = 204
        if reply == CUT:
            return
        if reply in range(200, 300):
            self.taken.append(post)
        writer.write(f"HTTP/1.1 {reply} Told\r\n{self.headers}Content-Length: 2\r\n\r\nno".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@dataclass
class SyslogReceiver:
    """Reads each connection to its end, as daemons do, and keeps what came. `pace` reads so many bytes a turn.

    `dies_after` closes with the rest unread, after so many bytes of a connection; each of its numbers counts once.
    """

    connections: list[bytes] = field(default_factory=list)
    dies_after: list[int] = field(default_factory=list)
    pace: int = 65_536

    @property
    def messages(self) -> list[bytes]:
        """Every message of every connection that came to its end."""
        return [message for data in self.connections for message in octet_counted_messages(data)]

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until the sender closes."""
        data = bytearray()
        while received := await reader.read(self.pace):
            data += received
            if self.dies_after and len(data) >= self.dies_after[0]:
                self.dies_after.pop(0)
                return
        self.connections.append(bytes(data))
        writer.close()
        await writer.wait_closed()


@contextlib.contextmanager
def closing_without_a_word(tls: ssl.SSLContext) -> Iterator[int]:
    """A TLS receiver on loopback that reads to the end and sends no close_notify, for one connection; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def read_one() -> None:
            with listener.accept()[0] as connection, tls.wrap_socket(connection, server_side=True) as secured:
                while secured.recv(65_536):
                    pass

        thread = threading.Thread(target=read_one, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)
        assert not thread.is_alive()


def octet_counted_messages(data: bytes) -> list[bytes]:
    """RFC 6587 §3.4.1, read octet by octet; a ValueError for anything beyond it."""
    messages, at = [], 0
    while at < len(data):
        count = _COUNT.match(data, at)
        if count is None:
            raise ValueError(f"no count at octet {at}")
        end = count.end() + int(count[1])
        if end > len(data):
            raise ValueError("the last message is cut off")
        messages.append(data[count.end() : end])
        at = end
    return messages
