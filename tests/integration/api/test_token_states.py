# SPDX-License-Identifier: Apache-2.0
"""Each row of the table of login states at the token endpoint (protocol §4)."""

import pytest

from support.device import DEVICE_CODE_GRANT
from support.http import TOKEN, fingerprint, nothing_written, poll_form, post, primed, put_into, refused
from support.stage import Asked, Stage


async def test_pending_says_so(stage: Stage) -> None:
    asked = await stage.start()
    async with nothing_written(stage):
        refused(await stage.poll(asked), 400, "authorization_pending")


async def test_denied_and_locked_say_which(sqlite_stage: Stage) -> None:
    for state, reason in (("denied", "denied"), ("locked", "locked")):
        asked = await sqlite_stage.start()
        await put_into(sqlite_stage, asked, state)
        async with nothing_written(sqlite_stage):
            for _ in range(3):
                assert refused(await sqlite_stage.poll(asked), 400, "access_denied")["reason"] == reason


async def test_no_other_error_carries_a_reason(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    assert "reason" not in refused(await sqlite_stage.poll(asked), 400, "authorization_pending")


@pytest.mark.parametrize("swept", [False, True])
async def test_expired_says_so_for_ten_minutes(stage: Stage, swept: bool) -> None:  # noqa: FBT001 - a parameter
    asked = await stage.start()
    stage.clock.advance(600)
    if swept:
        await stage.sweep()
        assert await stage.rows("SELECT state FROM logins") == [("expired",)]
    async with nothing_written(stage):
        refused(await stage.poll(asked), 400, "expired_token")
        stage.clock.advance(599.999)
        refused(await stage.poll(asked), 400, "expired_token")
        stage.clock.advance(0.001)
        refused(await stage.poll(asked), 400, "invalid_grant")


async def test_cancelled_consumed_and_unknown_codes_are_told_the_same(stage: Stage) -> None:
    asked = await stage.approved()
    assert (await stage.poll(asked)).status_code == 200
    stage.clock.advance(60)
    consumed = refused(await stage.poll(asked), 400, "invalid_grant")
    cancelled_login = await stage.start("bob@example.com")
    await put_into(stage, cancelled_login, "cancelled")
    cancelled = refused(await stage.poll(cancelled_login), 400, "invalid_grant")
    unknown = [
        refused(await stage.poll(Asked(asked.device, code, "", "")), 400, "invalid_grant")
        for code in ("A" * 43, "x", "é" * 500, asked.login_id, asked.user_code, asked.device_code.lower() + "x")
    ]
    assert {body["error_description"] for body in (consumed, cancelled, *unknown)} == {consumed["error_description"]}


async def test_another_key_is_refused_changes_nothing_and_raises_an_alert(stage: Stage) -> None:
    asked = await stage.approved()
    before = await stage.rows("SELECT * FROM logins")
    thief = primed(stage)
    refused(await stage.poll(asked, thief), 400, "invalid_grant")
    refused(await stage.poll(asked, thief, wait=5), 400, "invalid_grant")
    assert await stage.rows("SELECT * FROM logins") == before
    assert (await stage.names(asked.login_id))[-2:] == ["login.key_mismatch"] * 2
    alert = (await stage.events(asked.login_id))[-1]
    assert (alert.event.outcome, alert.event.reason) == ("failure", "other_key")
    assert alert.personal is not None
    assert alert.personal["source"] == "192.0.2.10"
    assert (await stage.poll(asked)).status_code == 200


async def test_a_thiefs_polls_do_not_slow_the_owner_down(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    refused(await sqlite_stage.poll(asked), 400, "authorization_pending")
    for _ in range(5):
        refused(await sqlite_stage.poll(asked, primed(sqlite_stage)), 400, "invalid_grant")
    sqlite_stage.clock.advance(5)
    refused(await sqlite_stage.poll(asked), 400, "authorization_pending")


async def test_another_application_is_refused_and_learns_nothing(sqlite_stage: Stage) -> None:
    await sqlite_stage.add_application("other-app")
    asked = await sqlite_stage.approved()
    async with nothing_written(sqlite_stage):
        refused(await sqlite_stage.poll(asked, client_id="other-app"), 400, "invalid_grant")
    assert (await sqlite_stage.poll(asked)).status_code == 200


@pytest.mark.parametrize("sent", [None, fingerprint("B" * 43), fingerprint("A" * 42 + "B")])
async def test_another_fingerprint_is_refused_and_leaves_the_login_alone(sqlite_stage: Stage, sent: str | None) -> None:
    asked = await sqlite_stage.approved(device_fingerprint=fingerprint("A" * 43))
    before = await sqlite_stage.rows("SELECT * FROM logins")
    refused(await sqlite_stage.poll(asked, device_fingerprint=sent or ""), 400, "invalid_grant")
    assert await sqlite_stage.rows("SELECT * FROM logins") == before
    assert (await sqlite_stage.names(asked.login_id))[-1] == "login.fingerprint_mismatch"
    attributes = fingerprint("A" * 43, attributes={"timezone": "y" * 22})
    assert (await sqlite_stage.poll(asked, device_fingerprint=attributes)).status_code == 200


async def test_a_perfect_fingerprint_without_the_key_opens_nothing(sqlite_stage: Stage) -> None:
    """A21."""
    asked = await sqlite_stage.approved(device_fingerprint=fingerprint())
    refused(
        await sqlite_stage.poll(asked, primed(sqlite_stage), device_fingerprint=fingerprint()), 400, "invalid_grant"
    )
    assert (await sqlite_stage.names(asked.login_id))[-1] == "login.key_mismatch"


async def test_a_malformed_fingerprint_is_a_malformed_request(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.approved(device_fingerprint=fingerprint())
    async with nothing_written(sqlite_stage):
        refused(await sqlite_stage.poll(asked, device_fingerprint="e30"), 400, "invalid_request")
    assert (await sqlite_stage.poll(asked, device_fingerprint=fingerprint())).status_code == 200


async def test_a_fingerprint_nobody_asked_for_is_ignored(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.approved()
    assert (await sqlite_stage.poll(asked, device_fingerprint=fingerprint())).status_code == 200


@pytest.mark.parametrize(
    "grant_type",
    ["implicit", "password", "client_credentials", "device_code", "AUTHORIZATION_CODE",
     DEVICE_CODE_GRANT.upper(), DEVICE_CODE_GRANT + " ", "urn:openid:params:grant-type:ciba"],
)  # fmt: skip
async def test_other_grant_types_are_not_supported(sqlite_stage: Stage, grant_type: str) -> None:
    asked = await sqlite_stage.approved()
    async with nothing_written(sqlite_stage):
        refused(await sqlite_stage.poll(asked, grant_type=grant_type), 400, "unsupported_grant_type")


async def test_a_missing_field_is_named(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.approved()
    async with nothing_written(sqlite_stage):
        for name in ("grant_type", "client_id", "device_code"):
            for value in (None, ""):
                form = poll_form(asked, **{name: value})
                body = refused(await asked.device.post(sqlite_stage.client, TOKEN, form), 400, "invalid_request")
                assert body["error_description"].startswith(f"{name}:")
        form = poll_form(asked, device_code="x" * 1025)
        refused(await asked.device.post(sqlite_stage.client, TOKEN, form), 400, "invalid_request")


async def test_only_an_unknown_application_is_answered_401(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.approved()
    async with nothing_written(sqlite_stage):
        answer = await sqlite_stage.poll(asked, client_id="nobody")
        refused(answer, 401, "invalid_client")
        assert answer.headers["www-authenticate"]


async def test_a_poll_without_proof_gets_nothing(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.approved()
    async with nothing_written(sqlite_stage):
        refused(await post(sqlite_stage, TOKEN, poll_form(asked)), 400, "invalid_dpop_proof")
    assert (await sqlite_stage.poll(asked)).status_code == 200


async def test_a_refusal_says_nothing_of_what_was_sent(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    body = refused(await sqlite_stage.poll(Asked(asked.device, "needle-in-a-code", "", "")), 400, "invalid_grant")
    assert "needle" not in str(body)
