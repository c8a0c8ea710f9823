# SPDX-License-Identifier: Apache-2.0
"""Requests nobody sends by mistake: each is refused by a rule that it is told, and none leaves a row or a trace."""

import re
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from support.http import ASK, FORM, REVOKE, TOKEN, is_page, nothing_written, post, problem, raw_call, refused
from support.stage import Stage

ENDPOINTS = [ASK, TOKEN, REVOKE]
MALFORMED = [
    b"\xff\xfe\xfd",
    b"client_id=desk-app&login_hint=\xc3\xa4@example.com",
    b"client_id=desk-app%00&login_hint=ada@example.com",
    b"client_id%00=desk-app",
    b"client_id=%ED%A0%80",
    b"client_id=%C0%AFdesk-app",
    b"client_id=%FF",
    b"client_id=%F8%88%80%80%80",
    b"grant_type=%00",
    b"token=%ED%BF%BF",
    b"&" * 10_000,
    b"&".join(b"%d=1" % number for number in range(65)),
    b"a=1&a=2",
    b"=&=",
    b"client_id[]=desk-app",
    b'{"client_id":"desk-app","login_hint":"ada@example.com"}',
    b"<xml/>",
    b"",
    b"%",
    b"%zz=%zz",
    b"__proto__=1&constructor=2",
    "client_id=\uff44esk-app".encode(),
]


@pytest.mark.parametrize("path", ENDPOINTS)
async def test_a_malformed_body_is_told_its_rule(sqlite_stage: Stage, path: str) -> None:
    async with nothing_written(sqlite_stage):
        for body in MALFORMED:
            refused(await post(sqlite_stage, path, body), 400, "invalid_request")


async def test_ten_thousand_fields_are_too_many(sqlite_stage: Stage) -> None:
    for body in (b"&" * 10_000, b"a" + b"&=" * 5_000):
        assert "64 fields" in refused(await post(sqlite_stage, ASK, body), 400, "invalid_request")["error_description"]


async def test_a_semicolon_separates_no_fields(sqlite_stage: Stage) -> None:
    """Or the field that a proxy checks would not be the one that counts."""
    async with nothing_written(sqlite_stage):
        refused(await post(sqlite_stage, ASK, b"client_id=desk-app;login_hint=ada@example.com"), 401, "invalid_client")


async def test_a_malformed_body_of_the_link_form_is_a_page(sqlite_stage: Stage) -> None:
    async with nothing_written(sqlite_stage):
        for body in MALFORMED:
            answer = await post(sqlite_stage, "/l", body)
            is_page(answer, answer.status_code)
            assert answer.status_code in {400, 410}


CONTENT_TYPES = [None, "", "application/json", "text/plain", "multipart/form-data; boundary=x", FORM + "x",
                 "application/x-www-form-urlencoded, text/plain", "*/*", ";", "\x80"]  # fmt: skip


@pytest.mark.parametrize("path", [*ENDPOINTS, "/l"])
async def test_another_content_type_is_refused(sqlite_stage: Stage, path: str) -> None:
    async with nothing_written(sqlite_stage):
        for content_type in CONTENT_TYPES:
            headers = {} if content_type is None else {b"content-type": content_type.encode("latin-1")}
            answer = await sqlite_stage.client.post(path, content=b"client_id=desk-app", headers=headers)
            if path == "/l":
                is_page(answer, 400)
            else:
                assert FORM in refused(answer, 400, "invalid_request")["error_description"]


async def test_case_and_parameters_of_the_content_type_do_not_matter(sqlite_stage: Stage) -> None:
    body = refused(await post(sqlite_stage, ASK, b"x=y", content_type=FORM.upper() + " ; charset=utf-8"), 400,
                   "invalid_request")  # fmt: skip
    assert body["error_description"].startswith("client_id")


METHODS = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "X" * 300]


@pytest.mark.parametrize("path", ENDPOINTS)
async def test_another_method_is_refused_and_the_right_one_named(sqlite_stage: Stage, path: str) -> None:
    async with nothing_written(sqlite_stage):
        for method in METHODS:
            answer = await sqlite_stage.client.request(method, path, content=b"client_id=desk-app")
            assert answer.status_code == 405
            assert "POST" in answer.headers["allow"]
            if method != "HEAD":
                refused(answer, 405, "method_not_allowed")
    answer = await sqlite_stage.client.request("DELETE", "/.well-known/jwks.json")
    problem(answer, 405, "method_not_allowed")
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize(
    "path", ["/", "/nope", "/oauth", "/x/oauth/token", "/admin", "/.env", "/static/../../etc/passwd", "/login"]
)
async def test_a_path_that_there_is_not_is_a_problem(sqlite_stage: Stage, path: str) -> None:
    problem(await sqlite_stage.client.get(path), 404, "not_found")


@pytest.mark.parametrize("path", ["/oauth/", "/oauth/x", "/oauth/tokens", "/oauth/token/x", "/oauth/inspect"])
async def test_a_path_below_oauth_that_there_is_not_is_an_oauth_error(sqlite_stage: Stage, path: str) -> None:
    refused(await sqlite_stage.client.post(path, data={"a": "b"}), 404, "not_found")


TRICKS = [b"/l/%2e%2e/oauth/token", b"/l/..%2foauth%2ftoken", b"/l/%00", b"/l/%ff%fe", b"/l/\xff", b"/l/a%2fb",
          b"/l/" + b"A" * 43 + b"%00", b"/l/" + b"A" * 43 + b"%0d%0aSet-Cookie:x=1", b"/l/" + b"A" * 43 + b";x=1",
          b"/l/%u0041", b"/l/%", b"/l/" + b"%41" * 43, b"/l/" + b"\\" * 9, b"/l/{secret}", b"/l/%7Bsecret%7D",
          b"/l/a/b/c", b"/l/" + b"/" * 50 + b"x", b"/l/../l/x", b"/l/.", b"/l/ "]  # fmt: skip


async def test_tricks_with_the_links_path_lead_nowhere(sqlite_stage: Stage) -> None:
    await sqlite_stage.start()
    async with nothing_written(sqlite_stage):
        for path in TRICKS:
            for method in ("GET", "HEAD"):
                start, body = await raw_call(sqlite_stage, method, path, [])
                assert start["status"] == 410, path
                assert b"x=1" not in b"".join(name + value for name, value in start["headers"])
                assert path[3:] not in body["body"] or len(path) < 6


async def test_a_secret_in_the_query_is_no_link(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    secret = await sqlite_stage.secret()
    query = f"secret={secret}&action=approve&user_code={quote(asked.user_code)}"
    assert (await sqlite_stage.client.get(f"/l?{query}")).status_code == 405
    assert (await sqlite_stage.client.post(f"/l?{query}", data={"x": "y"})).status_code == 410
    assert (await sqlite_stage.client.get(f"/l/x?{query}")).status_code == 410
    assert await sqlite_stage.rows("SELECT state FROM logins") == [("pending",)]


@pytest.mark.parametrize("path", [*ENDPOINTS, "/l"])
async def test_a_body_above_16_kib_is_refused_announced_or_not(sqlite_stage: Stage, path: str) -> None:
    async def streamed() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b"a" * 1024

    async with nothing_written(sqlite_stage):
        for body in (b"a" * (16 * 1024 + 1), streamed()):
            answer = await sqlite_stage.client.post(path, content=body, headers={"content-type": FORM})
            if path == "/l":
                is_page(answer, 413)
            else:
                refused(answer, 413, "request_too_large")
        fits = await sqlite_stage.client.post(path, content=b"a" * 16 * 1024, headers={"content-type": FORM})
        assert fits.status_code in {400, 410}


@pytest.mark.parametrize(
    "headers", [{"x": "a" * 16_400}, {f"x-{number}": "a" * 100 for number in range(160)}, {"DPoP": "a" * 17_000}]
)
async def test_a_head_above_16_kib_is_refused_by_the_gate(sqlite_stage: Stage, headers: dict[str, str]) -> None:
    async with nothing_written(sqlite_stage):
        oauth = await sqlite_stage.client.post(TOKEN, headers=headers)
        page = await sqlite_stage.client.get("/check-mail", headers=headers)
        assert (await sqlite_stage.client.get("/" + "a" * 17_000)).status_code == 431
    assert set(oauth.json()) == {"error", "error_description", "instance"}
    assert (oauth.status_code, oauth.headers["content-type"]) == (431, "application/json")
    assert re.fullmatch("[0-9a-f]{16}", oauth.json()["instance"])
    problem(page, 431, "request_too_large")


async def test_a_client_that_leaves_before_its_body_is_complete_does_no_harm(
    sqlite_stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    app = sqlite_stage.client._transport.app  # type: ignore[attr-defined]  # the ASGI transport's
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "https",
             "path": TOKEN, "raw_path": TOKEN.encode(), "query_string": b"", "root_path": "", "client": None,
             "server": None, "headers": [(b"content-type", FORM.encode())]}  # fmt: skip
    async with nothing_written(sqlite_stage):
        await app(scope, receive, send)
    assert sent[0]["status"] == 400
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize("length", ["abc", "-1", "1e3", "99999999999999999999"])
async def test_a_content_length_that_is_none_is_refused(sqlite_stage: Stage, length: str) -> None:
    answer = await post(sqlite_stage, TOKEN, b"a=b", content_length=length)
    assert answer.status_code in {400, 413}
