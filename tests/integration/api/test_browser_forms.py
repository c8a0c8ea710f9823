# SPDX-License-Identifier: Apache-2.0
"""Forms and cookies of the browser pages, under attack: CSRF, login CSRF, framing, hostile ways back (A14-A19)."""

from urllib.parse import quote

import httpx2
import pytest

from counterfoil_service.web.browser.cookies import BROWSER_SECONDS
from support.http import content, execute, is_page, nothing_written
from support.stage import ISSUER, Stage
from support.surfer import BROWSER, CALLBACK, SESSION, Surfer, WebClient, form_of

FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://id.example.evil.example"},
]


async def registered(stage: Stage, client_id: str) -> WebClient:
    await stage.add_application(client_id, dpop="optional", redirect_uris=(CALLBACK,))
    return WebClient(client_id)


@pytest.mark.parametrize("path", ["/sign-in", "/account"])
async def test_no_form_is_taken_from_another_site(sqlite_stage: Stage, path: str) -> None:
    async with Surfer(sqlite_stage) as browser:
        await browser.sign_in()
        form = form_of(await browser.get(f"{path}?prompt=login"))
        async with nothing_written(sqlite_stage):
            for headers in FOREIGN:
                text = is_page(await browser.submit(form, headers, email="bob@example.com", action="sign_out"), 403)
                assert "This form cannot be used" in text


@pytest.mark.parametrize("path", ["/sign-in", "/account"])
async def test_no_form_is_taken_without_this_browsers_token(sqlite_stage: Stage, path: str) -> None:
    async with Surfer(sqlite_stage) as browser, Surfer(sqlite_stage) as attacker:
        await browser.sign_in()
        form = form_of(await browser.get(f"{path}?prompt=login"))
        foreign = form_of(await attacker.get("/sign-in")).fields["csrf"]
        async with nothing_written(sqlite_stage):
            for token in (None, "", "x", foreign, "A" * 43, form.fields["csrf"][:-1], "é"):
                answer = await browser.submit(form, csrf=token, email="bob@example.com", action="sign_out")
                is_page(answer, 403)
            kept = browser.cookies[BROWSER]
            for cookie in ("", "x", "A" * 43):
                browser.client.cookies.set(BROWSER, cookie, domain="id.example", path="/")
                is_page(await browser.submit(form, email="bob@example.com", action="sign_out"), 403)
            browser.client.cookies.set(BROWSER, kept, domain="id.example", path="/")
        assert (await browser.submit(form, email="bob@example.com", action="sign_out")).status_code == 303


async def test_a_request_that_was_sealed_for_another_browser_opens_nowhere(sqlite_stage: Stage) -> None:
    """Login CSRF: the attacker's own request in the victim's form would end the victim in the attacker's errand."""
    web = await registered(sqlite_stage, "web-app")
    async with Surfer(sqlite_stage) as victim, Surfer(sqlite_stage) as attacker:
        sealed = form_of(await attacker.authorize(web)).fields["request"]
        form = form_of(await victim.get("/sign-in"))
        async with nothing_written(sqlite_stage):
            for request in (sealed, sealed[:-2], "A" * 100, "x", "=", "é" * 50, "A" * 11_999):
                answer = await victim.submit(form, email="ada@example.com", request=request)
                assert "too old" in is_page(answer, 400)


async def test_a_sealed_request_is_good_for_ten_minutes(sqlite_stage: Stage) -> None:
    web = await registered(sqlite_stage, "web-app")
    async with Surfer(sqlite_stage) as browser:
        form = form_of(await browser.authorize(web))
        sqlite_stage.clock.advance(599)
        assert (await browser.submit(form, email="ada@example.com")).status_code == 303
        sqlite_stage.clock.advance(1)
        assert "too old" in is_page(await browser.submit(form, email="ada@example.com"), 400)


async def test_what_an_application_may_is_asked_again_when_the_form_comes(sqlite_stage: Stage) -> None:
    web = await registered(sqlite_stage, "web-app")
    async with Surfer(sqlite_stage) as browser:
        form = form_of(await browser.authorize(web))
        await execute(sqlite_stage, "UPDATE applications SET redirect_uris = '[]'")
        answer = await browser.submit(form, email="ada@example.com")
        assert "registered" in is_page(answer, 400)
        assert await sqlite_stage.count("logins") == 0


async def test_the_sealed_request_says_nothing_to_whoever_reads_the_page(sqlite_stage: Stage) -> None:
    web = await registered(sqlite_stage, "web-app")
    async with Surfer(sqlite_stage) as browser:
        text = (await browser.authorize(web, state="a-secret-state")).text
        assert "a-secret-state" not in text
        assert web.challenge not in text
        assert browser.cookies[BROWSER] not in text


HOSTILE_PATHS = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "https://evil.example",
    "HTTPS://evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    ".evil.example",
    "/ evil",
    "/\x7f",
    "/é",
    "/" + "x" * 2048,
    "?x",
    "#x",
]


@pytest.mark.parametrize("path", HOSTILE_PATHS)
async def test_the_way_back_is_a_path_on_this_site_or_nothing(sqlite_stage: Stage, path: str) -> None:
    async with Surfer(sqlite_stage) as browser:
        answer = await browser.get(f"/sign-in?return_to={quote(path)}")
        text = is_page(answer, 400)
        assert "location" not in answer.headers
        assert "evil" not in text
        await browser.sign_in()
        answer = await browser.get(f"/sign-in?return_to={quote(path)}")
        assert (answer.status_code, "location" in answer.headers) == (400, False)


OWN_PATHS = [
    *("/", "/a", "/a//b", "/..//evil.example", "/.//evil.example", "/@evil.example", "/%2f/evil.example"),
    *("/%5cevil.example", "/?x=https://evil.example", "/a#b", "/:80/"),
]


@pytest.mark.parametrize("path", OWN_PATHS)
async def test_every_way_back_stays_on_this_host(sqlite_stage: Stage, path: str) -> None:
    async with Surfer(sqlite_stage) as browser:
        done = await browser.sign_in(path=f"/sign-in?return_to={quote(path, safe='')}")
        assert done.headers["location"] == ISSUER + path
        url = httpx2.URL(ISSUER).join(done.headers["location"])
        assert (url.scheme, url.host, url.port) == ("https", "id.example", None)


async def test_the_cookies_are_host_cookies_that_no_script_reads(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        page = await browser.get("/sign-in")
        (named,) = page.headers.get_list("set-cookie")
        await browser.ask(page)
        done = await browser.follow(await browser.tap())
        (signed,) = done.headers.get_list("set-cookie")
        for header, name, seconds in ((named, BROWSER, BROWSER_SECONDS), (signed, SESSION, 90 * 86_400)):
            pair, *attributes = [part.strip() for part in header.split(";")]
            assert pair.partition("=")[0] == name
            assert len(pair.partition("=")[2]) == 43
            assert {attribute.lower() for attribute in attributes} == {
                "path=/", "secure", "httponly", "samesite=lax", f"max-age={seconds}"
            }  # fmt: skip


async def test_the_database_holds_neither_cookie(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        waiting = await browser.ask(await browser.get("/sign-in"))
        code = (await browser.code_at(waiting)).replace("-", "")
        await browser.follow(await browser.tap())
        kept = str(await content(sqlite_stage))
        for secret in (*browser.cookies.values(), code):
            assert secret not in kept


PAGES = ["/sign-in", "/account", "/signed-out", f"/sign-in/{'0' * 26}", "/oauth/authorize"]


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_can_be_framed_kept_or_made_to_load_anything(sqlite_stage: Stage, path: str) -> None:
    async with Surfer(sqlite_stage) as browser:
        await browser.sign_in()
        headers = (await browser.get(path)).headers
        policy = headers["content-security-policy"]
        for part in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
            assert part in policy
        assert "unsafe" not in policy
        assert "script-src" not in policy
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"


async def test_the_waiting_page_may_run_its_own_script_and_ask_its_own_origin_alone(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        answer = await browser.get((await browser.ask(await browser.get("/sign-in"))).removeprefix(ISSUER))
        policy = answer.headers["content-security-policy"]
        assert "script-src 'sha256-" in policy
        assert "connect-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.text.count("<script") == 1
        assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in answer.text


async def test_a_scanner_that_opens_the_link_and_submits_what_it_finds_signs_nobody_in(stage: Stage) -> None:
    async with Surfer(stage) as browser, Surfer(stage, "") as scanner:
        waiting = await browser.ask(await browser.get("/sign-in"))
        link = f"/l/{await stage.secret()}"
        for _ in range(20):
            page = await scanner.get(link)
            await scanner.client.head(page.url)
            assert "You asked in this very browser" not in page.text
            for typed in ("", "aaaaaa", "123456"):
                assert (await scanner.submit(form_of(page), action="approve", user_code=typed)).status_code == 422
        assert await stage.rows("SELECT state, misses FROM logins") == [("pending", 0)]
        assert await browser.state_at(waiting) == (200, "pending")
        await browser.tap()
        assert (await browser.get(waiting)).status_code == 303


async def test_the_cookie_of_another_browser_saves_nobody_the_code(stage: Stage) -> None:
    async with Surfer(stage) as browser, Surfer(stage) as other:
        await browser.ask(await browser.get("/sign-in"))
        await other.get("/sign-in")
        page = await other.get(f"/l/{await stage.secret()}")
        assert "user_code" in page.text
        assert (await other.submit(form_of(page), action="approve")).status_code == 422
        assert await stage.rows("SELECT state FROM logins") == [("pending",)]


async def test_a_devices_login_is_never_approved_by_one_tap(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    async with Surfer(sqlite_stage) as browser:
        await browser.get("/sign-in")
        page = await browser.get(f"/l/{await sqlite_stage.secret()}")
        assert (await browser.submit(form_of(page), action="approve")).status_code == 422
        assert (await browser.get(f"/sign-in/{asked.login_id}")).status_code == 410
