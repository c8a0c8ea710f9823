# SPDX-License-Identifier: Apache-2.0
"""The outermost layer: heads of 16 KiB and not a byte more, and a log line without the path."""

import json
import logging
from typing import Any

import pytest

from counterfoil_service.web.gate import MAX_HEAD_BYTES, Gate


class _App:
    def __init__(self) -> None:
        self.calls = 0

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        self.calls += 1
        scope["path_template"] = "/l/{secret}"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def _call(app: Any, path: str, headers: list[tuple[bytes, bytes]], kind: str = "http") -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("the gate reads nothing")

    scope: Any = {"type": kind, "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"q=1",
                  "headers": headers}  # fmt: skip
    await Gate(app)(scope, receive, send)
    return sent


async def test_a_head_of_exactly_the_limit_passes_and_one_byte_more_does_not() -> None:
    app = _App()
    room = MAX_HEAD_BYTES - len("/oauth/token") - len("q=1") - len("x") - 4
    assert (await _call(app, "/oauth/token", [(b"x", b"a" * room)]))[0]["status"] == 200
    assert (await _call(app, "/oauth/token", [(b"x", b"a" * (room + 1))]))[0]["status"] == 431
    assert app.calls == 1


@pytest.mark.parametrize(
    ("path", "kind"), [("/oauth/token", b"application/json"), ("/l/x", b"application/problem+json")]
)
async def test_the_refusal_has_the_shape_of_its_neighbourhood(path: str, kind: bytes) -> None:
    start, body = await _call(_App(), path, [(b"x", b"a" * MAX_HEAD_BYTES)])
    headers = dict(start["headers"])
    assert headers[b"content-type"] == kind
    assert headers[b"connection"] == b"close"
    assert int(headers[b"content-length"]) == len(body["body"])
    assert {"error", "error_description", "instance"} <= set(json.loads(body["body"]))


async def test_the_log_line_names_the_template_and_the_status(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "counterfoil.access")
    await _call(_App(), "/l/needle", [(b"user-agent", b"needle")])
    await _call(_App(), "/l/needle" + "x" * MAX_HEAD_BYTES, [])
    first, second = (record.getMessage() for record in caplog.records)
    assert first.startswith("GET /l/{secret} 200 ")
    assert second.startswith("GET - 431 ")


async def test_what_is_not_http_passes_unwatched(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "counterfoil.access")
    app = _App()
    await _call(app, "/", [(b"x", b"a" * MAX_HEAD_BYTES)], kind="lifespan")
    assert app.calls == 1
    assert not caplog.records
