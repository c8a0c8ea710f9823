# SPDX-License-Identifier: Apache-2.0
"""`--same-device-only`: what is typed is never taken; only the return on the same machine or browser completes."""

import pytest

from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.story import sentence
from support.http import ASK, ask_form, is_page, nothing_written, primed, refused
from support.stage import Stage
from support.surfer import CALLBACK, Surfer, WebClient
from support.way_home import LOOPBACK, REGISTERED, carried, home_fields

APP = "vault"


async def vault(stage: Stage) -> None:
    await stage.add_application(APP, name="Vault", redirect_uris=REGISTERED, same_device_only=True)


async def test_the_right_code_is_refused_not_counted_and_noted(stage: Stage) -> None:
    await vault(stage)
    asked = await stage.start("ada@example.com", None, client_id=APP, **home_fields())
    secret = await stage.secret()
    for code in (asked.user_code, "BBBBBB", "BBBBBB", "BBBBBB", "BBBBBB", "nonsense", ""):
        page = is_page(await stage.decide(secret, "approve", code), 422)
        assert "No code is taken here: open this mail on the computer where you started." in page
    assert await stage.rows("SELECT state, misses FROM logins") == [("pending", 0)]
    refused(await stage.poll(asked, client_id=APP), 400, "authorization_pending")
    (event, *_) = [each for each in await stage.events(asked.login_id) if "refused" in each.event.name]
    assert (event.event.reason, event.event.outcome) == ("same_device_only", "failure")
    assert "same device only" in sentence(event.event, event.personal)


async def test_a_link_that_is_dead_answers_as_every_dead_link(stage: Stage) -> None:
    await vault(stage)
    asked = await stage.start("ada@example.com", None, client_id=APP, **home_fields())
    secret = await stage.secret()
    stage.clock.advance(601)
    assert (await stage.decide(secret, "approve", asked.user_code)).status_code == 410
    assert (await stage.names(asked.login_id))[-1] == "login.illegal_transition"


async def test_the_page_has_no_field_and_says_where_to_open_it(stage: Stage) -> None:
    await vault(stage)
    await stage.start("ada@example.com", None, client_id=APP, **home_fields())
    page = is_page(await stage.open(await stage.secret()), 200)
    assert 'name="user_code"' not in page
    assert "Only on the computer where you started" in page
    assert 'value="reject"' in page
    assert 'value="here"' in page
    assert 'value="approve"' not in page


async def test_the_return_on_the_same_machine_completes(stage: Stage) -> None:
    await vault(stage)
    asked = await stage.start("ada@example.com", None, client_id=APP, **home_fields())
    home = await stage.decide(await stage.secret(), "here")
    form = {
        "grant_type": "authorization_code",
        "client_id": APP,
        "code": carried(home)["code"],
        "redirect_uri": LOOPBACK,
        "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    }
    assert (await asked.device.post(stage.client, "/oauth/token", form)).status_code == 200


async def test_a_device_that_could_never_be_brought_home_is_told_at_once(stage: Stage) -> None:
    await vault(stage)
    async with nothing_written(stage):
        answer = await primed(stage).post(stage.client, ASK, ask_form(client_id=APP))
        assert "same device only" in refused(answer, 400, "invalid_request")["error_description"]


async def test_a_way_back_that_is_used_up_asks_for_a_new_link_and_for_no_code(stage: Stage) -> None:
    await vault(stage)
    await stage.start("ada@example.com", None, client_id=APP, **home_fields())
    secret = await stage.secret()
    for _ in range(3):
        assert (await stage.decide(secret, "here")).status_code == 303
    page = is_page(await stage.decide(secret, "here"), 422)
    assert "Ask for a new link." in page
    assert "Type the code" not in page
    assert 'value="here"' not in page


async def test_rejecting_works_everywhere(stage: Stage) -> None:
    await vault(stage)
    asked = await stage.start("ada@example.com", None, client_id=APP, **home_fields())
    assert (await stage.decide(await stage.secret(), "reject")).status_code == 200
    refused(await stage.poll(asked, client_id=APP), 400, "access_denied")


async def test_it_cannot_be_registered_together_with_codes_in_the_mail(sqlite_stage: Stage) -> None:
    with pytest.raises(Refusal, match="choose one"):
        await sqlite_stage.add_application("both", redirect_uris=REGISTERED, same_device_only=True, mail_code=True)
    with pytest.raises(Refusal, match="nobody could come home"):
        await sqlite_stage.add_application("homeless", same_device_only=True)
    with pytest.raises(Refusal, match="--dpop required"):
        await sqlite_stage.add_application("keyless", mail_code=True, dpop="optional")


async def test_the_browser_that_asked_completes_by_one_tap_and_no_other_browser_does(stage: Stage) -> None:
    await stage.add_application("web-app", dpop="optional", redirect_uris=(CALLBACK,), same_device_only=True)
    async with Surfer(stage) as browser:
        waiting = await browser.ask(await browser.authorize(WebClient()))
        page = is_page(await browser.get(waiting), 200)
        assert 'class="code"' not in page
        assert "Open it in this browser" in page
        secret = await stage.secret()
        elsewhere = is_page(await stage.open(secret), 200)
        assert 'value="approve"' not in elsewhere
        assert "No code is taken here" in is_page(await stage.decide(secret, "approve", "BBBBBB"), 422)
        home = await browser.follow(await browser.tap())
        assert home.headers["location"].startswith(f"{CALLBACK}?code=")
