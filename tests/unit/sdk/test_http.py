# SPDX-License-Identifier: Apache-2.0
"""The senders: what goes out, what comes in, and that every way of getting no answer is the same one."""

import asyncio
import importlib.metadata
from collections.abc import Callable, Iterator

import httpx2
import pytest

from counterfoil_client import _http
from counterfoil_client._effects import MAX_BODY, Request, Response, Unreachable

POST = Request("POST", "https://id.example/oauth/token", (("DPoP", "proof"),), (("a", "b c&d"), ("e", "ü")), 30.0)
GET = Request("GET", "https://id.example/.well-known/oauth-authorization-server")


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def send(
    kind: str, request: Request, handle: Callable[[httpx2.Request], httpx2.Response], **options: object
) -> Response:
    transport = httpx2.MockTransport(handle)
    if kind == "sync":
        return _http.Sender(httpx2.Client(transport=transport, **options)).send(request)  # type: ignore[arg-type]  # test options
    http = httpx2.AsyncClient(transport=transport, **options)  # type: ignore[arg-type]  # test options
    return asyncio.run(_http.AsyncSender(http).send(request))


def test_a_form_is_sent_with_its_proof_and_no_packing_is_asked_for(kind: str) -> None:
    seen: list[httpx2.Request] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, content=b"x")

    assert send(kind, POST, handle).body == b"x"
    (request,) = seen
    assert request.content == b"a=b+c%26d&e=%C3%BC"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.headers["dpop"] == "proof"
    assert request.headers["accept-encoding"] == "identity"
    assert request.extensions["timeout"]["read"] == 30.0


def test_a_handed_in_clients_habits_are_switched_off(kind: str) -> None:
    seen: list[httpx2.Request] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(302, headers={"location": "https://evil.example/"})

    assert send(kind, POST, handle, follow_redirects=True, auth=("user", "password"), timeout=0.001).status == 302
    assert [str(request.url) for request in seen] == [POST.url]
    assert "authorization" not in seen[0].headers
    assert seen[0].extensions["timeout"]["read"] == 30.0


@pytest.mark.parametrize(
    "failure",
    [
        httpx2.ConnectError("no route"),
        httpx2.ConnectTimeout("slow"),
        httpx2.ReadTimeout("slow"),
        httpx2.RemoteProtocolError("gibberish"),
        httpx2.PoolTimeout("busy"),
        OSError("cable"),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_every_way_of_getting_no_answer_is_the_same(kind: str, failure: Exception) -> None:
    def handle(_: httpx2.Request) -> httpx2.Response:
        raise failure

    with pytest.raises(Unreachable):
        send(kind, POST, handle)


class Torn(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        yield b"{"
        raise httpx2.ReadError("cut")

    async def __aiter__(self):  # type: ignore[no-untyped-def]  # noqa: ANN204 - an async generator, typed by the base
        yield b"{"
        raise httpx2.ReadError("cut")


def test_a_torn_body_is_no_answer(kind: str) -> None:
    with pytest.raises(Unreachable):
        send(kind, POST, lambda request: httpx2.Response(200, stream=Torn(), request=request))


def test_a_body_that_trickles_beyond_its_time_is_no_answer(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([0.0, 30.5])
    monkeypatch.setattr("counterfoil_client._http.time.monotonic", lambda: next(moments, 99.0))
    with pytest.raises(Unreachable, match="in time"):
        send(kind, POST, lambda request: httpx2.Response(200, content=b"x", request=request))


@pytest.mark.parametrize(
    ("size", "kept"), [(0, 0), (MAX_BODY, MAX_BODY), (MAX_BODY + 1, MAX_BODY + 1), (10**6, MAX_BODY + 1)]
)
def test_a_body_is_kept_up_to_the_limit_and_one_byte(kind: str, size: int, kept: int) -> None:
    found = send(kind, GET, lambda request: httpx2.Response(200, content=b"x" * size, request=request))
    assert len(found.body) == kept


def test_header_names_come_in_lower_case_and_twice_sent_ones_together(kind: str) -> None:
    headers = [("Content-Type", "application/json"), ("content-type", "text/html"), ("DPoP-Nonce", "n")]
    found = send(kind, GET, lambda request: httpx2.Response(200, headers=headers, request=request))
    assert found.headers["content-type"] == "application/json, text/html"
    assert found.headers["dpop-nonce"] == "n"


def test_the_user_agent_names_this_release() -> None:
    assert f"counterfoil-client/{importlib.metadata.version('counterfoil-client')}" == _http.USER_AGENT
