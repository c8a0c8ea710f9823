# SPDX-License-Identifier: Apache-2.0
"""What the tests of the wire share: refusals in their full shape, proof that nothing was written, raw requests."""

import asyncio
import base64
import contextlib
import json
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx2
from sqlalchemy import text

from counterfoil_service.crypto.keys import keyed
from counterfoil_service.db import users
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.tables import metadata
from counterfoil_service.db.users import User
from support.device import Device
from support.stage import Asked, Stage

FORM = "application/x-www-form-urlencoded"
ASK = "/oauth/device_authorization"
TOKEN = "/oauth/token"
REVOKE = "/oauth/revoke"
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"

_DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")
"""RFC 6749 §5.2 allows nothing else."""


def refused(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The body of an OAuth error, once its whole shape was checked."""
    assert (response.status_code, response.json().get("error")) == (status, code), response.text
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["dpop-nonce"]
    body: dict[str, Any] = response.json()
    assert set(body) - {"reason", "tries_left"} == {"error", "error_description", "instance"}
    assert _DESCRIPTION.fullmatch(body["error_description"]), body["error_description"]
    assert re.fullmatch("[0-9a-f]{16}", body["instance"])
    return body


def problem(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The body of an RFC 9457 error, once its whole shape was checked."""
    assert (response.status_code, response.json().get("error")) == (status, code), response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    body: dict[str, Any] = response.json()
    assert set(body) == {"type", "title", "status", "detail", "instance", "error", "error_description"}
    assert body["status"] == status
    return body


def is_page(response: httpx2.Response, status: int) -> str:
    """The text of an HTML page with this status."""
    assert response.status_code == status, response.text[-300:]
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    return response.text


async def content(stage: Stage) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    return {name: await stage.rows(f"SELECT * FROM {name} ORDER BY 1") for name in metadata.tables}  # noqa: S608 - ours


@contextlib.asynccontextmanager
async def nothing_written(stage: Stage) -> AsyncIterator[None]:
    """No table differs afterwards."""
    before = await content(stage)
    yield
    assert await content(stage) == before


@contextlib.asynccontextmanager
async def only_told(stage: Stage, budget: str) -> AsyncIterator[None]:
    """No table differs afterwards, but that the log was told once of a budget that is used up."""
    before = await content(stage)
    yield
    after = await content(stage)
    new = [row for row in after.pop("audit_events") if row not in before["audit_events"]]
    assert after == {name: rows for name, rows in before.items() if name != "audit_events"}
    told = await stage.rows("SELECT name, reason FROM audit_events ORDER BY position DESC LIMIT 1")
    assert (len(new), told) == (1, [("limit.refused", budget)])


async def execute(stage: Stage, sql: str) -> None:
    """Change the database behind the service's back."""
    statement = Statement(text(sql))
    await stage.database.transact(lambda tx: tx.run(statement, {}))
    stage.database.on_change(None)  # as is said of what another process wrote


async def put_into(stage: Stage, asked: Asked, state: str) -> None:
    """Set a login's state behind the service's back."""
    statement = Statement(text("UPDATE logins SET state = :state WHERE id = :id"))
    await stage.database.transact(lambda tx: tx.run(statement, {"state": state, "id": asked.login_id}))


async def add_user(stage: Stage, address: str, *, disabled: bool = False) -> None:
    """A user who was verified at `address` before the test began."""
    mailbox = keyed(stage.service.services.keys.mailbox, address.casefold().encode())
    now = stage.clock()
    user = User(f"user-{address}", mailbox, address, now - 10, now - 5, now if disabled else None)
    await stage.database.transact(lambda tx: users.add(tx, user))


def primed(stage: Stage) -> Device:
    """A device that already knows the nonce, so that its first request is no dress rehearsal."""
    device = stage.device()
    device.nonce = stage.service.services.nonces.current(stage.clock())
    return device


async def post(
    stage: Stage,
    path: str,
    body: bytes | str | Mapping[str, str],
    *,
    proof: str | None = None,
    **headers: str,
) -> httpx2.Response:
    """One POST, exactly as given: no retry, no proof unless there is one; header names with _ for -."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    sent |= {} if proof is None else {"DPoP": proof}
    if isinstance(body, Mapping):
        return await stage.client.post(path, data=dict(body), headers=sent)
    return await stage.client.post(path, content=body, headers={"content-type": FORM} | sent)


def ask_form(**changes: str | None) -> dict[str, str]:
    """The fields of a request for a link; None leaves one out."""
    fields = {"client_id": "desk-app", "login_hint": "ada@example.com"} | changes
    return {name: value for name, value in fields.items() if value is not None}


def poll_form(asked: Asked, **changes: str | None) -> dict[str, str]:
    """The fields of a poll; None leaves one out."""
    fields = {"grant_type": GRANT_TYPE, "client_id": "desk-app", "device_code": asked.device_code} | changes
    return {name: value for name, value in fields.items() if value is not None}


def fingerprint(stable: str = "A" * 43, **changes: Any) -> str:
    """A `device_fingerprint` field."""
    value = {"v": 1, "stable": stable, "attributes": {"os": "x" * 22}} | changes
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


async def until_held(stage: Stage, count: int = 1) -> None:
    """Wait until this many polls are held."""
    async with asyncio.timeout(20):
        while len(stage.service.services.hub) != count:  # noqa: ASYNC110 - the hub has no reason to tell anybody
            await asyncio.sleep(0.002)


async def raw_call(
    stage: Stage,
    method: str,
    path: bytes,
    headers: list[tuple[bytes, bytes]],
    body: bytes = b"",
    gone: asyncio.Event | None = None,
) -> list[dict[str, Any]]:
    """One request below any HTTP library; `gone` is when its client hangs up. The messages that were sent."""
    sent: list[dict[str, Any]] = []
    parts = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if parts:
            return parts.pop()
        await (gone or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    target, _, query = path.partition(b"?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": target.decode("utf-8", "replace"),
        "raw_path": target,
        "query_string": query,
        "root_path": "",
        "headers": headers,
        "client": ("192.0.2.10", 40000),
        "server": ("id.example", 443),
    }
    app: Any = stage.client._transport.app  # type: ignore[attr-defined]  # the ASGI transport's
    await app(scope, receive, send)
    return sent
