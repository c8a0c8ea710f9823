# SPDX-License-Identifier: Apache-2.0
"""Asking for a link over one kept connection: how long the whole answer took, and what it looks like."""

import json
import re
import socket
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Final, NamedTuple, Self
from urllib.parse import urlencode, urlsplit

from attack.enumeration_people import APPLICATION
from support.device import Device

PATH: Final = "/oauth/device_authorization"
TIMEOUT_SECONDS: Final = 30
_VARYING: Final = {
    "date": re.compile(r"[0-9]|(?<=^)[A-Z][a-z]{2}|[A-Z][a-z]{2}(?= 20)"),
    "dpop-nonce": re.compile(r"[A-Za-z0-9_-]"),
    "ratelimit": re.compile(r"[0-9]+"),
    "ratelimit-policy": re.compile(r"[0-9]+"),
}
"""Headers that differ from one moment to the next, and what of them does."""


class Answer(NamedTuple):
    """As it came. `head` is the status line, then each header."""

    head: Sequence[str]
    body: bytes

    @property
    def shape(self) -> str:
        """All of it but what differs whoever is asked for: values that are random or count."""
        status, *headers = self.head
        fields = [header.partition(": ") for header in headers]
        lines = [
            f"{name}: {_VARYING[name.lower()].sub('#', value) if name.lower() in _VARYING else value}"
            for name, _, value in fields
        ]
        values: dict[str, object] = json.loads(self.body)
        members = [f"{name}: {type(value).__name__} of {len(str(value))}" for name, value in values.items()]
        return "\n".join([status, *lines, "", f"{len(self.body)} bytes", *members])

    def header(self, name: str) -> str:
        """The one of that name in lower case."""
        found: Mapping[str, str] = {
            key.lower(): value for key, _, value in (line.partition(": ") for line in self.head)
        }
        return found[name]


class Connection:
    """To the service; what is sent on it is written out before."""

    def __init__(self, address: str) -> None:
        self._address = address
        parts = urlsplit(address)
        self._socket = socket.create_connection((parts.hostname, parts.port), TIMEOUT_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._nonce = self._ask(self._request("a@example.com", ""))[1].header("dpop-nonce")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def prepared(self, address: str) -> bytes:
        """A request for it, from a device that nobody knows."""
        device = Device(self._address, lambda: time.time_ns() // 1_000, nonce=self._nonce)
        return self._request(address, device.proof(PATH))

    def ask(self, request: bytes) -> tuple[float, Answer]:
        """The seconds from sending to the whole answer, and the answer."""
        seconds, answer = self._ask(request)
        self._nonce = answer.header("dpop-nonce")
        return seconds, answer

    def _request(self, address: str, proof: str) -> bytes:
        body = urlencode({"client_id": APPLICATION, "login_hint": address})
        headers = {
            "Host": urlsplit(self._address).netloc,
            "Content-Type": "application/x-www-form-urlencoded",
            "Content-Length": str(len(body)),
            "DPoP": proof,
        }
        lines = [f"POST {PATH} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", body]).encode()

    def _ask(self, request: bytes) -> tuple[float, Answer]:
        began = time.perf_counter()
        self._socket.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, body = received.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: ([0-9]+)", head)
        assert length is not None, head
        while len(body) < int(length[1]):
            body += self._more()
        seconds = time.perf_counter() - began
        return seconds, Answer(head.decode("latin-1").split("\r\n"), body)

    def _more(self) -> bytes:
        more = self._socket.recv(65536)
        assert more, "the service hung up"
        return more
