# SPDX-License-Identifier: Apache-2.0
"""Every refusal of a request for a link: its code, and that no table knows of it afterwards (protocol §2)."""

import base64
from pathlib import Path

import pytest

from counterfoil_service.core import budget
from support.http import ASK, ask_form, fingerprint, nothing_written, only_told, post, primed, refused
from support.stage import OpenStage, Stage


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


BAD_FIELDS = [
    ("invalid_request", {"login_hint": "not an address"}),
    ("invalid_request", {"login_hint": "Ada <ada@example.com>"}),
    ("invalid_request", {"login_hint": "ada@example.com,eve@example.com"}),
    ("invalid_request", {"login_hint": "ada@example.com\r\nBcc: eve@example.com"}),
    ("invalid_request", {"login_hint": "\N{KELVIN SIGN}ate@example.com"}),
    ("invalid_request", {"login_hint": "\N{FULLWIDTH LATIN SMALL LETTER A}da@example.com"}),
    ("invalid_request", {"login_hint": "a" * 2000 + "@example.com"}),
    ("invalid_request", {"login_hint": "ada@127.0.0.1"}),
    ("invalid_request", {"login_hint": " "}),
    ("invalid_request", {"client_id": "d" * 101}),
    ("invalid_scope", {"scope": "admin"}),
    ("invalid_scope", {"scope": "email admin"}),
    ("invalid_scope", {"scope": "email  email"}),
    ("invalid_scope", {"scope": "EMAIL"}),
    ("invalid_scope", {"scope": " "}),
    ("invalid_scope", {"scope": "email\temail"}),
    ("invalid_request", {"scope": "email " * 200}),
    ("invalid_request", {"resource": "https://elsewhere.example"}),
    ("invalid_request", {"resource": "https://id.example/"}),
    ("invalid_request", {"resource": "https://ID.example"}),
    ("invalid_request", {"device_label": "x" * 65}),
    ("invalid_request", {"device_label": "two\nlines"}),
    ("invalid_request", {"device_label": "bell\a"}),
    ("invalid_request", {"device_label": "\x1b[31mred"}),
    ("invalid_request", {"device_label": "c1 \x9b31m"}),
    ("invalid_request", {"device_label": "\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe"}),
    ("invalid_request", {"device_label": "\N{RIGHT-TO-LEFT ISOLATE}x"}),
    ("invalid_request", {"device_label": "\N{ARABIC LETTER MARK}x"}),
    ("invalid_request", {"device_label": "a\N{ZERO WIDTH SPACE}b"}),
    ("invalid_request", {"device_label": "a\N{LINE SEPARATOR}b"}),
    ("invalid_request", {"redirect_uri": "http://127.0.0.1:4000/"}),
    ("invalid_request", {"state": "s"}),
    ("invalid_request", {"code_challenge": "A" * 43}),
    ("invalid_request", {"code_challenge_method": "S256"}),
    ("invalid_request", {"device_fingerprint": "!"}),
    ("invalid_request", {"device_fingerprint": "ä" * 10}),
    ("invalid_request", {"device_fingerprint": "A" * 5000}),
    ("invalid_request", {"device_fingerprint": _b64(b"[]")}),
    ("invalid_request", {"device_fingerprint": _b64(b"null")}),
    ("invalid_request", {"device_fingerprint": _b64(b"{")}),
    ("invalid_request", {"device_fingerprint": _b64(b'{"x":' + b"[" * 2900)}),
    ("invalid_request", {"device_fingerprint": _b64(b'{"v":1e999,"stable":"x","attributes":{}}')}),
    ("invalid_request", {"device_fingerprint": _b64(b"\xff\xfe{}")}),
    ("invalid_request", {"device_fingerprint": fingerprint(v=2)}),
    ("invalid_request", {"device_fingerprint": fingerprint(v=True)}),
    ("invalid_request", {"device_fingerprint": fingerprint(v="1")}),
    ("invalid_request", {"device_fingerprint": fingerprint("short")}),
    ("invalid_request", {"device_fingerprint": fingerprint("A" * 42 + "\n")}),
    ("invalid_request", {"device_fingerprint": fingerprint("A" * 44)}),
    ("invalid_request", {"device_fingerprint": fingerprint("A" * 42 + "+")}),
    ("invalid_request", {"device_fingerprint": fingerprint(attributes=["os"])}),
    ("invalid_request", {"device_fingerprint": fingerprint(attributes={"os": 1})}),
]


async def test_a_field_that_breaks_its_rule_is_refused_and_leaves_no_trace(sqlite_stage: Stage) -> None:
    async with nothing_written(sqlite_stage):
        for code, changes in BAD_FIELDS:
            device = primed(sqlite_stage)
            response = await device.post(sqlite_stage.client, ASK, ask_form(**changes))
            assert response.status_code == 400, changes
            body = refused(response, 400, code)
            for value in changes.values():
                assert len(value) < 6 or value not in body["error_description"]


async def test_a_refusal_leaves_no_trace_on_either_engine(stage: Stage) -> None:
    async with nothing_written(stage):
        for changes in ({"scope": "admin"}, {"login_hint": "x"}, {"resource": "urn:other"}, {"device_label": "\a"}):
            refused(await primed(stage).post(stage.client, ASK, ask_form(**changes)), 400, _code(changes))


def _code(changes: dict[str, str]) -> str:
    return "invalid_scope" if "scope" in changes else "invalid_request"


@pytest.mark.parametrize("name", ["client_id", "login_hint", "scope", "device_label", "nobody_knows_me"])
async def test_a_repeated_field_is_refused_even_with_one_value(sqlite_stage: Stage, name: str) -> None:
    async with nothing_written(sqlite_stage):
        for first, second in (("desk-app", "desk-app"), ("desk-app", ""), ("", "desk-app")):
            rest = "&".join(f"{key}={value}" for key, value in ask_form().items() if key != name)
            body = f"{rest}&{name}={first}&{name}={second}"
            device = primed(sqlite_stage)
            refused(await post(sqlite_stage, ASK, body, proof=device.proof(ASK)), 400, "invalid_request")


async def test_a_required_fingerprint_must_be_there(sqlite_stage: Stage) -> None:
    await sqlite_stage.add_application("careful", fingerprint="required")
    async with nothing_written(sqlite_stage):
        response = await primed(sqlite_stage).post(sqlite_stage.client, ASK, ask_form(client_id="careful"))
        assert "device_fingerprint" in refused(response, 400, "invalid_request")["error_description"]


async def test_an_unknown_application_is_told_how_to_authenticate(sqlite_stage: Stage) -> None:
    async with nothing_written(sqlite_stage):
        for client_id in ("nobody", "DESK-APP", "desk-app ", "desk-app\u0301", "'; DROP TABLE logins; --"):
            response = await primed(sqlite_stage).post(sqlite_stage.client, ASK, ask_form(client_id=client_id))
            refused(response, 401, "invalid_client")
            assert response.headers["www-authenticate"].startswith("Basic realm=")


async def test_a_request_without_a_proof_gets_no_login(sqlite_stage: Stage) -> None:
    async with nothing_written(sqlite_stage):
        refused(await post(sqlite_stage, ASK, ask_form()), 400, "invalid_dpop_proof")
        refused(await post(sqlite_stage, ASK, ask_form(), proof=""), 400, "invalid_dpop_proof")


async def test_a_second_request_by_the_same_key_within_a_minute_is_told_to_wait(stage: Stage) -> None:
    asked = await stage.start()
    for elapsed, left in ((0, "60"), (30, "30"), (29.5, "1")):
        stage.clock.advance(elapsed)
        async with nothing_written(stage):
            for address in ("ada@example.com", "nobody@example.com"):
                response = await stage.ask(asked.device, address)
                refused(response, 429, "slow_down")
                assert response.headers["retry-after"] == left
    stage.clock.advance(0.5)
    await stage.start(device=asked.device)


async def test_a_second_desktop_of_the_same_mailbox_need_not_wait(sqlite_stage: Stage) -> None:
    await sqlite_stage.start()
    await sqlite_stage.start()


async def test_a_cancelled_request_does_not_make_its_key_wait(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    form = {"client_id": "desk-app", "token": asked.device_code}
    assert (await asked.device.post(sqlite_stage.client, "/oauth/revoke", form)).status_code == 200
    await sqlite_stage.start(device=asked.device)


async def test_one_address_range_gets_ten_links_a_minute(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    async with open_stage(sqlite_url, tmp_path, budgets=budget.DEFAULTS) as stage:
        for number in range(10):
            await stage.start(f"person{number}@example.com")
        async with only_told(stage, "address_range"):
            for address in ("person1@example.com", "new@example.com"):
                response = await stage.ask(primed(stage), address)
                refused(response, 429, "slow_down")
                assert response.headers["retry-after"] == "60"
        stage.clock.advance(60)
        await stage.start("new@example.com")


async def test_a_refused_request_does_not_count_against_the_range(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    async with open_stage(sqlite_url, tmp_path, budgets=budget.parse("address_range=2/60")) as stage:
        for _ in range(5):
            refused(await stage.ask(primed(stage), scope="admin"), 400, "invalid_scope")
        await stage.start("a@example.com")
        await stage.start("b@example.com")
        refused(await stage.ask(stage.device(), "c@example.com"), 429, "slow_down")
