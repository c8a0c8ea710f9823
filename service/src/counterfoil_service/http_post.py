# SPDX-License-Identifier: Apache-2.0
"""One HTTP request to a server that an operator named: a connection of its own, bounded in time and size.

Redirects are not followed: where such a message goes is for the operator to say, and for nobody on the way.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from urllib.parse import SplitResult, urlsplit

import h11
import msgspec

_CHUNK = 65_536
_MAX_INTERIM = 16
_PORTS = {"https": 443, "http": 80}


class NotHttpError(ConnectionError):
    """What came back is no answer of HTTP/1.1, or ends before it is whole."""


class Answer(msgspec.Struct, frozen=True):
    """`headers` have their names in lower case; `body` is None where it is longer than the caller's limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes | None


async def post(  # noqa: PLR0913 - a request, its bounds, and what it needs from outside
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    timeout: float,  # noqa: ASYNC109 - the bound of the whole exchange is a part of its contract
    limit: int,
    tls: ssl.SSLContext | None = None,
    leaving: Callable[[], None] = lambda: None,
) -> Answer:
    """The answer, whatever its status, a redirect too (RFC 9110 §9.3.3).

    `timeout` is in seconds, from looking the name up to the answer's last byte; `limit` in bytes of the answer's body.
    `tls` is for `https` and None for the system's CAs, which `SSL_CERT_FILE` replaces. `leaving` is called when the
    first byte is about to leave: where it was not, nobody has seen anything of the request. Raises OSError where there
    is no whole answer: among its kinds are TimeoutError, ssl.SSLError and NotHttpError.
    """
    return await _exchanged(_Request("POST", urlsplit(url), headers, body), timeout, limit, tls, leaving)


async def get(
    url: str,
    *,
    timeout: float,  # noqa: ASYNC109 - as of `post`
    limit: int,
    tls: ssl.SSLContext | None = None,
) -> Answer:
    """The same for what is only read."""
    return await _exchanged(_Request("GET", urlsplit(url), {}, None), timeout, limit, tls, lambda: None)


class _Request(msgspec.Struct, frozen=True):
    method: str
    parts: SplitResult
    headers: Mapping[str, str]
    body: bytes | None


async def _exchanged(
    request: _Request,
    timeout: float,  # noqa: ASYNC109 - as of `post`
    limit: int,
    tls: ssl.SSLContext | None,
    leaving: Callable[[], None],
) -> Answer:
    async with asyncio.timeout(timeout):
        reader, writer = await _connected(request.parts, tls)
        try:
            connection = h11.Connection(h11.CLIENT)
            sent = _bytes_of(connection, request)
            leaving()
            writer.write(sent)
            return await _answer(connection, reader, limit)
        except h11.RemoteProtocolError as error:
            raise NotHttpError(str(error)) from None
        finally:
            # A polite end of TLS would wait for the other side, which has said all that it had to.
            writer.transport.abort()


async def reach(url: str) -> None:
    """Connect to the server of a URL, and leave; an OSError as with `post` where it is not there."""
    _, writer = await _connected(urlsplit(url), None)
    writer.transport.abort()


async def _connected(
    parts: SplitResult, tls: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    context = (tls or ssl.create_default_context()) if parts.scheme == "https" else None
    return await asyncio.open_connection(parts.hostname, parts.port or _PORTS[parts.scheme], ssl=context)


def _bytes_of(connection: h11.Connection, request: _Request) -> bytes:
    parts, body = request.parts, request.body
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    length = {} if body is None else {"Content-Length": str(len(body))}
    own = {"Host": parts.netloc, **length, "Connection": "close"}
    head = h11.Request(method=request.method, target=target, headers=list((own | dict(request.headers)).items()))
    events = (head, h11.Data(body or b""), h11.EndOfMessage())
    return b"".join(connection.send(event) or b"" for event in events)


async def _answer(connection: h11.Connection, reader: asyncio.StreamReader, limit: int) -> Answer:
    response, body, interim = None, bytearray(), 0
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(_CHUNK))
        elif isinstance(event, h11.Response):
            response = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.InformationalResponse):
            # One that sends them for ever would keep this loop busy until the time-out.
            interim += 1
            if interim > _MAX_INTERIM:
                raise NotHttpError("interim answers and no other")
        # A closed connection without a response is h11's RemoteProtocolError.
        if response is not None and (len(body) > limit or isinstance(event, h11.EndOfMessage)):
            return Answer(response.status_code, _headers(response), None if len(body) > limit else bytes(body))


def _headers(response: h11.Response) -> dict[str, str]:
    """Repeated ones joined as RFC 9110 §5.3 has it."""
    headers: dict[str, str] = {}
    for raw, text in response.headers:
        name, value = raw.decode("ascii"), text.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
