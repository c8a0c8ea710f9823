# SPDX-License-Identifier: Apache-2.0
"""The middleware over bare ASGI: what is behind it is reached by nobody without a good token and proof."""

import json
from typing import Any

import httpx2
import pytest

from counterfoil_client.errors import ConfigurationError
from counterfoil_client.resource import Caller, ResourceServer, needs
from counterfoil_client.resource.asgi import ProtectedApp, caller_of
from unit.sdk.resource.makers import API, FakeIssuer, good_headers, headers, make_token


async def no_more() -> Any:
    raise AssertionError("nobody reads the body")


class Inner:
    """An application that notes who reached it."""

    def __init__(self) -> None:
        self.scopes: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            return
        caller = caller_of(scope)
        body = json.dumps({"subject": caller.subject}).encode()
        lines = [(b"content-type", b"application/json"), (b"DPoP-Nonce", b"of the application")]
        await send({"type": "http.response.start", "status": 200, "headers": lines})
        await send({"type": "http.response.body", "body": body})


@pytest.fixture
def inner() -> Inner:
    return Inner()


@pytest.fixture
def resource() -> ResourceServer:
    return FakeIssuer().resource()


def browser(app: ProtectedApp) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=API)


async def test_a_good_request_reaches_the_application_with_its_caller(inner: Inner, resource: ResourceServer) -> None:
    async with browser(ProtectedApp(inner, resource)) as client:
        answer = await client.get("/notes?page=2", headers=good_headers())
    assert answer.json() == {"subject": "person-1"}
    scope = inner.scopes[0]
    assert isinstance(scope["counterfoil"], Caller)
    assert scope["state"]["counterfoil"] is scope["counterfoil"]


async def test_any_other_is_answered_before_it(inner: Inner, resource: ResourceServer) -> None:
    token = make_token()
    async with browser(ProtectedApp(inner, resource)) as client:
        for lines in ([], headers(token), headers(token, scheme="Bearer"), good_headers(htu=f"{API}/other")):
            answer = await client.get("/notes", headers=lines)
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"].startswith("DPoP ")
            assert answer.headers["Content-Type"] == "application/json"
            assert answer.headers["Cache-Control"] == "no-store"
            assert int(answer.headers["Content-Length"]) == len(answer.content)
            assert "error_description" in answer.json()
    assert inner.scopes == []


async def test_the_path_is_compared_as_it_came(inner: Inner, resource: ResourceServer) -> None:
    async with browser(ProtectedApp(inner, resource)) as client:
        for path in ("/a%2Fb", "/a%2fb", "/a/b", "/%7Eme/a%20b", "/n%C3%B6"):
            assert (await client.get(path, headers=good_headers(htu=f"{API}{path}"))).status_code == 200
        assert (await client.get("/a/b", headers=good_headers(htu=f"{API}/a%2Fb"))).status_code == 401
        assert (await client.get("/a%2Fb", headers=good_headers(htu=f"{API}/a/b"))).status_code == 401


async def test_the_host_header_is_not_asked(inner: Inner, resource: ResourceServer) -> None:
    async with browser(ProtectedApp(inner, resource)) as client:
        evil = good_headers(htu="https://evil.example/notes")
        named = [*evil, ("Host", "evil.example"), ("X-Forwarded-Host", "evil.example")]
        assert (await client.get("/notes", headers=named)).status_code == 401
        assert (await client.get("/notes", headers=[*good_headers(), ("Host", "x")])).status_code == 200


async def test_a_server_that_gives_no_raw_path_is_served_by_the_decoded_one(
    inner: Inner, resource: ResourceServer
) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    lines = [(name.lower().encode(), value.encode()) for name, value in good_headers(htu=f"{API}/a%20b/n%C3%B6")]
    scope = {"type": "http", "method": "GET", "path": "/a b/nö", "headers": lines}
    await ProtectedApp(inner, resource)(scope, no_more, send)
    assert sent[0]["status"] == 200


async def test_headers_sent_twice_are_seen(inner: Inner, resource: ResourceServer) -> None:
    async with browser(ProtectedApp(inner, resource)) as client:
        lines = good_headers()
        assert (await client.get("/notes", headers=[*lines, lines[0]])).status_code == 400
        assert (await client.get("/notes", headers=[*lines, lines[1]])).status_code == 401
        assert (await client.get("/notes", headers=[*lines, ("dpop", "")])).status_code == 401


async def test_what_all_behind_it_needs_is_asked(inner: Inner, resource: ResourceServer) -> None:
    async with browser(ProtectedApp(inner, resource, needs=needs("notes:delete"))) as client:
        answer = await client.get("/notes", headers=good_headers())
    assert answer.status_code == 403
    assert 'scope="notes:delete"' in answer.headers["WWW-Authenticate"]
    assert inner.scopes == []


async def test_each_answer_renews_the_nonce_where_one_is_required(inner: Inner) -> None:
    resource = FakeIssuer().resource(require_nonce=True, nonce_key=bytes(32))
    async with browser(ProtectedApp(inner, resource)) as client:
        first = await client.get("/notes", headers=good_headers())
        assert first.json()["error"] == "use_dpop_nonce"
        nonce = first.headers["DPoP-Nonce"]
        second = await client.get("/notes", headers=good_headers(nonce=nonce))
    assert second.status_code == 200
    assert second.headers.get_list("DPoP-Nonce") == [nonce]


async def test_two_in_a_row_check_one_request_once(inner: Inner, resource: ResourceServer) -> None:
    twice = ProtectedApp(ProtectedApp(inner, resource, needs=needs("notes:read")), resource)
    async with browser(twice) as client:
        assert (await client.get("/notes", headers=good_headers())).status_code == 200
    stricter = ProtectedApp(ProtectedApp(inner, resource, needs=needs("notes:delete")), resource)
    async with browser(stricter) as client:
        assert (await client.get("/notes", headers=good_headers())).status_code == 403


async def test_what_another_api_let_in_is_checked_again(inner: Inner, resource: ResourceServer) -> None:
    other = FakeIssuer().resource(audience="https://other.example")
    async with browser(ProtectedApp(ProtectedApp(inner, other), resource)) as client:
        assert (await client.get("/notes", headers=good_headers())).status_code == 401
    assert inner.scopes == []


async def test_a_websocket_does_not_get_past(inner: Inner, resource: ResourceServer) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await ProtectedApp(inner, resource)({"type": "websocket", "path": "/", "headers": []}, no_more, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]
    with pytest.raises(ValueError, match="http"):
        await ProtectedApp(inner, resource)({"type": "webtransport"}, no_more, send)
    assert inner.scopes == []


async def test_start_and_stop_of_the_application_pass(inner: Inner, resource: ResourceServer) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    await ProtectedApp(inner, resource)({"type": "lifespan"}, receive, send)
    assert sent == [{"type": "lifespan.startup.complete"}]


@pytest.mark.parametrize("scope", [{}, {"counterfoil": None}, {"counterfoil": {"subject": "person-1"}}])
def test_a_route_that_nobody_guards_has_no_caller(scope: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        caller_of(scope)
