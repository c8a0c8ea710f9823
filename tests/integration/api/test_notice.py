# SPDX-License-Identifier: Apache-2.0
"""The notice of a new device and the page behind its link: opening changes nothing, pressing ends the session [R89]."""

import asyncio
import logging
import re
from itertools import product
from pathlib import Path

import pytest

from counterfoil_service.crypto.keys import digest
from counterfoil_service.operations.disable_user import disable_user
from counterfoil_service.operations.erase_user import erase_user
from counterfoil_service.operations.revoke_sessions import RevokeSessions, revoke_sessions
from support.http import is_page, nothing_written, problem, refused
from support.stage import ISSUER, Asked, OpenStage, Stage, link_of

LABEL = "Ada's laptop"


async def noticed(stage: Stage, label: str = LABEL) -> tuple[str, Asked]:
    """Somebody signed in with a new device: the secret of the notice, and the login."""
    asked = await stage.approved(device_label=label)
    stage.clock.advance(1)
    assert (await stage.poll(asked)).status_code == 200
    return await stage.notice_secret(), asked


async def press(stage: Stage, secret: str, **headers: str) -> "tuple[int, str]":
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await stage.client.post("/n", data={"secret": secret}, headers=sent)
    return answer.status_code, answer.text


async def test_the_mail_tells_of_the_sign_in_and_carries_one_link_to_its_page(stage: Stage) -> None:
    secret, _ = await noticed(stage)
    mail = (await stage.mails())[-1]
    assert mail["Subject"] == "New sign-in to Desk App"
    assert mail["To"] == "ada@example.com"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert link_of(mail) == f"{ISSUER}/n/{secret}"
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", secret)
    assert LABEL in str(mail.get_body(("plain",)))


async def test_the_page_says_what_signed_in_and_offers_to_end_it(stage: Stage) -> None:
    secret, _ = await noticed(stage)
    page = is_page(await stage.client.get(f"/n/{secret}"), 200)
    for words in (
        "New sign-in to <bdi>Desk App</bdi>",
        "Ada&#39;s laptop",
        "UTC on 18 November 2026",
        "a••@example.com",
    ):
        assert words in page
    assert re.findall("<button[^>]*>([^<]*)<", page) == ["End this session"]
    assert page.count(secret) == 1


async def test_a_scanner_that_opens_it_a_hundred_times_ends_and_writes_nothing(stage: Stage) -> None:
    secret, asked = await noticed(stage)
    async with nothing_written(stage):
        for method in ("GET", "HEAD") * 50:
            assert (await stage.client.request(method, f"/n/{secret}")).status_code == 200
    refreshed = await stage.poll(asked)
    assert refreshed.status_code == 200, "the session lives"


async def test_head_is_get_without_its_body(stage: Stage) -> None:
    secret, _ = await noticed(stage)
    head, get = [await stage.client.request(method, f"/n/{secret}") for method in ("HEAD", "GET")]
    assert (head.status_code, head.content) == (200, b"")
    assert {**head.headers, "content-length": ""} == {**get.headers, "content-length": ""}


async def test_to_press_the_button_ends_the_session_and_forgets_the_device(stage: Stage) -> None:
    secret, asked = await noticed(stage)
    status, page = await press(stage, secret)
    assert status == 200
    assert "The session has ended" in page
    assert "password of your mailbox" in page
    assert secret not in page
    assert await stage.rows("SELECT count(*) FROM sessions WHERE ended_at IS NULL") == [(0,)]
    assert await stage.count("devices") == 0
    refused(await stage.poll(asked), 400, "invalid_grant")
    told = [(each.event.name.value, each.event.reason) for each in await stage.events(asked.login_id)][-2:]
    assert told == [("session.ended", "reported_by_person"), ("login.reported", "from_notice")]
    reported = (await stage.events(asked.login_id))[-1]
    assert reported.event.outcome == "failure"
    assert (reported.personal or {})["source"] == "192.0.2.10"


async def test_the_next_sign_in_of_the_same_key_is_noticed_again(stage: Stage) -> None:
    secret, asked = await noticed(stage)
    await press(stage, secret)
    stage.clock.advance(60)
    again = await stage.approved(device=asked.device)
    assert (await stage.poll(again)).status_code == 200
    assert await stage.notice_secret() != secret


async def test_a_later_session_of_the_reported_device_ends_too(stage: Stage) -> None:
    secret, asked = await noticed(stage)
    stage.clock.advance(60)
    second = await stage.approved(device=asked.device)
    assert (await stage.poll(second)).status_code == 200
    stage.clock.advance(1)
    other = await stage.approved("eve@example.com")
    assert (await stage.poll(other)).status_code == 200
    await press(stage, secret)
    assert await stage.rows("SELECT login_id FROM sessions WHERE ended_at IS NULL") == [(other.login_id,)]


async def ended(stage: Stage, end: str) -> None:
    """End what ada's first sign-in gave, in one of many ways."""
    if end == "revoked":
        await stage.database.write(revoke_sessions, RevokeSessions("every"))
    elif end == "disabled":
        await stage.database.write(disable_user, "ada@example.com")
    elif end == "erased":
        await stage.database.write(erase_user, "ada@example.com")
    else:
        limits = stage.service.services.settings.session_limits
        stage.clock.now += limits.idle if end == "idle" else limits.lifetime


@pytest.mark.parametrize("end", ["revoked", "disabled", "idle", "lifetime"])
async def test_the_device_can_be_forgotten_when_its_session_is_over(stage: Stage, end: str) -> None:
    """Else a thief who signs out at once would have made himself a known device."""
    secret, asked = await noticed(stage)
    await ended(stage, end)
    assert (await stage.client.get(f"/n/{secret}")).status_code == 200
    status, _ = await press(stage, secret)
    assert status == 200
    assert await stage.count("devices") == 0
    assert "login.reported" in await stage.names(asked.login_id)


@pytest.mark.parametrize("end", ["pressed", "erased"])
async def test_whatever_is_not_alive_gets_one_and_the_same_page(stage: Stage, end: str) -> None:
    secret, _ = await noticed(stage)
    if end == "pressed":
        await press(stage, secret)
    else:
        await ended(stage, end)
    async with nothing_written(stage):
        unknown = await stage.client.get(f"/n/{'A' * 43}")
        bodies = {is_page(unknown, 410)}
        for path in (secret, secret + "A", secret[:-1], "x", "%00", "a/b", "a/"):
            bodies.add(is_page(await stage.client.get(f"/n/{path}"), 410))
        for tried in (secret, "A" * 43, "x", "", "%00", secret + "A"):
            status, page = await press(stage, tried)
            assert status == 410
            bodies.add(page)
    assert len(bodies) == 1


async def test_a_link_to_sign_in_is_no_notice_and_a_notice_no_link(stage: Stage) -> None:
    secret, _ = await noticed(stage)
    stage.clock.advance(60)
    asked = await stage.start()
    link_secret = await stage.secret()
    async with nothing_written(stage):
        assert (await press(stage, link_secret))[0] == 410
        assert (await stage.client.get(f"/n/{link_secret}")).status_code == 410
        assert (await stage.decide(secret, "approve", asked.user_code)).status_code == 410
        assert (await stage.decide(secret, "reject")).status_code == 410
        assert (await stage.client.get(f"/l/{secret}")).status_code == 410


async def test_the_stored_hash_is_no_secret(stage: Stage) -> None:
    secret, _ = await noticed(stage)
    assert await stage.rows("SELECT notice_hash FROM sessions") == [(digest(secret),)]
    assert await stage.rows("SELECT sealed_secret FROM outbox") == [(None,), (None,)]


async def test_of_many_presses_at_once_one_ends_the_session(stage: Stage) -> None:
    secret, asked = await noticed(stage)
    statuses = [status for status, _ in await asyncio.gather(*(press(stage, secret) for _ in range(8)))]
    assert sorted(statuses) == [200] + [410] * 7
    names = await stage.names(asked.login_id)
    assert names.count("login.reported") == names.count("session.ended") == 1


SITES = {None: True, "same-origin": True, "none": True, "same-site": False, "cross-site": False, "": False}
ORIGINS = {None: True, "null": True, ISSUER: True, "https://evil.example": False, ISSUER + ":8443": False,
           "http://id.example": False, "": False}  # fmt: skip


async def test_no_other_site_ends_a_session_and_403_comes_first(sqlite_stage: Stage) -> None:
    secret, _ = await noticed(sqlite_stage)
    for site, origin in product(SITES, ORIGINS):
        headers = {"Sec_Fetch_Site": site, "Origin": origin}
        given = {name: value for name, value in headers.items() if value is not None}
        if SITES[site] and ORIGINS[origin]:
            continue
        async with nothing_written(sqlite_stage):
            for tried in (secret, "A" * 43, "x"):
                status, page = await press(sqlite_stage, tried, **given)
                assert status == 403, (site, origin)
                assert "Desk App" not in page
                assert secret not in page
    assert (await press(sqlite_stage, secret, Sec_Fetch_Site="same-origin", Origin=ISSUER))[0] == 200


async def test_errors_are_pages(sqlite_stage: Stage) -> None:
    client = sqlite_stage.client
    is_page(await client.post("/n", content=b"{}", headers={"content-type": "application/json"}), 400)
    twice = {"content-type": "application/x-www-form-urlencoded"}
    is_page(await client.post("/n", content=b"secret=a&secret=b", headers=twice), 400)
    is_page(await client.put("/n", data={"secret": "A" * 43}), 405)
    is_page(await client.delete(f"/n/{'A' * 43}"), 405)
    problem(await client.get("/nn"), 404, "not_found")


async def test_the_page_may_run_nothing_and_send_only_to_us(sqlite_stage: Stage) -> None:
    secret, _ = await noticed(sqlite_stage)
    answers = [await sqlite_stage.client.get(f"/n/{each}") for each in (secret, "A" * 43)]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "form-action 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script" not in policy
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in answer.headers


async def test_the_words_of_a_hostile_device_stay_words(sqlite_stage: Stage) -> None:
    secret, _ = await noticed(sqlite_stage, '"><script>alert(1)</script>')
    pages = [(await sqlite_stage.client.get(f"/n/{secret}")).text, (await press(sqlite_stage, secret))[1]]
    for page in pages:
        assert "<script" not in page
        assert "&lt;script&gt;" in page


async def test_no_secret_of_a_notice_reaches_a_log(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret, _ = await noticed(stage)
    await stage.client.get(f"/n/{secret}")
    await press(stage, secret)
    await press(stage, secret)
    lines = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx2", "httpcore2"))]
    assert sum("GET /n/{secret} 200" in line for line in lines) == 1
    assert sum("POST /n 410" in line for line in lines) == 1
    assert not [line for line in lines if secret in line or "laptop" in line or "ada@" in line]


@pytest.mark.parametrize("issuer", ["https://id.example/auth", "https://id.example:8443"])
async def test_below_a_path_everything_stays_below_it(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage, issuer: str
) -> None:
    async with open_stage(sqlite_url, tmp_path, public_url=issuer) as stage:
        base = issuer.removeprefix("https://id.example").removeprefix(":8443")
        asked = await _sign_in_below(stage, base)
        secret = await stage.notice_secret()
        assert link_of((await stage.mails())[-1]) == f"{issuer}/n/{secret}"
        page = is_page(await stage.client.get(f"{issuer}/n/{secret}"), 200)
        assert f'action="{base}/n"' in page
        assert (await stage.client.post(f"{issuer}/n", data={"secret": secret})).status_code == 200
        is_page(await stage.client.get(f"{issuer}/n/a/b"), 410)
        assert "session.ended" in await stage.names(asked)


async def _sign_in_below(stage: Stage, base: str) -> str:
    """A sign-in by full addresses: the stage's own verbs know no path."""
    device = stage.device()
    device.issuer = f"{stage.issuer.removesuffix(base)}"
    form = {"client_id": "desk-app", "login_hint": "ada@example.com"}
    client = stage.client
    client.base_url = device.issuer
    asked = (await device.post(client, f"{base}/oauth/device_authorization", form)).json()
    decision = {"secret": await stage.secret(), "action": "approve", "user_code": asked["user_code"]}
    assert (await client.post(f"{base}/l", data=decision)).status_code == 200
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    stage.clock.advance(1)
    poll = {"grant_type": grant, "client_id": "desk-app", "device_code": asked["device_code"]}
    assert (await device.post(client, f"{base}/oauth/token", poll)).status_code == 200
    return str(asked["login_id"])
