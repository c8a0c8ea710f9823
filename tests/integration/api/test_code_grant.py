# SPDX-License-Identifier: Apache-2.0
"""`grant_type=authorization_code` for the return on the same machine: one code, one session, one right caller."""

import asyncio

import jwt
import pytest

from counterfoil_service.web import polling
from support.http import TOKEN, execute, fingerprint, nothing_written, post, primed, refused, until_held
from support.stage import ISSUER, OpenStage, Stage
from support.way_home import APP, LOOPBACK, REGISTERED, VERIFIER, Traveller, challenge_of, redemption, traveller


async def rows(stage: Stage) -> list[list[tuple[object, ...]]]:
    """Everything that a refusal must leave as it is."""
    tables = ("logins", "authorization_codes", "sessions", "refresh_tokens", "users", "devices")
    return [await stage.rows(f"SELECT * FROM {table} ORDER BY 1") for table in tables]  # noqa: S608 - our own names


async def test_the_right_caller_gets_a_session_bound_to_the_key_that_asked(stage: Stage) -> None:
    home = await traveller(stage)
    stage.clock.advance(7)
    code = await home.code()
    pressed_at = stage.clock()
    stage.clock.advance(59)
    answer = await home.redeem(code)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    tokens = answer.json()
    assert tokens["token_type"] == "DPoP"
    assert tokens["refresh_token"]
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert (claims["iss"], claims["client_id"], claims["sid"]) == (ISSUER, APP, tokens["session_id"])
    assert claims["amr"] == ["pop", "swk"], "nobody typed a code"
    assert claims["auth_time"] == pressed_at // 1_000_000
    assert await stage.rows("SELECT state, session_id FROM logins") == [("consumed", tokens["session_id"])]
    assert [name for name in await stage.names(home.asked.login_id) if name.partition(".")[0] != "mail"] == [
        "login.requested",
        "login.code_issued",
        "user.created",
        "device.first_seen",
        "user.verified",
        "login.completed",
        "session.created",
    ]


async def test_after_the_redemption_the_link_is_dead(stage: Stage) -> None:
    home = await traveller(stage)
    await home.redeem(await home.code())
    gone = (await stage.open("A" * 43)).content
    for answer in (await stage.open(home.secret), await home.approve(), await home.press(), await home.press("reject")):
        assert (answer.status_code, answer.content) == (410, gone)


async def test_any_of_three_codes_will_do_and_the_others_die_with_it(stage: Stage) -> None:
    home = await traveller(stage)
    first, second, third = [await home.code() for _ in range(3)]
    assert (await home.redeem(second)).status_code == 200
    for code in (first, third):
        refused(await home.redeem(code), 400, "invalid_grant")
    assert await stage.rows("SELECT count(*), count(ended_at) FROM sessions") == [(1, 0)]


WRONG: list[tuple[str, dict[str, str]]] = [
    ("invalid_grant", {"code_verifier": "x" * 43}),
    ("invalid_grant", {"code_verifier": challenge_of(VERIFIER)}),
    ("invalid_grant", {"code_verifier": VERIFIER + "x"}),
    ("invalid_grant", {"redirect_uri": "http://127.0.0.1:49153/callback"}),
    ("invalid_grant", {"redirect_uri": "http://127.0.0.1/callback"}),
    ("invalid_grant", {"redirect_uri": LOOPBACK + "/"}),
    ("invalid_grant", {"redirect_uri": "https://app.example/callback"}),
    ("invalid_grant", {"code": "A" * 43}),
    ("invalid_grant", {"code": "é"}),
    ("invalid_request", {"code_verifier": "x" * 42}),
    ("invalid_request", {"code_verifier": "x" * 129}),
    ("invalid_request", {"code_verifier": VERIFIER + "="}),
    ("invalid_request", {"code_verifier": ""}),
    ("invalid_request", {"redirect_uri": ""}),
    ("invalid_request", {"code": ""}),
    ("invalid_request", {"code": "x" * 1025}),
]


async def test_what_does_not_fit_is_refused_and_uses_nothing_up(stage: Stage) -> None:
    home = await traveller(stage)
    code = await home.code()
    before = await rows(stage)
    told = set()
    for error, changes in WRONG:
        body = refused(await home.redeem(code, None, **changes), 400, error)
        if error == "invalid_grant":
            told.add(body["error_description"])
    assert len(told) == 1, "nobody learns which part it was"
    assert await rows(stage) == before
    alerts = [each.event for each in await stage.events(home.asked.login_id) if each.event.outcome == "failure"]
    assert [(each.name.value, each.reason) for each in alerts] == [
        *[("login.code_refused", "other_verifier")] * 3,
        *[("login.code_refused", "other_redirect")] * 4,
    ]
    assert (await home.redeem(code)).status_code == 200


async def test_another_key_is_refused_changes_nothing_and_raises_an_alert(stage: Stage) -> None:
    """R61: the thief knows code and verifier."""
    home = await traveller(stage)
    code = await home.code()
    before = await rows(stage)
    thief = primed(stage)
    refused(await home.redeem(code, thief), 400, "invalid_grant")
    assert await rows(stage) == before
    alert = (await stage.events(home.asked.login_id))[-1]
    assert (alert.event.name.value, alert.event.reason) == ("login.key_mismatch", "other_key")
    assert dict(alert.event.fields) == {"at": "redeem"}
    assert alert.personal is not None
    assert alert.personal["source"] == "192.0.2.10"
    assert (await home.redeem(code)).status_code == 200
    refused(await home.redeem(code, thief), 400, "invalid_grant")
    assert await stage.rows("SELECT count(*), count(ended_at) FROM sessions") == [(1, 0)], "a thief ends no session"


async def test_without_a_proof_nothing_is_given(stage: Stage) -> None:
    home = await traveller(stage)
    form = redemption(await home.code())
    async with nothing_written(stage):
        refused(await post(stage, TOKEN, form), 400, "invalid_dpop_proof")


async def test_where_keys_are_optional_the_code_still_belongs_to_its_key(stage: Stage) -> None:
    await stage.add_application(APP, redirect_uris=REGISTERED, dpop="optional")
    home = await traveller(stage)
    form = redemption(await home.code())
    async with nothing_written(stage):
        refused(await post(stage, TOKEN, form), 400, "invalid_dpop_proof")
    assert (await home.redeem(form["code"])).json()["token_type"] == "DPoP"


async def test_a_proof_is_good_for_one_redemption(stage: Stage) -> None:
    home = await traveller(stage)
    form = redemption(await home.code())
    proof = home.asked.device.proof(TOKEN)
    assert (await post(stage, TOKEN, form, proof=proof)).status_code == 200
    stage.proofs._current.clear()  # another replica has never seen it
    refused(await post(stage, TOKEN, form, proof=proof), 400, "invalid_dpop_proof")
    assert await stage.rows("SELECT count(*), count(ended_at) FROM sessions") == [(1, 0)]


async def test_another_application_is_refused_and_learns_nothing(stage: Stage) -> None:
    home = await traveller(stage)
    await stage.add_application("other-app", redirect_uris=REGISTERED)
    code = await home.code()
    async with nothing_written(stage):
        refused(await home.redeem(code, client_id="other-app"), 400, "invalid_grant")
    refused(await home.redeem(code, client_id="nobody"), 401, "invalid_client")
    assert (await home.redeem(code)).status_code == 200


async def test_after_sixty_seconds_a_code_is_worth_nothing(stage: Stage) -> None:
    home = await traveller(stage)
    code = await home.code()
    stage.clock.advance(60)
    refused(await home.redeem(code), 400, "invalid_grant")
    refused(await home.poll(), 400, "authorization_pending")
    assert (await home.redeem(await home.code())).status_code == 200


@pytest.mark.parametrize("late", [0, 3600])
async def test_a_second_redemption_ends_what_the_first_made(stage: Stage, late: int) -> None:
    """R55: the same key, verifier and redirect, so one of the two is a thief who has everything."""
    home = await traveller(stage)
    code = await home.code()
    tokens = (await home.redeem(code)).json()
    stage.clock.advance(late)
    refused(await home.redeem(code), 400, "invalid_grant")
    assert await stage.rows("SELECT id, ended_at FROM sessions") == [(tokens["session_id"], stage.clock())]
    events = [stored.event for stored in await stage.events(home.asked.login_id)][-2:]
    assert [(event.name.value, event.reason) for event in events] == [
        ("session.reuse_detected", "code"),
        ("session.ended", "reuse_detected"),
    ]
    assert events[0].session_id == tokens["session_id"]
    before = await stage.count("audit_events")
    refused(await home.redeem(code), 400, "invalid_grant")
    assert await stage.count("audit_events") == before, "told once"
    refused(await home.poll(), 400, "invalid_grant")
    form = {"grant_type": "refresh_token", "client_id": APP, "refresh_token": tokens["refresh_token"]}
    refused(await home.asked.device.post(stage.client, TOKEN, form), 400, "invalid_grant")


async def test_of_parallel_redemptions_one_wins_and_the_others_end_its_session(stage: Stage) -> None:
    home = await traveller(stage)
    code = await home.code()
    refused(await home.poll(), 400, "authorization_pending")  # the nonce is known
    answers = await asyncio.gather(*(home.redeem(code) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    assert await stage.rows("SELECT count(*), count(ended_at) FROM sessions") == [(1, 1)]
    assert (await stage.names(home.asked.login_id)).count("login.completed") == 1


async def test_of_two_codes_redeemed_at_once_one_makes_a_session_and_keeps_it(stage: Stage) -> None:
    home = await traveller(stage)
    codes = [await home.code() for _ in range(3)]
    refused(await home.poll(), 400, "authorization_pending")
    answers = await asyncio.gather(*(home.redeem(code) for code in codes))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400]
    assert await stage.rows("SELECT count(*), count(ended_at) FROM sessions") == [(1, 0)]


async def test_of_a_redemption_and_a_rejection_at_once_one_wins(stage: Stage) -> None:
    home = await traveller(stage)
    code = await home.code()
    redeemed, rejected = await asyncio.gather(home.redeem(code), home.press("reject"))
    assert (redeemed.status_code, rejected.status_code) in {(200, 410), (400, 200)}
    assert await stage.count("sessions") == (redeemed.status_code == 200)


@pytest.mark.parametrize("action", ["approve", "reject"])
async def test_a_code_is_worth_nothing_once_the_login_was_decided(stage: Stage, action: str) -> None:
    home = await traveller(stage)
    code = await home.code()
    await (home.approve() if action == "approve" else home.press(action))
    refused(await home.redeem(code), 400, "invalid_grant")
    assert await stage.count("sessions") == 0
    if action == "approve":
        assert (await home.poll()).status_code == 200


@pytest.mark.parametrize("sent", ["", fingerprint("B" * 43)])
async def test_another_fingerprint_is_refused_and_leaves_the_login_alone(stage: Stage, sent: str) -> None:
    home = await traveller(stage, device_fingerprint=fingerprint("A" * 43))
    code = await home.code()
    before = await rows(stage)
    refused(await home.redeem(code, device_fingerprint=sent), 400, "invalid_grant")
    assert await rows(stage) == before
    event = (await stage.events(home.asked.login_id))[-1].event
    assert (event.name.value, dict(event.fields)) == (
        "login.fingerprint_mismatch",
        {"at": "redeem"} | ({} if sent else {"missing": "os"}),
    )
    assert (await home.redeem(code, device_fingerprint=fingerprint("A" * 43))).status_code == 200


async def test_a_code_decides_nothing_about_a_login_that_was_approved_meanwhile(stage: Stage) -> None:
    first = await traveller(stage)
    await first.redeem(await first.code())
    second = await traveller(stage)
    code = await second.code()
    await second.approve()
    await execute(stage, "UPDATE users SET disabled_at = 1")
    refused(await second.redeem(code), 400, "invalid_grant")
    assert await stage.rows("SELECT state FROM logins ORDER BY id DESC LIMIT 1") == [("approved",)]


async def test_a_disabled_user_does_not_come_home(stage: Stage) -> None:
    first = await traveller(stage)
    await first.redeem(await first.code())
    second = await traveller(stage)
    code = await second.code()
    await execute(stage, "UPDATE users SET disabled_at = 1")
    refused(await second.redeem(code), 400, "access_denied")
    refused(await second.poll(), 400, "access_denied")
    assert await stage.count("sessions") == 1


async def test_an_application_of_known_devices_lets_a_new_one_wait(stage: Stage) -> None:
    await stage.add_application(APP, redirect_uris=REGISTERED, new_devices="refuse")
    home = await traveller(stage)
    assert refused(await home.redeem(await home.code()), 400, "access_denied")["reason"] == "new_device"
    assert await stage.rows("SELECT state FROM devices") == [("waiting",)]
    assert await stage.count("sessions") == 0


async def _held(home: Traveller) -> "asyncio.Task[object]":
    task: asyncio.Task[object] = asyncio.create_task(home.poll(wait=25))
    await until_held(home.stage)
    return task


async def test_a_poll_that_was_held_meanwhile_is_refused_at_once_and_disturbs_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "RECHECK_SECONDS", 3600.0)  # only the notice can wake it
    home = await traveller(stage)
    task = await _held(home)
    code = await home.code()
    await asyncio.sleep(0.02)
    assert not task.done(), "a code on its way decides nothing"
    tokens = (await home.redeem(code)).json()
    async with asyncio.timeout(20):
        refused(await task, 400, "invalid_grant")  # type: ignore[arg-type]  # the poll's response
    assert await stage.rows("SELECT state FROM refresh_tokens") == [("current",)]
    form = {"grant_type": "refresh_token", "client_id": APP, "refresh_token": tokens["refresh_token"]}
    assert (await home.asked.device.post(stage.client, TOKEN, form)).status_code == 200


async def test_a_poll_that_begins_after_a_lost_answer_gets_the_session_again(stage: Stage) -> None:
    home = await traveller(stage)
    lost = (await home.redeem(await home.code())).json()
    stage.clock.advance(59)
    found = await home.poll()
    assert found.json()["session_id"] == lost["session_id"]
    assert found.json()["refresh_token"] != lost["refresh_token"]
    assert await stage.count("sessions") == 1
    stage.clock.advance(1)
    refused(await home.poll(), 400, "invalid_grant")


async def test_a_thief_with_the_device_code_finds_nothing_after_the_redemption(stage: Stage) -> None:
    home = await traveller(stage)
    await home.redeem(await home.code())
    refused(await stage.poll(home.asked, primed(stage), client_id=APP), 400, "invalid_grant")


async def test_a_confidential_application_must_show_its_secret(
    database_url: str, tmp_path: object, open_stage: OpenStage
) -> None:
    async with open_stage(database_url, tmp_path) as stage:
        home = await traveller(stage)
        code = await home.code()
        await execute(stage, "UPDATE applications SET secret_hash = 'x' WHERE id = 'home-app'")
        refused(await home.redeem(code), 401, "invalid_client")
        assert await stage.rows("SELECT state FROM logins") == [("pending",)]
