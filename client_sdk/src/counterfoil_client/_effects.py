# SPDX-License-Identifier: Apache-2.0
"""All that a conversation may ask of the world, so that a test can compare a whole conversation with a list."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal, TypeAlias, TypeVar

T = TypeVar("T")

_STATUS_END = 600

MAX_BODY = 64 * 1024
"""Senders stop reading one byte past this; a longer body is refused."""


@dataclass(frozen=True, slots=True)
class Request:
    """Send this and come back with a `Response`, or throw `Unreachable`."""

    method: Literal["GET", "POST"]
    url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    form: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    read_timeout: float = 10.0

    def header(self, name: str) -> str | None:
        """One header by its exact name."""
        return dict(self.headers).get(name)


@dataclass(frozen=True, slots=True)
class Response:
    """What came back; header names in lower case, the body at most one byte longer than `MAX_BODY`."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def is_trouble(self) -> bool:
        """A fault over there, or on the way: 500 to 599."""
        return HTTPStatus.INTERNAL_SERVER_ERROR <= self.status < _STATUS_END


@dataclass(frozen=True, slots=True)
class Wait:
    """Let this many seconds pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Settle(Wait):
    """Let the redemption under way come to its end, for this many seconds at most."""


class Unreachable(Exception):  # noqa: N818 - a fact thrown into a flow, which decides whether it is an error
    """No answer came: the network, the name service or TLS failed."""


Flow: TypeAlias = Generator[Request | Wait, Response | None, T]
"""A conversation: yields what it wants done, is sent the answers, returns its result."""


def ask(request: Request) -> Flow[Response]:
    """Yield one request and insist on an answer."""
    response = yield request
    if response is None:
        raise TypeError("the driver answered a request with nothing")
    return response
