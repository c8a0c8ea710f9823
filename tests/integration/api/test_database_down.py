# SPDX-License-Identifier: Apache-2.0
"""When the database does not answer, everybody is told to come back, and nobody is let in [R48]."""

from collections.abc import Callable
from typing import Any, NoReturn

import httpx2
import pytest

from counterfoil_service.db.engine import unavailable
from support.http import REVOKE, content, is_page, problem, refused
from support.stage import Asked, Stage


async def _down(*_args: object) -> NoReturn:
    raise unavailable()


def _break(stage: Stage, monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    for name in names:
        monkeypatch.setattr(stage.database, name, _down)


async def _calls(stage: Stage, asked: Asked) -> list[httpx2.Response]:
    form = {"client_id": "desk-app", "token": asked.device_code}
    return [
        await stage.ask(asked.device, "new@example.com"),
        await stage.poll(asked),
        await stage.poll(asked, wait=25),
        await asked.device.post(stage.client, REVOKE, form),
    ]


@pytest.mark.parametrize("broken", [["read"], ["write"], ["read", "write"]])
async def test_everybody_is_told_to_come_back_and_nothing_is_granted(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, broken: list[str]
) -> None:
    asked = await stage.approved()
    stage.clock.advance(1)
    pending = await stage.start("bob@example.com")
    secret = await stage.secret()
    stage.clock.advance(60)
    before = await content(stage)
    with monkeypatch.context() as patch:
        _break(stage, patch, *broken)
        for answer in await _calls(stage, asked):
            refused(answer, 503, "temporarily_unavailable")
            assert answer.headers["retry-after"] == "1"
        for page in (
            await stage.open(secret),
            await stage.decide(secret, "approve", pending.user_code),
            await stage.decide(secret, "reject"),
        ):
            assert secret not in is_page(page, 503)
            assert page.headers["retry-after"] == "1"
    assert await content(stage) == before
    assert (await stage.poll(asked)).status_code == 200


async def test_readiness_says_that_the_database_is_down_and_liveness_does_not(
    sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    _break(sqlite_stage, monkeypatch, "read", "write")
    answer = await sqlite_stage.client.get("/health/ready")
    problem(answer, 503, "temporarily_unavailable")
    assert answer.headers["retry-after"] == "1"
    assert (await sqlite_stage.client.get("/health/live")).status_code == 200


async def test_a_closed_database_grants_nothing(stage: Stage) -> None:
    """The real thing: the pool is closed, the writer has ended."""
    asked = await stage.approved()
    stage.clock.advance(60)
    await stage.database.close()
    for answer in await _calls(stage, asked):
        refused(answer, 503, "temporarily_unavailable")


async def test_keys_that_cannot_be_read_give_no_token(sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = await sqlite_stage.approved()
    signers = sqlite_stage.service.services.signers
    signers._keys = []
    read: Callable[..., Any] = sqlite_stage.database.read

    async def without_keys(query: Callable[..., Any], *args: Any) -> Any:
        if query.__name__ == "list_all":
            raise unavailable()
        return await read(query, *args)

    monkeypatch.setattr(sqlite_stage.database, "read", without_keys)
    refused(await sqlite_stage.poll(asked), 503, "temporarily_unavailable")
    problem(await sqlite_stage.client.get("/.well-known/jwks.json"), 503, "temporarily_unavailable")
    assert await sqlite_stage.rows("SELECT state FROM logins") == [("approved",)]


async def test_an_error_of_ours_says_nothing_but_its_id(
    sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked = await sqlite_stage.approved()

    async def fails(*_args: object) -> NoReturn:
        raise RuntimeError("a private text")

    monkeypatch.setattr(sqlite_stage.database, "read", fails)
    body = refused(await sqlite_stage.poll(asked), 500, "server_error")
    page = is_page(await sqlite_stage.open("A" * 43), 500)
    assert "private" not in str(body) + page
    assert body["instance"] in body["error_description"]
    assert body["instance"] in caplog.text
