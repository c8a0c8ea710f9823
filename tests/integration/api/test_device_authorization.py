# SPDX-License-Identifier: Apache-2.0
"""Ask for a link: what is answered, what is stored, and what the answer must never give away (protocol §2)."""

import base64
import hashlib
import re
from pathlib import Path

from counterfoil_service.core.evidence import decoded
from support.http import ASK, ask_form, fingerprint, nothing_written, post, primed, refused
from support.stage import ISSUER, OpenStage, Stage

ANSWER = ["device_code", "user_code", "verification_uri", "expires_in", "interval", "poll_wait_max", "login_id"]


async def test_the_answer_has_exactly_the_documented_members(stage: Stage) -> None:
    response = await stage.ask(stage.device())
    answer = response.json()

    assert list(answer) == ANSWER
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert re.fullmatch("[A-Za-z0-9_-]{43}", answer["device_code"])
    assert re.fullmatch("[BCDFGHJKLMNPQRSTVWXZ]{3}-[BCDFGHJKLMNPQRSTVWXZ]{3}", answer["user_code"])
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{26}", answer["login_id"])
    assert answer["verification_uri"] == ISSUER + "/check-mail"
    assert (answer["expires_in"], answer["interval"], answer["poll_wait_max"]) == (600, 5, 25)


async def test_the_answer_holds_nothing_from_which_the_mailed_secret_follows(sqlite_stage: Stage) -> None:
    response = await sqlite_stage.ask(sqlite_stage.device())
    secret = await sqlite_stage.secret()
    raw = base64.urlsafe_b64decode(secret + "=")
    told = response.text + str(response.headers)

    assert secret not in told
    for value in map(str, response.json().values()):
        padded = value.encode() + b"=" * (-len(value) % 4)
        guesses = [value.encode(), hashlib.sha256(value.encode()).digest()]
        if len(value) == len(secret):
            guesses.append(base64.urlsafe_b64decode(padded))
        for guess in guesses:
            assert guess != raw
            assert hashlib.sha256(guess).digest() != raw
    (stored,) = await sqlite_stage.rows("SELECT link_hash, device_code_hash FROM logins")
    assert stored[0] == hashlib.sha256(secret.encode()).digest()
    assert stored[0] != stored[1]


async def test_the_link_secret_and_the_device_code_do_not_open_each_others_doors(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    secret = await sqlite_stage.secret()

    assert (await sqlite_stage.open(asked.device_code)).status_code == 410
    asked.device_code = secret
    refused(await sqlite_stage.poll(asked), 400, "invalid_grant")


async def test_without_scope_and_resource_the_login_gets_all_that_is_registered(sqlite_stage: Stage) -> None:
    await sqlite_stage.add_application("wide", scopes=("email", "files"), audiences=("https://api.example", "urn:b"))
    await sqlite_stage.start(client_id="wide")
    await sqlite_stage.start("bob@example.com")

    assert set(await sqlite_stage.rows("SELECT scope, audience FROM logins")) == {
        ("email files", "https://api.example"),
        ("email", ISSUER),
    }


async def test_less_than_what_is_registered_may_be_asked_for(sqlite_stage: Stage) -> None:
    await sqlite_stage.add_application("wide", scopes=("email", "files"), audiences=("https://api.example", "urn:b"))
    await sqlite_stage.start(client_id="wide", scope="files", resource="urn:b")

    assert await sqlite_stage.rows("SELECT scope, audience FROM logins") == [("files", "urn:b")]


async def test_unknown_fields_are_ignored_and_empty_ones_are_absent(sqlite_stage: Stage) -> None:
    answer = await sqlite_stage.ask(
        sqlite_stage.device(),
        scope="",
        resource="",
        device_label="",
        device_fingerprint="",
        redirect_uri="",
        client_secret="",
        state="",
        ui_locales="de-CH de",
        verification_uri_complete="yes",
    )
    assert list(answer.json()) == ANSWER
    assert await sqlite_stage.rows("SELECT scope, audience, device_label, fingerprint FROM logins") == [
        ("email", ISSUER, None, None)
    ]


async def test_an_empty_required_field_is_a_missing_one(sqlite_stage: Stage) -> None:
    for name in ("client_id", "login_hint"):
        async with nothing_written(sqlite_stage):
            device = primed(sqlite_stage)
            for form in (ask_form(**{name: ""}), ask_form(**{name: None})):
                body = refused(await device.post(sqlite_stage.client, ASK, form), 400, "invalid_request")
                assert body["error_description"].startswith(f"{name}:")


async def test_a_label_of_64_characters_is_stored_and_shown_as_it_came(sqlite_stage: Stage) -> None:
    label = "ü" * 63 + "😀"
    await sqlite_stage.start(device_label=label)
    assert await sqlite_stage.rows("SELECT device_label FROM logins") == [(label,)]
    assert label in (await sqlite_stage.open(await sqlite_stage.secret())).text


async def test_a_fingerprint_is_stored_unless_the_application_wants_none(sqlite_stage: Stage) -> None:
    await sqlite_stage.add_application("private", fingerprint="off")
    await sqlite_stage.add_application("careful", fingerprint="required")
    await sqlite_stage.start(client_id="private", device_fingerprint=fingerprint())
    assert await sqlite_stage.rows("SELECT fingerprint FROM logins") == [(None,)]
    await sqlite_stage.start(client_id="careful", device_fingerprint=fingerprint("B" * 43))
    ((stored,),) = await sqlite_stage.rows("SELECT fingerprint FROM logins WHERE application_id = 'careful'")
    evidence = decoded(stored)
    assert evidence is not None
    assert list(evidence.attributes) == ["os"]
    assert "B" * 43 not in stored, "it is keyed again"
    assert "x" * 22 not in stored


async def test_every_answer_carries_a_nonce_that_the_next_request_may_use(sqlite_stage: Stage) -> None:
    device = sqlite_stage.device()
    first = await post(sqlite_stage, ASK, ask_form(), proof=device.proof(ASK))
    refused(first, 400, "use_dpop_nonce")
    device.nonce = first.headers["DPoP-Nonce"]
    answer = await post(sqlite_stage, ASK, ask_form(), proof=device.proof(ASK))

    assert answer.status_code == 200
    assert sqlite_stage.service.services.nonces.accepts(answer.headers["DPoP-Nonce"], sqlite_stage.clock())


async def test_the_life_of_a_login_is_the_operators(sqlite_url: str, open_stage: OpenStage, tmp_path: Path) -> None:
    async with open_stage(sqlite_url, tmp_path, link_ttl=30) as stage:
        asked = await stage.start()
        assert (await stage.rows("SELECT expires_at - created_at FROM logins")) == [(30_000_000,)]
        stage.clock.advance(30)
        refused(await stage.poll(asked), 400, "expired_token")


async def test_nothing_stored_works_as_link_or_device_code(stage: Stage) -> None:
    """A10: a copy of the database opens no door."""
    asked = await stage.start()
    await stage.mails()
    values: set[str] = set()
    for table in ("logins", "outbox", "mailings", "proofs", "mailbox_keys", "audit_events", "secrets"):
        for row in await stage.rows(f"SELECT * FROM {table}"):  # noqa: S608 - a name from above
            for cell in row:
                raw = cell if isinstance(cell, bytes) else str(cell).encode()
                text = base64.urlsafe_b64encode(raw).decode().rstrip("=")
                values |= {raw.hex(), raw.decode("utf-8", "replace"), text}
    for value in values:
        assert not await _opens(stage, value)
        asked.device_code = value[:1024].replace("\0", "0") or "x"
        refused(await stage.poll(asked), 400, "invalid_grant")


async def _opens(stage: Stage, value: str) -> bool:
    return (await stage.decide(value, "approve", "BBBBBB")).status_code not in {400, 410}  # 400: a NUL character
