# SPDX-License-Identifier: Apache-2.0
"""Who ends a session ends all that it has under way: codes, application sessions, what is known of its device."""

import asyncio

import pytest

from counterfoil_service.core.application import Application
from counterfoil_service.crypto.argon2 import hash_secret
from counterfoil_service.operations.disable_user import disable_user
from counterfoil_service.operations.remove_application import remove_application
from counterfoil_service.operations.revoke_sessions import RevokeSessions, revoke_sessions
from support.device import DEVICE_CODE_GRANT
from support.http import refused
from support.stage import Stage
from support.surfer import CALLBACK, Surfer, WebClient, parameters_of

SECRET = "a secret of the web application, long enough"


async def add_web_app(stage: Stage) -> Application:
    return await stage.add_application(
        "web-app", name="Web App", redirect_uris=(CALLBACK,), dpop="optional", secret_hash=hash_secret(SECRET)
    )


async def redeem(stage: Stage, client: WebClient, code: str) -> int:
    answer = await stage.client.post("/oauth/token", data=client.redemption(code, client_secret=SECRET))
    return answer.status_code


async def living(stage: Stage) -> list[str]:
    rows = await stage.rows("SELECT application_id FROM sessions WHERE ended_at IS NULL ORDER BY created_at, id")
    return [row[0] for row in rows]


@pytest.mark.parametrize("end", ["every", "disabled", "signed_out", None])
async def test_a_code_dies_with_the_browser_session_that_made_it(stage: Stage, end: str | None) -> None:
    """Else a browser that keeps one in hand comes back after everything was revoked."""
    await add_web_app(stage)
    async with Surfer(stage) as surfer:
        await surfer.sign_in()
        client = WebClient()
        led = await surfer.authorize(client)
        code = parameters_of(led.headers["location"])["code"]
        stage.clock.advance(1)
        if end == "every":
            await stage.database.write(revoke_sessions, RevokeSessions("every"))
        elif end == "disabled":
            await stage.database.write(disable_user, "ada@example.com")
        elif end == "signed_out":
            (row,) = await stage.rows("SELECT id FROM sessions WHERE ended_at IS NULL")
            await stage.database.write(revoke_sessions, RevokeSessions("one", row[0]))
        stage.clock.advance(20)
        assert await redeem(stage, client, code) == (200 if end is None else 400)
    assert (await living(stage) == []) == (end is not None)


async def test_the_notice_of_a_browser_ends_the_application_it_signed_in_to(stage: Stage) -> None:
    await add_web_app(stage)
    async with Surfer(stage) as surfer:
        client = WebClient()
        await surfer.ask(await surfer.authorize(client))
        done = await surfer.follow(await surfer.tap())
        assert await redeem(stage, client, parameters_of(done.headers["location"])["code"]) == 200
    assert sorted(await living(stage)) == ["counterfoil", "web-app"]
    subjects = [str(mail["Subject"]) for mail in await stage.mails()]
    assert any("Web App" in subject for subject in subjects if "New sign-in" in subject)
    answer = await stage.client.post("/n", data={"secret": await stage.notice_secret()})
    assert answer.status_code == 200
    assert "Web App" in answer.text
    assert await living(stage) == []
    assert await stage.count("devices") == 0


async def test_a_reported_device_is_not_known_any_more(stage: Stage) -> None:
    asked = await stage.approved()
    secret = await stage.secret()
    assert (await stage.poll(asked)).status_code == 200
    assert await stage.count("devices") == 1
    assert (await stage.decide(secret, "report")).status_code == 200
    assert await stage.count("devices") == 0
    stage.clock.advance(61)
    await stage.start(device=asked.device)
    page = await stage.open(await stage.secret())
    assert "has signed in before" not in page.text


async def test_a_sign_in_without_a_key_is_told_each_time_and_can_be_ended(stage: Stage) -> None:
    """Else to leave the proof out would be the way to sign in unnoticed."""
    await stage.add_application("keyless", dpop="optional")
    for _ in range(2):
        form = {"client_id": "keyless", "login_hint": "ada@example.com"}
        asked = (await stage.client.post("/oauth/device_authorization", data=form)).json()
        await stage.decide(await stage.secret(), "approve", asked["user_code"])
        poll = {"grant_type": DEVICE_CODE_GRANT, "client_id": "keyless", "device_code": asked["device_code"]}
        assert (await stage.client.post("/oauth/token", data=poll)).status_code == 200
        stage.clock.advance(61)
    notices = [mail for mail in await stage.mails() if "New sign-in" in str(mail["Subject"])]
    assert len(notices) == 2
    secret = await stage.notice_secret()
    assert (await stage.client.get(f"/n/{secret}")).status_code == 200
    assert (await stage.client.post("/n", data={"secret": secret})).status_code == 200
    assert len(await living(stage)) == 1
    assert (await stage.client.post("/n", data={"secret": secret})).status_code == 410


async def test_who_takes_the_id_of_a_removed_application_knows_none_of_its_devices(stage: Stage) -> None:
    asked = await stage.approved()
    assert (await stage.poll(asked)).status_code == 200
    await stage.database.write(remove_application, "desk-app")
    await stage.add_application("desk-app", new_devices="refuse")
    stage.clock.advance(61)
    again = await stage.approved(device=asked.device)
    answer = await stage.poll(again)
    assert (answer.status_code, answer.json()["reason"]) == (400, "new_device")


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/me/sessions/%00"), ("POST", "/me/devices/%00")])
async def test_an_id_that_cannot_be_one_is_looked_up_nowhere(stage: Stage, method: str, path: str) -> None:
    await stage.add_application("keyless", dpop="optional")
    form = {"client_id": "keyless", "login_hint": "ada@example.com"}
    asked = (await stage.client.post("/oauth/device_authorization", data=form)).json()
    await stage.decide(await stage.secret(), "approve", asked["user_code"])
    poll = {"grant_type": DEVICE_CODE_GRANT, "client_id": "keyless", "device_code": asked["device_code"]}
    token = (await stage.client.post("/oauth/token", data=poll)).json()["access_token"]
    data = {"action": "forget"} if method == "POST" else None
    answer = await stage.client.request(method, path, headers={"Authorization": f"Bearer {token}"}, data=data)
    assert answer.status_code == 404


async def test_a_removed_application_is_forgotten_by_whoever_remembered_it(stage: Stage) -> None:
    asked = await stage.start()
    await stage.database.write(remove_application, "desk-app")
    # The clock stands still: nothing but the notice tells of it, which takes its way through PostgreSQL.
    async with asyncio.timeout(10):
        while (answer := await stage.poll(asked)).status_code != 401:
            refused(answer, 400, "access_denied")
            await asyncio.sleep(0.02)
    refused(answer, 401, "invalid_client")
