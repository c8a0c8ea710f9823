# SPDX-License-Identifier: Apache-2.0
"""Two senders over httpx2, which no other file imports. They follow no redirect and read no endless body."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any, TypeAlias
from urllib.parse import urlencode

import httpx2

from counterfoil_client._effects import MAX_BODY, Request, Response, Unreachable
from counterfoil_client.errors import ConfigurationError

HttpClient: TypeAlias = httpx2.Client
AsyncHttpClient: TypeAlias = httpx2.AsyncClient

USER_AGENT = "counterfoil-client/0.1.0"
_CONNECT = 10.0


class Sender:
    """Sends on a thread; closes the HTTP client only if it opened it; `direct` goes past proxies."""

    def __init__(self, http: HttpClient | None, *, direct: bool = False) -> None:
        self._http = httpx2.Client(trust_env=not direct) if http is None else http
        self._own = http is None

    def send(self, request: Request) -> Response:
        """Send one request and read its answer up to the limit."""
        _check_open(self._http)
        with _failures(), self._http.stream(request.method, request.url, **_options(request)) as answer:
            body = _Body(request)
            if body.wanted(answer):
                for chunk in answer.iter_bytes():
                    if body.full(chunk):
                        break
            return body.response(answer)

    def close(self) -> None:
        """Close the connections, if they are ours."""
        if self._own:
            self._http.close()


class AsyncSender:
    """Sends on a task; closes the HTTP client only if it opened it; `direct` goes past proxies."""

    def __init__(self, http: AsyncHttpClient | None, *, direct: bool = False) -> None:
        self._http = httpx2.AsyncClient(trust_env=not direct) if http is None else http
        self._own = http is None

    async def send(self, request: Request) -> Response:
        """Send one request and read its answer up to the limit."""
        _check_open(self._http)
        with _failures():
            async with self._http.stream(request.method, request.url, **_options(request)) as answer:
                body = _Body(request)
                if body.wanted(answer):
                    async for chunk in answer.aiter_bytes():
                        if body.full(chunk):
                            break
                return body.response(answer)

    async def close(self) -> None:
        """Close the connections, if they are ours."""
        if self._own:
            await self._http.aclose()


class _Body:
    """An answer's body as it grows: too long or too slow ends it."""

    def __init__(self, request: Request) -> None:
        self._read = bytearray()
        self._last_moment = time.monotonic() + request.read_timeout

    def wanted(self, answer: httpx2.Response) -> bool:
        """Whether to read at all: a packed body could unpack to any length, so it is left where it is."""
        return answer.headers.get("content-encoding", "identity").strip().lower() == "identity"

    def full(self, chunk: bytes) -> bool:
        """Take a chunk; say whether that is enough."""
        self._read += chunk[: MAX_BODY + 1 - len(self._read)]
        if time.monotonic() > self._last_moment:
            raise Unreachable("the answer did not end in time")
        return len(self._read) > MAX_BODY

    def response(self, answer: httpx2.Response) -> Response:
        """The answer as flows know it."""
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Response(answer.status_code, headers, bytes(self._read))


def _options(request: Request) -> dict[str, Any]:
    """Arguments for one request; a handed-in client's own redirects and authentication are switched off."""
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **dict(request.headers)}
    if request.method == "POST":
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    return {
        "content": urlencode(request.form).encode() if request.method == "POST" else None,
        "headers": headers,
        "follow_redirects": False,
        "auth": None,
        "timeout": httpx2.Timeout(_CONNECT, read=request.read_timeout),
    }


def _check_open(http: HttpClient | AsyncHttpClient) -> None:
    if http.is_closed:
        raise ConfigurationError(
            "This client is closed, so it can ask the service nothing more.",
            hint="Keep the client open as long as its logins and sessions are in use.",
        )


@contextlib.contextmanager
def _failures() -> Generator[None]:
    """Turn every way in which no answer comes into the one that flows know."""
    try:
        yield
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise Unreachable(type(error).__name__) from error


class InMemory:
    """A wire without sockets, for `counterfoil_client.testing`: `naps` says how long an answer is held back."""

    def __init__(
        self,
        answer: Callable[[str, str, dict[str, str], bytes], Response],
        naps: Callable[[bytes], Iterator[float]],
    ) -> None:
        self._answer = answer
        self._naps = naps

    def client(self, auth: httpx2.Auth | None = None) -> HttpClient:
        """For threads."""
        return httpx2.Client(transport=httpx2.MockTransport(self._handle), auth=auth)

    def async_client(self, auth: httpx2.Auth | None = None) -> AsyncHttpClient:
        """For tasks."""
        return httpx2.AsyncClient(transport=httpx2.MockTransport(self._ahandle), auth=auth)

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        for nap in self._naps(request.content):
            time.sleep(nap)
        return self._reply(request)

    async def _ahandle(self, request: httpx2.Request) -> httpx2.Response:
        for nap in self._naps(request.content):
            await asyncio.sleep(nap)
        return self._reply(request)

    def _reply(self, request: httpx2.Request) -> httpx2.Response:
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in request.headers.raw}
        try:
            found = self._answer(request.method, str(request.url), headers, request.content)
        except Unreachable as error:
            raise httpx2.ConnectError(str(error)) from error
        return httpx2.Response(found.status, headers=dict(found.headers), content=found.body)
