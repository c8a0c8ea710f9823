# SPDX-License-Identifier: Apache-2.0
"""Logs hold no secret and no word of a caller's, whatever is asked for and however it fails [R38, A16, A30]."""

import logging
from typing import Any, NoReturn

import pytest

from counterfoil_service.crypto.argon2 import hash_secret
from support.http import ASK, FORM, REVOKE, TOKEN, ask_form, poll_form, post, primed, raw_call
from support.stage import Stage
from support.way_home import VERIFIER, traveller

NEEDLE = "needle7f3a"


@pytest.fixture(autouse=True)
def everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


async def test_a_whole_sign_in_leaves_no_secret_in_the_logs(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    await stage.add_application("back-end", secret_hash=hash_secret(NEEDLE), dpop="optional")
    asked = await stage.start("ada.lovelace@example.com", device_label="Ada's laptop")
    secret = await stage.secret()
    await stage.open(secret)
    await stage.open(secret, "HEAD")
    await stage.decide(secret, "approve", "BBBBBB" if asked.user_code != "BBB-BBB" else "CCCCCC")
    await stage.decide(secret, "approve", asked.user_code)
    tokens = (await stage.poll(asked, wait=1)).json()
    await stage.poll(asked, stage.device())
    await asked.device.post(stage.client, REVOKE, {"client_id": "desk-app", "token": asked.device_code})
    await post(stage, ASK, ask_form(client_id="back-end", client_secret=NEEDLE))
    await stage.sweep()

    secrets = [secret, asked.device_code, asked.user_code, asked.user_code.replace("-", ""), tokens["access_token"],
               tokens["refresh_token"], "lovelace", "laptop", "192.0.2.10", NEEDLE, "5e" * 32]  # fmt: skip
    lines = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx2", "httpcore2"))]
    assert sum("/oauth/token 200" in line for line in lines) == 1
    assert sum("GET /l/{secret} 200" in line for line in lines) == 1
    for needle in secrets:
        assert not [line for line in lines if needle in line]


async def test_a_way_home_leaves_no_code_in_the_logs(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    home = await traveller(stage, state=NEEDLE)
    codes = [await home.code() for _ in range(3)]
    await home.redeem(codes[0], code_verifier="x" * 43)
    await home.redeem(codes[0], stage.device())
    tokens = (await home.redeem(codes[0])).json()
    await home.redeem(codes[0])
    await home.press("report")
    lines = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx2", "httpcore2"))]
    assert sum("POST /l 303" in line for line in lines) == 3
    for needle in [*codes, home.secret, VERIFIER, tokens["refresh_token"], tokens["access_token"], NEEDLE, "127.0.0.1"]:
        assert not [line for line in lines if needle in line]


async def _hostile_calls(stage: Stage) -> None:
    evil = f"{NEEDLE}\r\nFAKE LINE\x1b[31m"
    quoted = NEEDLE + "%0d%0aFAKE%20LINE%1b[31m"
    for method in ("GET", "HEAD", "PUT"):
        for path in (f"/l/{quoted}", f"/{quoted}", f"/oauth/{quoted}", f"/l/a/{quoted}", f"/check-mail?{quoted}"):
            await stage.client.request(method, path)
    fields = dict.fromkeys(("client_id", "login_hint", "scope", "device_label", "resource", "device_fingerprint"), evil)
    for name, value in fields.items():
        await primed(stage).post(stage.client, ASK, ask_form(**{name: value}))
    asked = await stage.start()
    for name in ("device_code", "grant_type", "client_id", "device_fingerprint"):
        await asked.device.post(stage.client, TOKEN, poll_form(asked, **{name: evil}))
    await asked.device.post(stage.client, REVOKE, {"client_id": "desk-app", "token": evil})
    for action, code in (("approve", evil), (evil, "x"), ("reject", evil)):
        await stage.decide(evil, action, code)
    headers = [(b"content-type", FORM.encode()), (b"user-agent", NEEDLE.encode()), (b"dpop", NEEDLE.encode()),
               (b"authorization", b"Basic " + NEEDLE.encode()), (b"x-forwarded-for", NEEDLE.encode()),
               (b"origin", NEEDLE.encode()), (b"host", NEEDLE.encode()), (b"prefer", NEEDLE.encode())]  # fmt: skip
    for path in (ASK, TOKEN, REVOKE, "/l"):
        await raw_call(stage, "POST", path.encode(), headers, NEEDLE.encode() + b"=" + NEEDLE.encode())


def _lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Formatted, with tracebacks; the test's own client speaks too, and is left out."""
    formatter = logging.Formatter("%(name)s %(message)s")
    ours = (record for record in caplog.records if not record.name.startswith(("httpx2", "httpcore2", "asyncio")))
    return [formatter.format(record) for record in ours]


async def test_nothing_of_a_hostile_request_reaches_the_log(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    await _hostile_calls(stage)
    lines = _lines(caplog)
    assert sum(line.startswith("counterfoil.access") for line in lines) > 20
    for line in lines:
        assert NEEDLE not in line
        assert "FAKE" not in line
        assert "\n" not in line


async def test_nothing_of_it_reaches_the_log_when_everything_fails(
    sqlite_stage: Stage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_args: object, **_named: Any) -> NoReturn:
        raise RuntimeError("the fault itself")

    asked = await sqlite_stage.start()
    monkeypatch.setattr(sqlite_stage.database, "read", fails)
    monkeypatch.setattr(sqlite_stage.database, "write", fails)
    form = poll_form(asked, device_code=NEEDLE)
    assert (await asked.device.post(sqlite_stage.client, TOKEN, form)).status_code == 500
    assert (await sqlite_stage.open("A" * 43)).status_code == 500
    assert (await sqlite_stage.decide("A" * 43, "approve", NEEDLE)).status_code == 500
    lines = _lines(caplog)
    assert sum("the fault itself" in line for line in lines) == 3
    assert not [line for line in lines if NEEDLE in line or "A" * 43 in line or asked.device_code in line]


async def test_the_access_line_holds_the_template_and_never_the_path(
    sqlite_stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    for path in ("/l/" + "A" * 43, "/nope", "/oauth/nope", "/check-mail"):
        await sqlite_stage.client.get(path)
    lines = [record.getMessage() for record in caplog.records if record.name == "counterfoil.access"]
    assert [line.rpartition(" ")[0] for line in lines] == [
        "GET /l/{secret} 410",
        "GET - 404",
        "GET - 404",
        "GET /check-mail 200",
    ]
