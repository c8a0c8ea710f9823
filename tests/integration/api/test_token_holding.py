# SPDX-License-Identifier: Apache-2.0
"""`Prefer: wait=N`: a held poll ends when something happens, when its time is up, and when nobody listens [R11-R13]."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

import httpx2
import pytest

from counterfoil_service.waiting import Waiter
from counterfoil_service.web import polling
from support.http import FORM, REVOKE, TOKEN, poll_form, post, raw_call, refused, until_held
from support.stage import Asked, Stage

Decision = Callable[[Stage, Asked, str], Awaitable[object]]


async def _lock(stage: Stage, asked: Asked, secret: str) -> None:
    for _ in range(3):
        await stage.decide(secret, "approve", "BBBBBB" if asked.user_code != "BBB-BBB" else "CCCCCC")


async def _cancel(stage: Stage, asked: Asked, _secret: str) -> None:
    await asked.device.post(stage.client, REVOKE, {"client_id": "desk-app", "token": asked.device_code})


async def _approve(stage: Stage, asked: Asked, secret: str) -> None:
    await stage.decide(secret, "approve", asked.user_code)


async def _reject(stage: Stage, _asked: Asked, secret: str) -> None:
    await stage.decide(secret, "reject")


async def _supersede(stage: Stage, asked: Asked, _secret: str) -> None:
    await stage.start("new@example.com", asked.device)


async def _held(stage: Stage, asked: Asked, wait: int = 25) -> asyncio.Task[httpx2.Response]:
    task = asyncio.create_task(stage.poll(asked, wait=wait))
    await until_held(stage)
    return task


@pytest.mark.parametrize(
    ("happen", "status", "code"),
    [
        (_approve, 200, None),
        (_reject, 400, "access_denied"),
        (_lock, 400, "access_denied"),
        (_cancel, 400, "invalid_grant"),
        (_supersede, 400, "invalid_grant"),
    ],
)
async def test_a_held_poll_is_answered_as_soon_as_the_state_changes(
    stage: Stage, happen: Decision, status: int, code: str | None
) -> None:
    asked = await stage.start()
    secret = await stage.secret()
    stage.clock.advance(60)  # now, as it would end the hold
    task = await _held(stage, asked)
    await happen(stage, asked, secret)
    async with asyncio.timeout(20):
        answer = await task
    assert (answer.status_code, answer.json().get("error")) == (status, code)
    assert answer.headers["preference-applied"] == "wait=25"
    assert len(stage.service.services.hub) == 0


async def test_opening_the_link_and_missing_the_code_do_not_end_the_hold(stage: Stage) -> None:
    asked = await stage.start()
    secret = await stage.secret()
    task = await _held(stage, asked)
    await stage.open(secret)
    await stage.decide(secret, "approve", "BBBBBB" if asked.user_code != "BBB-BBB" else "CCCCCC")
    await asyncio.sleep(0.05)
    assert not task.done()
    await _approve(stage, asked, secret)
    assert (await task).status_code == 200


@pytest.mark.parametrize(("wait", "applied"), [(3, 3), (25, 25), (26, 25), (999999999, 25)])
async def test_a_hold_ends_after_what_was_asked_for_and_25_seconds_at_most(
    sqlite_stage: Stage, wait: int, applied: int
) -> None:
    asked = await sqlite_stage.start()
    task = await _held(sqlite_stage, asked, wait)
    sqlite_stage.clock.advance(applied - 0.001)
    sqlite_stage.service.services.hub.wake(None)
    await asyncio.sleep(0.02)
    assert not task.done()
    sqlite_stage.clock.advance(0.001)
    sqlite_stage.service.services.hub.wake(asked.login_id)
    answer = await task
    refused(answer, 400, "authorization_pending")
    assert answer.headers["preference-applied"] == f"wait={applied}"


async def test_a_hold_ends_with_the_login(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    sqlite_stage.clock.advance(590)
    task = await _held(sqlite_stage, asked)
    sqlite_stage.clock.advance(10)
    sqlite_stage.service.services.hub.wake(asked.login_id)
    refused(await task, 400, "expired_token")


@pytest.mark.parametrize(("elapsed", "wait", "slept"), [(0, 3, [3]), (598, 25, [2]), (0, 12, [12])])
async def test_a_hold_never_sleeps_beyond_its_end(
    sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch, elapsed: int, wait: int, slept: list[int]
) -> None:
    asked = await sqlite_stage.start()
    sqlite_stage.clock.advance(elapsed)
    naps: list[float] = []

    async def rest(_waiter: Waiter, _gone: Callable[[], Awaitable[object]], seconds: float) -> bool:
        naps.append(seconds)
        sqlite_stage.clock.advance(seconds)
        return False

    monkeypatch.setattr(Waiter, "rest", rest)
    assert (await sqlite_stage.poll(asked, wait=wait)).status_code == 400
    assert [round(nap) for nap in naps if nap > 0.5] == slept


async def test_a_hold_reads_again_by_itself_when_a_notice_was_lost(
    sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "RECHECK_SECONDS", 0.02)
    sqlite_stage.database.on_change = lambda _login_id: None
    asked = await sqlite_stage.start()
    task = await _held(sqlite_stage, asked)
    await _approve(sqlite_stage, asked, await sqlite_stage.secret())
    async with asyncio.timeout(20):
        assert (await task).status_code == 200


async def test_after_a_long_hold_the_next_poll_may_follow_at_once(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    task = await _held(sqlite_stage, asked, 5)
    sqlite_stage.clock.advance(5)
    sqlite_stage.service.services.hub.wake(None)
    refused(await task, 400, "authorization_pending")
    refused(await sqlite_stage.poll(asked), 400, "authorization_pending")


async def test_a_poll_beside_a_held_one_is_told_to_slow_down_and_disturbs_nothing(stage: Stage) -> None:
    asked = await stage.start()
    secret = await stage.secret()
    task = await _held(stage, asked)
    stage.clock.advance(6)
    for wait in (None, 0, 25):
        refused(await stage.poll(asked, wait=wait), 400, "slow_down")
    assert await stage.rows("SELECT poll_interval FROM logins") == [(5,)]
    assert not task.done()
    await _approve(stage, asked, secret)
    assert (await task).status_code == 200


@pytest.mark.parametrize(
    ("prefer", "applied"),
    [
        ("wait=0", "wait=0"),
        ("Wait = 0", "wait=0"),
        ('wait="0"', "wait=0"),
        ("respond-async, wait=0", "wait=0"),
        ("", None),
        ("wait", None),
        ("wait=", None),
        ("wait=-1", None),
        ("wait=1.5", None),
        ("wait=\u0661".encode("latin-1", "replace").decode(), None),
        ("wait=abc", None),
        ("wait=1e3", None),
        ("await=9", None),
        ("wait=99999999999999999999", None),
        ("return=minimal", None),
    ],
)
async def test_a_preference_that_cannot_be_read_is_ignored(
    sqlite_stage: Stage, prefer: str, applied: str | None
) -> None:
    asked = await sqlite_stage.start()
    answer = await post(sqlite_stage, TOKEN, poll_form(asked), proof=asked.device.proof(TOKEN), Prefer=prefer)
    refused(answer, 400, "authorization_pending")
    assert answer.headers.get("preference-applied") == applied


async def test_preferences_may_come_in_several_headers(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    headers = [("Prefer", "return=minimal"), ("Prefer", "wait=0"), ("DPoP", asked.device.proof(TOKEN))]
    answer = await sqlite_stage.client.post(TOKEN, data=poll_form(asked), headers=headers)
    assert answer.headers["preference-applied"] == "wait=0"


async def test_a_client_that_hangs_up_ends_its_hold(stage: Stage) -> None:
    asked = await stage.start()
    gone = asyncio.Event()
    headers = [(b"content-type", FORM.encode()), (b"prefer", b"wait=25"), (b"dpop", asked.device.proof(TOKEN).encode())]
    body = urlencode(poll_form(asked)).encode()
    task = asyncio.create_task(raw_call(stage, "POST", TOKEN.encode(), headers, body, gone))
    await until_held(stage)
    gone.set()
    async with asyncio.timeout(20):
        await task
    assert len(stage.service.services.hub) == 0
    stage.clock.advance(5)
    refused(await stage.poll(asked), 400, "authorization_pending")


async def test_a_client_that_hung_up_just_before_the_approval_does_not_consume_the_login(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    secret = await sqlite_stage.secret()
    gone = asyncio.Event()
    headers = [(b"content-type", FORM.encode()), (b"prefer", b"wait=25"), (b"dpop", asked.device.proof(TOKEN).encode())]
    body = urlencode(poll_form(asked)).encode()
    task = asyncio.create_task(raw_call(sqlite_stage, "POST", TOKEN.encode(), headers, body, gone))
    await until_held(sqlite_stage)
    sqlite_stage.database.on_change = lambda _login_id: None
    await _approve(sqlite_stage, asked, secret)
    gone.set()
    await task
    assert await sqlite_stage.rows("SELECT state FROM logins") == [("approved",)]
    assert (await sqlite_stage.poll(asked)).status_code == 200


async def test_a_cancelled_request_leaves_no_hold_behind(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    task = await _held(sqlite_stage, asked)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert len(sqlite_stage.service.services.hub) == 0
    sqlite_stage.clock.advance(5)
    refused(await sqlite_stage.poll(asked), 400, "authorization_pending")


async def test_a_process_that_leaves_answers_held_polls_and_holds_no_more(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    other = await sqlite_stage.start("bob@example.com")
    task = await _held(sqlite_stage, asked)
    sqlite_stage.service.services.hub.drain()
    async with asyncio.timeout(20):
        refused(await task, 400, "authorization_pending")
        refused(await sqlite_stage.poll(other, wait=25), 400, "authorization_pending")
    assert (await sqlite_stage.client.get("/health/ready")).status_code == 503


async def test_a_hundred_devices_wait_without_a_query_between_them(sqlite_stage: Stage) -> None:
    logins = [await sqlite_stage.start(f"person{number}@example.com") for number in range(100)]
    tasks = [asyncio.create_task(sqlite_stage.poll(asked, wait=25)) for asked in logins]
    await until_held(sqlite_stage, 100)
    sqlite_stage.service.services.hub.drain()
    for answer in await asyncio.gather(*tasks):
        refused(answer, 400, "authorization_pending")
