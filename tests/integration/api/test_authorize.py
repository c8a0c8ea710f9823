# SPDX-License-Identifier: Apache-2.0
"""`GET /oauth/authorize`: a web application sends a browser and gets it back with a code (protocol §5)."""

import asyncio
from urllib.parse import urlsplit

import pytest

from support.http import content, is_page, nothing_written, refused
from support.stage import ISSUER, Stage
from support.surfer import BROWSER, CALLBACK, SESSION, Surfer, WebClient, form_of, parameters_of


async def registered(stage: Stage, client_id: str = "web-app", **changes: object) -> WebClient:
    """A public web application that needs no key."""
    values = {"name": "Ledgerline", "dpop": "optional", "redirect_uris": (CALLBACK,)} | changes
    application = await stage.add_application(client_id, **values)
    return WebClient(client_id, application.redirect_uris[0])


async def test_the_whole_way_gives_tokens_for_the_application(stage: Stage) -> None:
    web = await registered(stage)
    async with Surfer(stage) as browser:
        page = await browser.authorize(web, login_hint="ada@example.com")
        assert "Sign in to <bdi>Ledgerline</bdi>" in is_page(page, 200)
        assert form_of(page).fields["email"] == "ada@example.com"
        assert "redirect" not in page.text
        waiting = await browser.ask(page)
        home = await browser.follow(await browser.tap())
        assert home.status_code == 303
        assert home.headers["location"].startswith(f"{CALLBACK}?")
        answer = parameters_of(home.headers["location"])
        assert set(answer) == {"code", "state", "iss"}
        assert (answer["state"], answer["iss"]) == (web.state, stage.issuer)
        tokens = await stage.client.post("/oauth/token", data=web.redemption(answer["code"]))
        assert tokens.status_code == 200, tokens.text
        assert tokens.json()["token_type"] == "Bearer"
        assert "refresh_token" not in tokens.json()
        assert "goes on in another tab" in is_page(await browser.get(waiting), 200)
        browser.client.cookies.delete(SESSION)
        assert "This sign-in is done" in is_page(await browser.get(waiting), 410)
        rows = await stage.rows("SELECT application_id FROM sessions ORDER BY application_id")
        assert rows == [("counterfoil",), ("web-app",)]
        assert sorted(await stage.rows("SELECT application_id, label FROM devices")) == [
            ("counterfoil", "Chrome on Linux"),
            ("web-app", "Chrome on Linux"),
        ]


async def test_a_browser_that_is_signed_in_goes_on_without_a_mail(stage: Stage) -> None:
    web = await registered(stage)
    other = await registered(stage, "wiki", redirect_uris=("https://wiki.example/cb?x=1",))
    async with Surfer(stage) as browser:
        await browser.sign_in()
        mails = len(await stage.mails())
        for each, start in ((web, f"{CALLBACK}?code="), (other, "https://wiki.example/cb?x=1&code=")):
            home = await browser.authorize(each)
            assert home.status_code == 303
            assert home.headers["location"].startswith(start)
            tokens = await stage.client.post(
                "/oauth/token", data=each.redemption(parameters_of(home.headers["location"])["code"])
            )
            assert tokens.status_code == 200, tokens.text
        assert len(await stage.mails()) == mails


async def test_a_code_is_worth_nothing_to_another_application_or_without_its_verifier(stage: Stage) -> None:
    web, thief = await registered(stage), await registered(stage, "thief")
    async with Surfer(stage) as browser:
        await browser.sign_in()
        code = parameters_of((await browser.authorize(web)).headers["location"])["code"]
        for form in (
            thief.redemption(code),
            web.redemption(code, code_verifier=thief.verifier),
            web.redemption(code, redirect_uri=f"{CALLBACK}/"),
        ):
            refused(await stage.client.post("/oauth/token", data=form), 400, "invalid_grant")
        assert (await stage.client.post("/oauth/token", data=web.redemption(code))).status_code == 200


async def test_a_code_lives_for_a_minute(sqlite_stage: Stage) -> None:
    web = await registered(sqlite_stage)
    async with Surfer(sqlite_stage) as browser:
        await browser.sign_in()
        code = parameters_of((await browser.authorize(web)).headers["location"])["code"]
        sqlite_stage.clock.advance(60)
        form = web.redemption(code)
        refused(await sqlite_stage.client.post("/oauth/token", data=form), 400, "invalid_grant")


async def test_of_many_tabs_one_takes_the_code_home(stage: Stage) -> None:
    web = await registered(stage)
    async with Surfer(stage) as browser:
        waiting = await browser.ask(await browser.authorize(web))
        await browser.tap()
        answers = await asyncio.gather(*(browser.get(waiting) for _ in range(10)))
        assert sum(answer.status_code == 303 for answer in answers) == 1
        assert {answer.status_code for answer in answers} <= {200, 303, 410}
        assert await stage.count("authorization_codes") == 1
        assert await stage.count("sessions") == 1


async def test_across_devices_the_second_channel_shows_in_the_token(sqlite_stage: Stage) -> None:
    web = await registered(sqlite_stage)
    async with Surfer(sqlite_stage) as browser, Surfer(sqlite_stage) as phone:
        waiting = await browser.ask(await browser.authorize(web))
        code = await browser.code_at(waiting)
        page = await phone.get(f"/l/{await sqlite_stage.secret()}")
        assert "Ledgerline" in page.text
        is_page(await phone.submit(form_of(page), action="approve", user_code=code), 200)
        home = await browser.get(waiting)
        form = web.redemption(parameters_of(home.headers["location"])["code"])
        assert (await sqlite_stage.client.post("/oauth/token", data=form)).status_code == 200
        assert await sqlite_stage.rows("SELECT amr FROM sessions") == [("mca",), ("mca",)]


async def test_a_key_that_was_named_beforehand_must_redeem(sqlite_stage: Stage) -> None:
    """RFC 9449 §10; the name is a claim until then, and costs the named key nothing."""
    stage, web = sqlite_stage, await registered(sqlite_stage, dpop="required")
    device, thief = stage.device(), stage.device()
    async with Surfer(stage) as browser:
        await browser.ask(await browser.authorize(web, dpop_jkt=device.thumbprint))
        assert await stage.rows("SELECT jkt, code_jkt FROM logins") == [(None, device.thumbprint)]
        home = await browser.follow(await browser.tap())
        form = web.redemption(parameters_of(home.headers["location"])["code"])
        refused(await thief.post(stage.client, "/oauth/token", form), 400, "invalid_grant")
        refused(await stage.client.post("/oauth/token", data=form), 400, "invalid_dpop_proof")
        tokens = await device.post(stage.client, "/oauth/token", form)
        assert tokens.status_code == 200, tokens.text
        assert (tokens.json()["token_type"], "refresh_token" in tokens.json()) == ("DPoP", True)


HOSTILE_URIS = [
    "https://evil.example/callback",
    "https://web.example.evil.example/callback",
    "https://web.example/callback/",
    "https://web.example/callback?x",
    "https://web.example/callback#x",
    "https://web.example:443/callback",
    "https://WEB.example/callback",
    "HTTPS://web.example/callback",
    "https://web.example@evil.example/callback",
    "https://evil.example\\@web.example/callback",
    "https://web.example/../callback",
    "https://web.example/callback/%2e%2e/x",
    "//web.example/callback",
    "/callback",
    "javascript:alert(1)//https://web.example/callback",
    "data:text/html,x",
    "http://web.example/callback",
    "https://web.example/callback\r\nX: y",
    "https://web.example/callback%0d%0aX:y",
    " https://web.example/callback",
    "https://web.example/callback\t",
    "https://web.ex\u0430mple/callback",
    "x" * 3000,
    "",
]


@pytest.mark.parametrize("uri", HOSTILE_URIS)
async def test_nobody_is_sent_to_an_address_that_was_not_registered(sqlite_stage: Stage, uri: str) -> None:
    web = await registered(sqlite_stage)
    async with Surfer(sqlite_stage) as browser:
        await browser.sign_in()
        async with nothing_written(sqlite_stage):
            for changes in ({}, {"prompt": "none"}, {"response_type": "token"}, {"scope": "admin"}):
                answer = await browser.authorize(web, redirect_uri=uri, **changes)
                text = is_page(answer, 400)
                assert "location" not in answer.headers
                assert "evil.example" not in text


@pytest.mark.parametrize("client_id", ["nobody", "counterfoil", "", "x" * 200, "web-app' OR 1=1"])
async def test_an_unknown_application_is_a_page(sqlite_stage: Stage, client_id: str) -> None:
    web = await registered(sqlite_stage)
    async with Surfer(sqlite_stage) as browser:
        answer = await browser.authorize(web, client_id=client_id)
        is_page(answer, 400)
        assert "www-authenticate" not in answer.headers


WRONG: list[tuple[dict[str, str | None], str]] = [
    ({"response_type": None}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "code token"}, "unsupported_response_type"),
    ({"response_mode": "form_post"}, "invalid_request"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"code_challenge": None}, "invalid_request"),
    ({"code_challenge": "x" * 43}, "invalid_request"),
    ({"code_challenge_method": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"scope": "email admin"}, "invalid_scope"),
    ({"resource": "https://other.example"}, "invalid_request"),
    ({"prompt": "consent"}, "invalid_request"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"prompt": "none"}, "login_required"),
    ({"max_age": "-1"}, "invalid_request"),
    ({"max_age": "soon"}, "invalid_request"),
    ({"login_hint": "nobody"}, "invalid_request"),
    ({"dpop_jkt": "short"}, "invalid_request"),
    ({"scope": "x" * 2000}, "invalid_request"),
]


@pytest.mark.parametrize(("changes", "error"), WRONG, ids=lambda value: str(value)[:40])
async def test_what_is_wrong_with_a_request_is_told_to_the_application(
    sqlite_stage: Stage, changes: dict[str, str | None], error: str
) -> None:
    web = await registered(sqlite_stage)
    async with Surfer(sqlite_stage) as browser:
        async with nothing_written(sqlite_stage):
            answer = await browser.authorize(web, **changes)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith(f"{CALLBACK}?error=")
        told = parameters_of(answer.headers["location"])
        assert set(told) == {"error", "error_description", "state", "iss"}
        assert (told["error"], told["state"], told["iss"]) == (error, web.state, ISSUER)


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
async def test_a_repeated_name_of_the_application_is_a_page(sqlite_stage: Stage, name: str) -> None:
    web = await registered(sqlite_stage)
    async with Surfer(sqlite_stage) as browser:
        sent = "&".join([urlsplit(str((await browser.authorize(web)).url)).query, f"{name}=x"])
        is_page(await browser.get(f"/oauth/authorize?{sent}"), 400)


@pytest.mark.parametrize("name", ["state", "scope", "code_challenge", "unknown", "prompt"])
async def test_any_other_repeated_parameter_is_told_to_the_application(sqlite_stage: Stage, name: str) -> None:
    web = await registered(sqlite_stage)
    async with Surfer(sqlite_stage) as browser:
        sent = urlsplit(str((await browser.authorize(web)).url)).query
        answer = await browser.get(f"/oauth/authorize?{sent}&{name}=x&{name}=y")
        assert parameters_of(answer.headers["location"])["error"] == "invalid_request"
        is_state = name == "state"
        assert ("state" in parameters_of(answer.headers["location"])) is not is_state


@pytest.mark.parametrize(
    "state", ["a b", "\"'<script>", "&code=x", "%0d%0aSet-Cookie: a=b", "~" * 512, "=&=", "/?#[]@!$&'()*+,;="]
)
async def test_a_state_comes_back_as_it_was(sqlite_stage: Stage, state: str) -> None:
    web = await registered(sqlite_stage)
    async with Surfer(sqlite_stage) as browser:
        await browser.ask(await browser.authorize(web, state=state))
        home = await browser.follow(await browser.tap())
        assert parameters_of(home.headers["location"])["state"] == state


@pytest.mark.parametrize("state", ["a\r\nb", "\x00", "é", "x" * 513])
async def test_a_state_that_could_not_come_back_is_refused_at_the_start(sqlite_stage: Stage, state: str) -> None:
    web = await registered(sqlite_stage)
    async with Surfer(sqlite_stage) as browser:
        answer = await browser.authorize(web, state=state)
        assert answer.status_code in {303, 400}
        if answer.status_code == 303:
            assert parameters_of(answer.headers["location"])["error"] == "invalid_request"


async def test_the_state_may_be_left_out(sqlite_stage: Stage) -> None:
    web = await registered(sqlite_stage)
    async with Surfer(sqlite_stage) as browser:
        await browser.sign_in()
        home = await browser.authorize(web, state=None)
        assert set(parameters_of(home.headers["location"])) == {"code", "iss"}


async def test_an_old_sign_in_a_demand_or_another_address_needs_a_new_sign_in(sqlite_stage: Stage) -> None:
    web = await registered(sqlite_stage)
    async with Surfer(sqlite_stage) as browser:
        await browser.sign_in()
        sqlite_stage.clock.advance(100)
        needs: list[tuple[dict[str, str], bool]] = [
            ({"max_age": "100"}, False),
            ({"max_age": "99"}, True),
            ({"max_age": "0"}, True),
            ({"prompt": "login"}, True),
            ({"login_hint": "bob@example.com"}, True),
            ({"login_hint": "ADA@example.com"}, False),
        ]
        for changes, needed in needs:
            answer = await browser.authorize(web, **changes)
            assert (answer.status_code == 200) is needed, changes
            if "prompt" not in changes:
                silent = parameters_of((await browser.authorize(web, prompt="none", **changes)).headers["location"])
                assert (silent.get("error") == "login_required") is needed, changes


async def test_silence_tells_nothing_of_who_is_signed_in(sqlite_stage: Stage) -> None:
    web = await registered(sqlite_stage)
    async with Surfer(sqlite_stage) as browser, Surfer(sqlite_stage) as stranger:
        await browser.sign_in()
        signed_in = await browser.authorize(web, prompt="none", login_hint="bob@example.com")
        nobody = await stranger.authorize(web, prompt="none", login_hint="bob@example.com")
        assert signed_in.headers["location"] == nobody.headers["location"]
        assert set(stranger.cookies) == set()


async def test_an_application_for_known_devices_takes_no_browser(sqlite_stage: Stage) -> None:
    web = await registered(sqlite_stage, dpop="required", new_devices="refuse")
    async with Surfer(sqlite_stage) as browser:
        told = parameters_of((await browser.authorize(web)).headers["location"])
        assert told["error"] == "unauthorized_client"
        assert "no device key" in told["error_description"]


@pytest.mark.parametrize("uri", ["com.example.app:/done", "http://[::1]/done", "http://127.0.0.1/done"])
async def test_a_program_on_the_computer_gets_a_silent_code_by_a_click_alone(sqlite_stage: Stage, uri: str) -> None:
    """RFC 8252 §8.6: any other program may listen there, so that its person is to see it."""
    app = await registered(sqlite_stage, redirect_uris=(uri,))
    async with Surfer(sqlite_stage) as browser:
        await browser.sign_in()
        page = await browser.authorize(app)
        text = is_page(page, 200)
        assert text.count("href=") == 1
        assert f'href="{uri}?code=' in text
        told = parameters_of((await browser.authorize(app, prompt="none")).headers["location"])
        assert told["error"] == "login_required"
        assert await sqlite_stage.count("authorization_codes") == 1


async def test_a_confidential_application_on_loopback_needs_no_click(sqlite_stage: Stage) -> None:
    uri = "http://127.0.0.1/done"
    app = await registered(sqlite_stage, redirect_uris=(uri,), secret_hash="$argon2id$x")
    async with Surfer(sqlite_stage) as browser:
        await browser.sign_in()
        home = await browser.authorize(app, redirect_uri="http://127.0.0.1:8123/done")
        assert home.headers["location"].startswith("http://127.0.0.1:8123/done?code=")


async def test_no_form_of_a_link_leads_to_an_application_and_yet_the_browser_arrives(sqlite_stage: Stage) -> None:
    """Chromium holds form-action against every step of what follows a form, the application's own too [R31]."""
    web = await registered(sqlite_stage)
    app = await registered(sqlite_stage, "app", redirect_uris=("com.example.app:/done",))
    async with Surfer(sqlite_stage) as browser, Surfer(sqlite_stage) as phone:
        for each, status in ((web, 303), (app, 200)):
            await browser.ask(await browser.authorize(each, prompt="login"))
            link = f"/l/{await sqlite_stage.secret()}"
            for opener in (browser, phone):
                assert "form-action 'self';" in (await opener.get(link)).headers["content-security-policy"]
            finished = await browser.follow(await browser.tap())
            assert finished.status_code == status


async def test_a_request_to_start_again_keeps_all_of_it(sqlite_stage: Stage) -> None:
    web = await registered(sqlite_stage, audiences=("https://api.example", "https://b.example"))
    async with Surfer(sqlite_stage) as browser:
        asked = {"resource": "https://b.example", "scope": "email", "dpop_jkt": sqlite_stage.device().thumbprint}
        waiting = await browser.ask(await browser.authorize(web, **asked))
        sqlite_stage.clock.advance(601)
        text = is_page(await browser.get(waiting), 410)
        restart = text.partition('<a class="go" href="')[2].partition('"')[0].replace("&amp;", "&")
        assert parameters_of(restart) == web.query(**asked, prompt="login")
        assert (await browser.client.get(restart)).status_code == 200


async def test_forged_hosts_change_nothing_that_is_sent(sqlite_stage: Stage) -> None:
    web = await registered(sqlite_stage)
    forged = {
        "Host": "evil.example",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Uri": "//evil.example",
        "X-Original-URL": "https://evil.example/",
        "Forwarded": "host=evil.example",
    }
    async with Surfer(sqlite_stage) as browser:
        browser.client.headers.update(forged)
        page = await browser.authorize(web)
        assert "evil" not in page.text
        waiting = await browser.ask(page)
        assert waiting.startswith(f"{ISSUER}/sign-in/")
        assert "evil" not in (await browser.get(waiting)).text
        home = await browser.follow(await browser.tap())
        assert parameters_of(home.headers["location"])["iss"] == ISSUER
        assert "evil" not in str((await sqlite_stage.mails())[-1])


async def test_head_gives_no_code(sqlite_stage: Stage) -> None:
    web = await registered(sqlite_stage)
    async with Surfer(sqlite_stage) as browser:
        url = str((await browser.authorize(web)).url)
        await browser.sign_in()
        before = await content(sqlite_stage)
        assert (await browser.client.head(url)).status_code == 200
        assert await content(sqlite_stage) == before
        assert set(browser.cookies) == {SESSION, BROWSER}
