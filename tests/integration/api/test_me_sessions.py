# SPDX-License-Identifier: Apache-2.0
"""`/me/sessions` and `/me/devices`: a person's own, and nobody else's; ending others needs a fresh sign-in [R87]."""

import asyncio
from datetime import datetime
from typing import Any

import httpx2
import pytest

from support.http import execute, nothing_written, problem, refused
from support.stage import START, Stage
from support.tokens import DEVICES, SESSIONS, SignedIn, call, present, renew, session_events, sign_in

NOW = START // 1_000_000


async def _sessions(stage: Stage, signed: SignedIn) -> list[dict[str, object]]:
    answer = await call(stage, signed, SESSIONS)
    assert answer.status_code == 200, answer.text
    listed: list[dict[str, object]] = answer.json()["sessions"]
    return listed


async def _end(stage: Stage, signed: SignedIn, session_id: str) -> httpx2.Response:
    return await call(stage, signed, f"{SESSIONS}/{session_id}", "DELETE")


async def _change(stage: Stage, signed: SignedIn, device_id: object, action: str) -> httpx2.Response:
    return await call(stage, signed, f"{DEVICES}/{device_id}", "POST", data={"action": action})


async def test_a_person_sees_every_living_session_at_every_application(stage: Stage) -> None:
    await stage.add_application("other-app", name="Other App")
    laptop = await sign_in(stage, device_label="Laptop")
    stage.clock.advance(100)
    tower = await sign_in(stage, client_id="other-app")
    await sign_in(stage, "bob@example.com")
    stage.clock.advance(100)
    await renew(stage, laptop)
    async with nothing_written(stage):
        first, second = await _sessions(stage, laptop)
    assert (first["id"], second["id"]) == (laptop.session_id, tower.session_id)
    assert [first[name] for name in ("client_id", "application", "device_label", "current")] == [
        "desk-app", "Desk App", "Laptop", True
    ]  # fmt: skip
    assert [second[name] for name in ("client_id", "application", "device_label", "current")] == [
        "other-app", "Other App", None, False
    ]  # fmt: skip
    assert set(first) == set(second)
    moments = {
        name: datetime.fromisoformat(str(first[name])).timestamp() for name in first if name.endswith(("_at", "time"))
    }
    assert {name: round(at) - NOW for name, at in moments.items()} == {
        "created_at": 0, "last_used_at": 200, "expires_at": 200 + 14 * 86_400, "auth_time": 0
    }  # fmt: skip
    assert str(first["created_at"]).endswith("Z")


async def test_ended_and_outlived_sessions_are_not_shown(sqlite_stage: Stage) -> None:
    old, ended = await sign_in(sqlite_stage), await sign_in(sqlite_stage)
    assert (await _end(sqlite_stage, ended, ended.session_id)).status_code == 204
    sqlite_stage.clock.advance(14 * 86_400)
    fresh = await sign_in(sqlite_stage)
    assert [each["id"] for each in await _sessions(sqlite_stage, fresh)] == [fresh.session_id]
    problem(await call(sqlite_stage, old, SESSIONS), 401, "invalid_token")


async def test_a_person_ends_their_own_current_session_at_any_time(stage: Stage) -> None:
    signed = await sign_in(stage)
    stage.clock.advance(3000)
    await renew(stage, signed)
    answer = await _end(stage, signed, signed.session_id)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["dpop-nonce"]
    assert (await session_events(stage, signed.session_id))[-1] == ("session.ended", "ended_by_person")
    refused(await present(stage, signed.refresh, signed.device), 400, "invalid_grant")
    problem(await _end(stage, signed, signed.session_id), 401, "invalid_token")


async def test_a_fresh_sign_in_ends_another_session(stage: Stage) -> None:
    lost, signed = await sign_in(stage), await sign_in(stage)
    assert (await _end(stage, signed, lost.session_id)).status_code == 204
    assert [each["id"] for each in await _sessions(stage, signed)] == [signed.session_id]
    problem(await call(stage, lost, SESSIONS), 401, "invalid_token")
    async with nothing_written(stage):
        problem(await _end(stage, signed, lost.session_id), 404, "not_found")


async def test_a_sign_in_that_is_not_fresh_ends_no_other_session(stage: Stage) -> None:
    """RFC 9470 §3: refreshing makes nobody fresh, signing in again does."""
    other, signed = await sign_in(stage), await sign_in(stage)
    stage.clock.advance(299)
    await renew(stage, signed)
    stage.clock.advance(1)
    async with nothing_written(stage):
        for session_id in (other.session_id, "0" * 26, "nobody"):
            answer = await _end(stage, signed, session_id)
            problem(answer, 401, "insufficient_user_authentication")
            challenge = answer.headers["www-authenticate"]
            assert challenge.startswith('DPoP error="insufficient_user_authentication", error_description="')
            assert 'max_age=300, algs="ES256"' in challenge
    again = await sign_in(stage)
    assert (await _end(stage, again, other.session_id)).status_code == 204


async def test_nobody_ends_a_session_of_somebody_else(stage: Stage) -> None:
    mine, theirs = await sign_in(stage), await sign_in(stage, "bob@example.com")
    async with nothing_written(stage):
        for session_id in (theirs.session_id, mine.session_id.lower(), "0" * 26, "x", "%27", "a b"):
            answer = await _end(stage, mine, session_id)
            assert (answer.status_code, answer.json()["error"]) in {(404, "not_found"), (401, "invalid_dpop_proof")}
    problem(await _end(stage, mine, theirs.session_id), 404, "not_found")
    assert (await call(stage, theirs, SESSIONS)).status_code == 200


async def test_a_proof_for_one_session_ends_no_other(sqlite_stage: Stage) -> None:
    first, second, signed = [await sign_in(sqlite_stage) for _ in range(3)]
    answer = await call(
        sqlite_stage,
        signed,
        f"{SESSIONS}/{first.session_id}",
        "DELETE",
        htu=f"{sqlite_stage.issuer}{SESSIONS}/{second.session_id}",
    )
    problem(answer, 401, "invalid_dpop_proof")
    assert len(await _sessions(sqlite_stage, signed)) == 3


async def test_the_database_remembers_the_proof_that_ended_a_session(sqlite_stage: Stage) -> None:
    lost, signed = await sign_in(sqlite_stage), await sign_in(sqlite_stage)
    path = f"{SESSIONS}/{lost.session_id}"
    assert (await call(sqlite_stage, signed, path, "DELETE", jti="once")).status_code == 204
    sqlite_stage.proofs._current.clear()
    problem(await call(sqlite_stage, signed, path, "DELETE", jti="once"), 401, "invalid_dpop_proof")


async def test_fifty_at_one_moment_end_it_once(stage: Stage) -> None:
    lost, signed = await sign_in(stage), await sign_in(stage)
    answers = await asyncio.gather(*(_end(stage, signed, lost.session_id) for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [204] + [404] * 49
    assert (await session_events(stage, lost.session_id)).count(("session.ended", "ended_by_person")) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_other_methods_are_not_taken(sqlite_stage: Stage, method: str) -> None:
    problem(await sqlite_stage.client.request(method, SESSIONS), 405, "method_not_allowed")


async def test_a_person_sees_their_devices_and_forgets_one(stage: Stage) -> None:
    lost = await sign_in(stage, device_label="Old laptop")
    signed = await sign_in(stage, device_label="Laptop")
    await sign_in(stage, "bob@example.com")
    async with nothing_written(stage):
        found = (await call(stage, signed, DEVICES)).json()["devices"]
    assert {(each["label"], each["state"], each["client_id"], each["current"]) for each in found} == {
        ("Old laptop", "known", "desk-app", False), ("Laptop", "known", "desk-app", True)
    }  # fmt: skip
    assert set(found[0]) == {"id", "client_id", "label", "state", "first_seen_at", "last_seen_at", "current"}
    (gone,) = [each["id"] for each in found if not each["current"]]
    assert (await _change(stage, signed, gone, "forget")).status_code == 204
    assert (await session_events(stage, lost.session_id))[-1] == ("session.ended", "device_forgotten")
    problem(await _change(stage, signed, gone, "forget"), 404, "not_found")
    assert len((await call(stage, signed, DEVICES)).json()["devices"]) == 1


async def _waiting(stage: Stage, **fields: Any) -> SignedIn:
    """A device that the application has just refused, of which only the asking side is known."""
    stage.clock.advance(0.001)
    asked = await stage.approved(**fields)
    refused(await stage.poll(asked, **fields), 400, "access_denied")
    return SignedIn(asked, "", "", "", "")


async def _known(stage: Stage, client_id: str, address: str = "ada@example.com") -> SignedIn:
    """The first known device, let in by the operator before the policy was tightened."""
    await stage.add_application(client_id)
    return await sign_in(stage, address, client_id=client_id)


async def _tighten(stage: Stage, client_id: str) -> None:
    await execute(stage, f"UPDATE applications SET new_devices = 'refuse' WHERE id = '{client_id}'")  # noqa: S608 - ours


async def _waiting_id(stage: Stage, signed: SignedIn) -> str:
    (found,) = [each for each in (await call(stage, signed, DEVICES)).json()["devices"] if each["state"] == "waiting"]
    return str(found["id"])


async def test_a_known_device_enrols_a_waiting_one_of_the_same_application(stage: Stage) -> None:
    signed = await _known(stage, "vault")
    await _tighten(stage, "vault")
    waiting = await _waiting(stage, client_id="vault")
    device_id = await _waiting_id(stage, signed)
    assert (await _change(stage, signed, device_id, "enrol")).status_code == 204
    async with nothing_written(stage):
        problem(await _change(stage, signed, device_id, "enrol"), 404, "not_found")
    stage.clock.advance(61)
    assert (await sign_in(stage, device=waiting.device, client_id="vault")).subject == signed.subject
    rows = await stage.rows("SELECT fields FROM audit_events WHERE name = 'device.enrolled'")
    assert [row[0] for row in rows] == [f'{{"by":"known_device","device":"{device_id}"}}']


async def test_nobody_else_enrols_it(stage: Stage) -> None:
    await stage.add_application("other-app")
    signed, foreign = await _known(stage, "vault"), await sign_in(stage, client_id="other-app")
    bob = await sign_in(stage, "bob@example.com", client_id="vault")
    await _tighten(stage, "vault")
    await _waiting(stage, client_id="vault")
    device_id = await _waiting_id(stage, signed)
    for thief in (foreign, bob):
        async with nothing_written(stage):
            problem(await _change(stage, thief, device_id, "enrol"), 404, "not_found")
    await execute(stage, "UPDATE devices SET state = 'waiting'")
    async with nothing_written(stage):
        problem(await _change(stage, signed, device_id, "enrol"), 404, "not_found")
    stage.clock.advance(300)
    await renew(stage, signed, client_id="vault")
    async with nothing_written(stage):
        problem(await _change(stage, signed, device_id, "enrol"), 401, "insufficient_user_authentication")


@pytest.mark.parametrize("form", [{}, {"action": "x"}, {"action": ""}])
async def test_an_action_is_enrol_or_forget(sqlite_stage: Stage, form: dict[str, str]) -> None:
    signed = await sign_in(sqlite_stage)
    async with nothing_written(sqlite_stage):
        answer = await call(sqlite_stage, signed, f"{DEVICES}/x", "POST", data=form)
        problem(answer, 400, "invalid_request")
