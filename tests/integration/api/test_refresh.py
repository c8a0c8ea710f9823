# SPDX-License-Identifier: Apache-2.0
"""`grant_type=refresh_token`: tokens rotate, thieves are noticed, sleeping laptops are not (protocol §4) [R82-R84]."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from counterfoil_service.crypto.argon2 import hash_secret
from counterfoil_service.operations import refresh_session
from counterfoil_service.operations.disable_user import disable_user
from counterfoil_service.operations.remove_application import remove_application
from counterfoil_service.operations.revoke_sessions import RevokeSessions, revoke_sessions
from counterfoil_service.web.known_applications import RELOAD_SECONDS
from support.http import (
    ASK,
    GRANT_TYPE,
    TOKEN,
    ask_form,
    execute,
    fingerprint,
    nothing_written,
    post,
    primed,
    refused,
)
from support.stage import OpenStage, Stage
from support.tokens import claims_of, present, refresh_form, renew, session_events, sign_in, verified

DAY = 86_400
SECRET = "correct horse battery staple"
ALARM = [("session.reuse_detected", "refresh_token"), ("session.ended", "reuse_detected")]


async def test_a_refresh_gives_a_new_pair_for_the_same_session(stage: Stage) -> None:
    signed = await sign_in(stage)
    first = await verified(stage, signed.access)
    old = signed.refresh
    stage.clock.advance(250)
    tokens = await renew(stage, signed)
    assert list(tokens) == ["access_token", "token_type", "expires_in", "scope", "session_id", "sub", "refresh_token"]
    assert (tokens["token_type"], tokens["scope"], tokens["sub"]) == ("DPoP", "email", signed.subject)
    assert signed.refresh != old
    assert signed.refresh.partition(".")[0] == old.partition(".")[0] == signed.session_id
    fresh = await verified(stage, signed.access)
    moved = {"iat", "nbf", "exp", "jti"}
    assert {name for name in first if first[name] != fresh[name]} == moved
    assert fresh["iat"] == first["iat"] + 250
    assert await stage.rows("SELECT last_used_at - created_at FROM sessions") == [(250_000_000,)]
    assert await session_events(stage, signed.session_id) == [("session.created", None), ("session.refreshed", None)]


async def test_ten_rotations_leave_one_living_token_and_hashes_alone(stage: Stage) -> None:
    signed = await sign_in(stage)
    seen = {signed.refresh}
    for _ in range(10):
        stage.clock.advance(280)
        await renew(stage, signed)
        seen.add(signed.refresh)
    assert len(seen) == 11
    states = Counter(row[0] for row in await stage.rows("SELECT state FROM refresh_tokens"))
    assert states == {"used": 10, "current": 1}
    stored = repr(await stage.rows("SELECT * FROM refresh_tokens"))
    assert not [token for token in seen if token.partition(".")[2] in stored]


async def test_a_laptop_that_slept_before_the_answer_gets_the_same_successor_days_later(stage: Stage) -> None:
    signed = await sign_in(stage)
    lost = (await present(stage, signed.refresh, signed.device)).json()
    stage.clock.advance(9 * DAY)
    found = (await present(stage, signed.refresh, signed.device)).json()
    assert found["refresh_token"] == lost["refresh_token"]
    assert found["access_token"] != lost["access_token"]
    assert claims_of(found["access_token"])["iat"] == claims_of(lost["access_token"])["iat"] + 9 * DAY
    assert (await present(stage, found["refresh_token"], signed.device)).status_code == 200
    events = await session_events(stage, signed.session_id)
    assert events[1:] == [
        ("session.refreshed", None),
        ("session.refreshed", "lost_answer"),
        ("session.refreshed", None),
    ]


async def test_a_token_that_comes_again_after_its_successor_was_used_ends_the_session(stage: Stage) -> None:
    signed = await sign_in(stage)
    stolen = signed.refresh
    for _ in range(2):
        await renew(stage, signed)
    refused(await present(stage, stolen, signed.device), 400, "invalid_grant")
    assert (await session_events(stage, signed.session_id))[-2:] == ALARM
    async with nothing_written(stage):
        for token in (signed.refresh, stolen):
            refused(await present(stage, token, signed.device), 400, "invalid_grant")


async def test_a_reuse_among_later_generations_is_noticed_too(sqlite_stage: Stage) -> None:
    signed = await sign_in(sqlite_stage)
    await renew(sqlite_stage, signed)
    stolen = signed.refresh
    for _ in range(5):
        await renew(sqlite_stage, signed)
    refused(await present(sqlite_stage, stolen, signed.device), 400, "invalid_grant")
    assert (await session_events(sqlite_stage, signed.session_id))[-2:] == ALARM


async def test_two_hundred_refreshes_at_one_moment_get_one_successor(stage: Stage) -> None:
    signed = await sign_in(stage)
    proofs = [signed.device.proof(TOKEN) for _ in range(200)]
    form = refresh_form(signed.refresh)
    answers = await asyncio.gather(*(post(stage, TOKEN, form, proof=proof) for proof in proofs))
    assert Counter(answer.status_code for answer in answers) == {200: 200}
    tokens = [answer.json() for answer in answers]
    assert len({each["refresh_token"] for each in tokens}) == 1
    assert len({each["access_token"] for each in tokens}) == 200
    states = Counter(row[0] for row in await stage.rows("SELECT state FROM refresh_tokens"))
    assert states == {"used": 1, "current": 1}
    events = Counter(await session_events(stage, signed.session_id))
    assert events[("session.refreshed", None)] == 1
    assert events[("session.refreshed", "lost_answer")] == 199
    assert (await present(stage, tokens[0]["refresh_token"], signed.device)).status_code == 200


async def test_a_session_that_ends_while_it_is_refreshed_gives_nothing(
    postgres_url: str, tmp_path: Path, open_stage: OpenStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_stage(postgres_url, tmp_path) as stage:
        signed = await sign_in(stage)
        look = refresh_session._presented

        async def look_and_be_late(*arguments: Any) -> Any:
            presented = await look(*arguments)
            await stage.database.write(revoke_sessions, RevokeSessions("one", signed.session_id))
            return presented

        monkeypatch.setattr(refresh_session, "_presented", look_and_be_late)
        refused(await present(stage, signed.refresh, signed.device), 400, "invalid_grant")
        assert (await session_events(stage, signed.session_id))[-1] == ("session.ended", "revoked_by_operator")
        assert await stage.count("refresh_tokens") == 0


async def test_the_token_of_a_lost_first_answer_is_refused_without_alarm(stage: Stage) -> None:
    """Decision "Lost answer": it was replaced, not used."""
    signed = await sign_in(stage)
    again = (await stage.poll(signed.asked)).json()
    async with nothing_written(stage):
        refused(await present(stage, signed.refresh, signed.device), 400, "invalid_grant")
    signed.refresh = again["refresh_token"]
    await renew(stage, signed)
    refused(await stage.poll(signed.asked), 400, "invalid_grant")


@pytest.mark.parametrize(("pauses", "reason"), [([14 * DAY], "idle"), ([13 * DAY] * 6 + [12 * DAY], "lifetime")])
async def test_a_session_ends_at_its_limits_and_says_which(stage: Stage, pauses: list[int], reason: str) -> None:
    signed = await sign_in(stage)
    for pause in pauses[:-1]:
        stage.clock.advance(pause)
        await renew(stage, signed)
    stage.clock.advance(pauses[-1] - 1)
    await renew(stage, signed) if reason == "lifetime" else None
    stage.clock.advance(1)
    refused(await present(stage, signed.refresh, signed.device), 400, "invalid_grant")
    assert (await session_events(stage, signed.session_id))[-1] == ("session.ended", reason)
    async with nothing_written(stage):
        refused(await present(stage, signed.refresh, signed.device), 400, "invalid_grant")


async def test_the_limits_are_the_operators(sqlite_url: str, tmp_path: Path, open_stage: OpenStage) -> None:
    async with open_stage(sqlite_url, tmp_path, session_idle=600, session_lifetime=900) as stage:
        signed = await sign_in(stage)
        stage.clock.advance(599)
        await renew(stage, signed)
        stage.clock.advance(301)
        refused(await present(stage, signed.refresh, signed.device), 400, "invalid_grant")
        assert (await session_events(stage, signed.session_id))[-1] == ("session.ended", "lifetime")


async def _disable(stage: Stage) -> None:
    await stage.database.write(disable_user, "ada@example.com")


async def _disable_behind_our_back(stage: Stage) -> None:
    await execute(stage, "UPDATE users SET disabled_at = 1")


@pytest.mark.parametrize("disable", [_disable, _disable_behind_our_back])
async def test_a_disabled_user_refreshes_no_more(stage: Stage, disable: Callable[[Stage], Awaitable[None]]) -> None:
    """R88: what is left is the access token, for five minutes at most."""
    signed, other = await sign_in(stage), await sign_in(stage, "bob@example.com")
    await disable(stage)
    refused(await present(stage, signed.refresh, signed.device), 400, "invalid_grant")
    assert (await session_events(stage, signed.session_id))[-1] == ("session.ended", "user_disabled")
    claims = claims_of(signed.access)
    assert claims["exp"] - claims["iat"] <= 300
    if disable is _disable:
        await renew(stage, other)


async def test_a_removed_application_refreshes_no_more(stage: Stage) -> None:
    signed = await sign_in(stage)
    await stage.database.write(remove_application, "desk-app")
    # On PostgreSQL the notice of it may come after the next request, which then meets a session that has ended.
    stage.clock.advance(RELOAD_SECONDS)
    refused(await present(stage, signed.refresh, signed.device), 401, "invalid_client")
    assert (await session_events(stage, signed.session_id))[-1] == ("session.ended", "application_removed")
    await stage.add_application("desk-app")
    refused(await present(stage, signed.refresh, signed.device), 400, "invalid_grant")


async def test_an_access_token_may_be_narrower_than_its_session_never_wider(sqlite_stage: Stage) -> None:
    await sqlite_stage.add_application("wide", scopes=("email", "files", "admin"))
    signed = await sign_in(sqlite_stage, client_id="wide", scope="email files")
    for scope in ("admin", "email admin", "files  email", " ", "email\u00a0files"):
        async with nothing_written(sqlite_stage):
            answer = await present(sqlite_stage, signed.refresh, signed.device, client_id="wide", scope=scope)
            refused(answer, 400, "invalid_scope")
    tokens = await renew(sqlite_stage, signed, client_id="wide", scope="files files")
    assert tokens["scope"] == claims_of(tokens["access_token"])["scope"] == "files"
    assert (await renew(sqlite_stage, signed, client_id="wide"))["scope"] == "email files"


async def test_a_fingerprint_is_taken_in_its_shape(sqlite_stage: Stage) -> None:
    signed = await sign_in(sqlite_stage)
    async with nothing_written(sqlite_stage):
        answer = await present(sqlite_stage, signed.refresh, signed.device, device_fingerprint="x")
        refused(answer, 400, "invalid_request")
    await renew(sqlite_stage, signed, device_fingerprint=fingerprint())


async def test_a_session_without_a_key_gets_no_second_chance(stage: Stage) -> None:
    """R83: without a key nobody can tell a lost answer from a thief, so the predecessor that comes again is reuse."""
    secret = {"client_id": "web-app", "client_secret": SECRET}
    await stage.add_application("web-app", dpop="optional", secret_hash=hash_secret(SECRET))
    asked = (await post(stage, ASK, ask_form(**secret))).json()
    await stage.decide(await stage.secret(), "approve", asked["user_code"])
    form = {"grant_type": GRANT_TYPE, "device_code": asked["device_code"]}
    first = (await post(stage, TOKEN, form | secret)).json()
    assert first["token_type"] == "Bearer"
    proof = primed(stage).proof(TOKEN)
    old = refresh_form(first["refresh_token"], **secret)
    refused(await post(stage, TOKEN, old, proof=proof), 400, "invalid_grant")  # a key now is another key than none
    refused(await post(stage, TOKEN, old | {"client_secret": "wrong"}), 401, "invalid_client")
    second = (await post(stage, TOKEN, old)).json()
    assert (second["token_type"], "cnf" in claims_of(second["access_token"])) == ("Bearer", False)
    refused(await post(stage, TOKEN, old), 400, "invalid_grant")
    assert (await session_events(stage, first["session_id"]))[-2:] == ALARM
    refused(await post(stage, TOKEN, refresh_form(second["refresh_token"], **secret)), 400, "invalid_grant")
