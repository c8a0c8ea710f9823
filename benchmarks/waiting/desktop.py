# SPDX-License-Identifier: Apache-2.0
"""One desktop on its kept connection: sends what it is given, and tells when the whole answer is there."""

import asyncio
import re
import time
from collections.abc import Callable
from typing import NamedTuple, cast

from benchmarks.waiting.people import Person

INTERVAL = 5.0
"""Seconds between two polls that are not held, until the service says otherwise."""

_LENGTH = re.compile(rb"\r\ncontent-length: ([0-9]+)", re.IGNORECASE)
_NONCE = re.compile(rb"\r\ndpop-nonce: (\S+)", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: close", re.IGNORECASE)


class Heard(NamedTuple):
    """An answer: when its request left and when its last byte came, by `time.perf_counter`."""

    status: int
    body: bytes
    sent: float
    at: float


Listen = Callable[["Desktop", Heard], None]


class Desktop(asyncio.Protocol):
    """`sent` is when its last request left, None while no answer is due; `lost` counts requests that got none."""

    __slots__ = ("_listen", "_transport", "_unread", "interval", "lost", "nonce", "person", "sent", "strayed")

    def __init__(self, person: Person, listen: Listen, nonce: str) -> None:
        self.person, self.nonce = person, nonce
        self.sent: float | None = None
        self.lost = 0
        self.interval = INTERVAL
        self.strayed = False
        self._listen = listen
        self._transport: asyncio.Transport | None = None
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it."""
        self._transport = cast("asyncio.Transport", transport)

    def send(self, request: bytes) -> bool:
        """One request, unless the other side hung up: whether it left."""
        if self._transport is None or self._transport.is_closing():
            return False
        self.sent = time.perf_counter()
        self._transport.write(request)
        return True

    def data_received(self, data: bytes) -> None:
        """Most answers come in one piece."""
        self._unread += data
        head, end, body = self._unread.partition(b"\r\n\r\n")
        length = _LENGTH.search(head) if end else None
        if length is None or len(body) < int(length[1]):
            return
        at, sent, self._unread, self.sent = time.perf_counter(), self.sent or 0.0, b"", None
        nonce = _NONCE.search(head)
        if nonce is not None and nonce[1] != self.nonce.encode():
            self.nonce = nonce[1].decode()
        if _CLOSE.search(head) and self._transport is not None:
            self._transport.close()
        self._listen(self, Heard(int(head[9:12]), body, sent, at))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """What was asked will not be answered any more."""
        self._transport = None
        self.lost += self.sent is not None
        self.sent = None

    def leave(self) -> None:
        """Hang up, whatever is due."""
        self.sent = None
        if self._transport is not None:
            self._transport.abort()
