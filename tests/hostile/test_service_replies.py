# SPDX-License-Identifier: Apache-2.0
"""A hostile or broken service: whatever it answers, the client gives `UnexpectedResponse` and nothing else.

Each row of the tables goes through both clients over a real httpx2 pipeline; only the wire is missing.
"""

import asyncio
import traceback
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import msgspec
import pytest

from counterfoil_client import AsyncClient, Client, CounterfoilError, MemoryStore, UnexpectedResponse
from unit.sdk.stage import DEVICE_CODE, ISSUER, METADATA, STARTED, TOKENS, Clock

JSON = {"content-type": "application/json"}
DISCOVERY = "/.well-known/oauth-authorization-server"
ENDPOINTS = {
    "discovery": DISCOVERY,
    "start": "/oauth/device_authorization",
    "token": "/oauth/token",
    "revoke": "/oauth/revoke",
}
HONEST: dict[str, dict[str, Any]] = {"discovery": METADATA, "start": STARTED, "token": TOKENS, "revoke": {}}


@dataclass(frozen=True)
class Evil:
    """One reply, as the wire would carry it."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=lambda: dict(JSON))


class Endless(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body that never ends; it fails the test when more of it is read than the limit needs."""

    def __init__(self) -> None:
        self.given = 0

    def _chunk(self) -> bytes:
        self.given += 1
        assert self.given < 40, "the client reads on and on"
        return b" " * 4096

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield self._chunk()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield self._chunk()


class Once(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body that is left packed until somebody unpacks it, as on a real connection."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        yield self._body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body


def transport(where: str, evil: Evil | None) -> httpx2.MockTransport:
    """An honest service but for one endpoint, which gives the evil reply, or an endless one for None."""

    def handle(request: httpx2.Request) -> httpx2.Response:
        assert request.url.host == "id.example", "the client went elsewhere"
        if request.url.path == ENDPOINTS[where]:
            if evil is None:
                return httpx2.Response(200, headers=JSON, stream=Endless())
            return httpx2.Response(evil.status, headers=evil.headers, stream=Once(evil.body))
        name = next(name for name, path in ENDPOINTS.items() if path == request.url.path)
        return httpx2.Response(200, headers=JSON, content=msgspec.json.encode(HONEST[name]))

    return httpx2.MockTransport(handle)


def sync_story(where: str, evil: Evil | None) -> None:
    with (
        httpx2.Client(transport=transport(where, evil), follow_redirects=True) as http,
        Client(ISSUER, "desktop", store=MemoryStore(), http=http, surroundings=Clock()) as client,
    ):
        login = client.start_login("ada@example.com")
        if where == "token":
            login.wait()
        else:
            login.cancel()


async def async_story(where: str, evil: Evil | None) -> None:
    async with (
        httpx2.AsyncClient(transport=transport(where, evil), follow_redirects=True) as http,
        AsyncClient(ISSUER, "desktop", store=MemoryStore(), http=http, surroundings=Clock()) as client,
    ):
        login = await client.start_login("ada@example.com")
        if where == "token":
            await login.wait()
        else:
            await login.cancel()


def tell(kind: str, where: str, evil: Evil | None) -> CounterfoilError:
    """Tell the story and return the error it must end with; any other error is a failure."""
    try:
        if kind == "sync":
            sync_story(where, evil)
        else:
            asyncio.run(async_story(where, evil))
    except CounterfoilError as error:
        return error
    pytest.fail("the client took it")


def assert_unexpected(error: CounterfoilError) -> None:
    assert type(error) is UnexpectedResponse
    told = "".join(traceback.format_exception(error)) + repr(error) + error.hint
    for secret in (DEVICE_CODE, TOKENS["access_token"], TOKENS["refresh_token"]):
        assert str(secret) not in told


def encoded(value: object) -> bytes:
    return msgspec.json.encode(value)


SHAPELESS = {
    "empty": b"",
    "html": b"<html>sign in to the wifi</html>",
    "null": b"null",
    "list": b"[]",
    "string": b'"x"',
    "number": b"7",
    "cut short": b'{"issuer":"https://id.exa',
    "two values": b"{} {}",
    "not UTF-8": b'{"issuer":"\xff\xfe"}',
    "not UTF-8 where nobody looks": b'{"ignored":"\xff"}',
    "UTF-16": '{"issuer":"x"}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "lone surrogate": b'{"issuer":"\\ud800"}',
    "deep list": b"[" * 60_000,
    "deep list in an ignored member": b'{"x":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "deep object in an ignored member": b'{"x":' * 10_000 + b"1" + b"}" * 10_000,
    "NaN": b'{"expires_in":NaN}',
    "nothing needed": b"{}",
    "too long": b'{"x":"' + b"a" * 70_000 + b'"}',
    "padded too long": b" " * 70_000 + b"{}",
}


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("where", ["discovery", "start", "token"])
@pytest.mark.parametrize("body", SHAPELESS.values(), ids=SHAPELESS)
@pytest.mark.parametrize("status", [200, 400])
def test_a_body_that_is_no_answer(kind: str, where: str, body: bytes, status: int) -> None:
    assert_unexpected(tell(kind, where, Evil(status, body)))


HIDDEN = {"not UTF-8": b'"\xff"', "a surrogate in UTF-8": b'"\xed\xa0\x80"', "deep": b"[" * 20_000 + b"]" * 20_000}


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("where", ["discovery", "start", "token"])
@pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN)
def test_an_honest_answer_with_a_bad_member_that_nobody_needs(kind: str, where: str, hidden: bytes) -> None:
    body = encoded(HONEST[where])[:-1] + b',"ignored":' + hidden + b"}"
    assert_unexpected(tell(kind, where, Evil(body=body)))


ENVELOPES = {
    "text/html": {"content-type": "text/html"},
    "text/plain": {"content-type": "text/plain; charset=utf-8"},
    "no type": {},
    "two types": {"content-type": "application/json, text/html"},
    "a type that begins alike": {"content-type": "application/json-seq"},
    "jwt": {"content-type": "application/jwt"},
    "gzip": {**JSON, "content-encoding": "gzip"},
    "deflate": {**JSON, "content-encoding": "deflate"},
    "unknown packing": {**JSON, "content-encoding": "matryoshka"},
    "double packing": {**JSON, "content-encoding": "identity, gzip"},
}


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("where", ["discovery", "start", "token"])
@pytest.mark.parametrize("headers", ENVELOPES.values(), ids=ENVELOPES)
@pytest.mark.parametrize("status", [200, 400])
def test_an_envelope_that_is_none(kind: str, where: str, headers: dict[str, str], status: int) -> None:
    body = encoded(HONEST[where] if status == 200 else {"error": "invalid_request"})
    assert_unexpected(tell(kind, where, Evil(status, body, headers)))


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("where", ENDPOINTS)
@pytest.mark.parametrize("status", [201, 202, 204, 206, 299, 300, 301, 302, 303, 304, 307, 308, 399, 600, 999])
def test_a_status_that_makes_no_sense(kind: str, where: str, status: int) -> None:
    headers = {**JSON, "location": "https://evil.example/oauth/token"}
    assert_unexpected(tell(kind, where, Evil(status, encoded(HONEST[where]), headers)))


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("where", ENDPOINTS)
def test_a_body_without_end_is_cut_off(kind: str, where: str) -> None:
    assert_unexpected(tell(kind, where, None))


def without(values: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != name}


REQUIRED = [
    *(("discovery", name) for name in METADATA),
    *(("start", name) for name in STARTED if name != "poll_wait_max"),
    *(("token", name) for name in TOKENS if name != "refresh_token"),
]

ANY: list[object] = [None, True, [], {}, 1.5, -1, "", 10**400, "x" * 60_000, "\x00", "a\nb", "\u202eab"]
WRONG = [
    pytest.param(where, name, value, id=f"{where}-{name}-{str(value)[:9]!r}")
    for where, name in REQUIRED
    for value in ANY
    # An application may be registered for no scope at all.
    if (name, value) != ("scope", "")
]


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize(("where", "name"), REQUIRED)
def test_a_missing_member(kind: str, where: str, name: str) -> None:
    assert_unexpected(tell(kind, where, Evil(body=encoded(without(HONEST[where], name)))))


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize(("where", "name", "value"), WRONG)
def test_a_member_of_the_wrong_kind(kind: str, where: str, name: str, value: object) -> None:
    if value == 10**400:
        body = encoded({**HONEST[where], name: "BIG"}).replace(b'"BIG"', b"1" + b"0" * 400)
    else:
        body = encoded({**HONEST[where], name: value})
    assert_unexpected(tell(kind, where, Evil(body=body)))


ABSURD: list[tuple[str, dict[str, Any]]] = [
    *(("discovery", {"issuer": value}) for value in ("https://evil.example", f"{ISSUER}/", "https://ID.example")),
    *(
        ("discovery", {name: value})
        for name in ("device_authorization_endpoint", "token_endpoint", "revocation_endpoint", "mail_code_endpoint")
        for value in (
            "https://evil.example/oauth/token",
            "http://id.example/oauth/token",
            "https://id.example.evil.example/t",
            "https://id.example@evil.example/t",
            "https://id.example:8443/t",
            "https://id.example\\@evil.example/t",
            "https://id.example/t#fragment",
            "https://id.example/t\r\nHost: evil.example",
            "//id.example/t",
            "file:///etc/passwd",
        )
    ),
    *(("start", {"interval": value}) for value in (0, -5, 3601, 10**12, "5", 5.0)),
    *(("start", {"expires_in": value}) for value in (0, -1, 86_401, 10**12, "600")),
    *(("start", {"poll_wait_max": value}) for value in (-1, 10**9, "25", None, 2.5)),
    *(
        ("start", {"user_code": value})
        for value in (
            " ",
            "A" * 33,
            "WDJ\nBMJ",
            "WDJ\x1b[2J",
            "WDJ\x00",
            "\u202eJMB-JDW",
            "\u200b",
            "WDJ\u2028BMJ",
            "\x7f",
        )
    ),
    *(("start", {"device_code": value}) for value in ("a b", "ü", "a\r\nb", "x" * 20_000)),
    *(("start", {"login_id": value}) for value in ("a b", "x" * 256, "a\x1b[31m")),
    *(
        ("start", {"verification_uri": value})
        for value in ("javascript:alert(1)", "file:///bin/sh", "https://evil.example/", "http://id.example/", "/check")
    ),
    *(("token", {"token_type": value}) for value in ("Bearer", "bearer", "MAC", "N_A", "DPoP Bearer")),
    *(("token", {"expires_in": value}) for value in (0, -300, 86_401, 10**12, "300")),
    *(("token", {"access_token": value}) for value in ("a b", "a\r\nX-Evil: 1", "ü", "x" * 20_000)),
    *(("token", {"refresh_token": value}) for value in ("", 5, "a\nb", ["x"])),
    *(("token", {"sub": value}) for value in ("a b", "\u202e", "x" * 256)),
    *(("token", {"scope": value}) for value in ("\x1b[2J", ["email"], "x" * 5000)),
]


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize(("where", "change"), ABSURD, ids=repr)
def test_an_absurd_value(kind: str, where: str, change: dict[str, Any]) -> None:
    assert_unexpected(tell(kind, where, Evil(body=encoded({**HONEST[where], **change}))))


ERRORS: dict[str, Any] = {
    "no code": {},
    "null": {"error": None},
    "number": {"error": 400},
    "list": {"error": ["slow_down"]},
    "empty": {"error": ""},
    "too long": {"error": "x" * 65},
    "control characters": {"error": "a\x1b[31m"},
    "line break at the end": {"error": "authorization_pending\n"},
    "not ASCII": {"error": "invalid_grant\u200b"},
    "description is a number": {"error": "invalid_request", "error_description": 5},
    "reason is a list": {"error": "access_denied", "reason": ["locked"]},
    "reason without end": {"error": "access_denied", "reason": "x" * 65},
    "a nonce is called for and none is given": {"error": "use_dpop_nonce"},
}


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("where", ["start", "token", "revoke"])
@pytest.mark.parametrize("body", ERRORS.values(), ids=ERRORS)
def test_an_error_that_is_none(kind: str, where: str, body: object) -> None:
    assert_unexpected(tell(kind, where, Evil(400, encoded(body))))


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("where", ["start", "token", "revoke"])
def test_a_nonce_that_is_never_right(kind: str, where: str) -> None:
    evil = Evil(400, encoded({"error": "use_dpop_nonce"}), {**JSON, "dpop-nonce": "again-and-again"})
    assert_unexpected(tell(kind, where, evil))


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_long_answer_to_a_cancel_and_a_packed_one(kind: str) -> None:
    assert_unexpected(tell(kind, "revoke", Evil(body=b"x" * 70_000)))
    assert_unexpected(tell(kind, "revoke", Evil(headers={**JSON, "content-encoding": "gzip"})))
