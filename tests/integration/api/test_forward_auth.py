# SPDX-License-Identifier: Apache-2.0
"""`/auth/forward`: a proxy asks whether a person is signed in, and only the operator's own proxy is believed."""

import ipaddress
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from counterfoil_service.core import budget
from counterfoil_service.web.browser.host import BINDING_COOKIE
from support.http import add_user, execute, is_page, nothing_written, only_told
from support.stage import ISSUER, ROOMY, OpenStage, Stage
from support.surfer import SESSION, Surfer, parameters_of

PROXY = (ipaddress.ip_network("192.0.2.0/24"),)
HOST = "https://wiki.example"
CALLBACK = f"{HOST}/.counterfoil/callback"
WAY = 600 + 600 + 120
"""Seconds for the page that asks for the address, for the link, and to collect."""


@pytest.fixture
async def proxied(sqlite_url: str, tmp_path: Path, open_stage: OpenStage) -> AsyncIterator[Stage]:
    """A service that trusts the proxy, which is every caller; it protects one other host."""
    async with open_stage(sqlite_url, tmp_path, trusted_proxies=PROXY) as stage:
        await stage.add_application("wiki", name="Wiki", dpop="optional", redirect_uris=(CALLBACK,))
        yield stage


def forwarded(url: str) -> dict[str, str]:
    """What Caddy and Traefik send."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return {"X-Forwarded-Proto": scheme, "X-Forwarded-Host": host, "X-Forwarded-Uri": slash + path}


async def ask(browser: Surfer, url: str | None = None, **headers: str) -> httpx2.Response:
    """The proxy's question."""
    sent = ({} if url is None else forwarded(url)) | {name.replace("_", "-"): value for name, value in headers.items()}
    return await browser.client.get(f"{browser.base}/auth/forward", headers=sent)


async def test_who_is_signed_in_is_told_in_headers(proxied: Stage) -> None:
    async with Surfer(proxied) as browser:
        await browser.sign_in()
        answer = await ask(browser, f"{ISSUER}/app?x=1")
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["remote-email"] == "ada@example.com"
        assert [(answer.headers["remote-user"],)] == await proxied.rows("SELECT id FROM users")
        assert answer.headers["cache-control"] == "no-store"


async def test_an_address_that_no_header_can_hold_is_left_out(proxied: Stage) -> None:
    async with Surfer(proxied) as browser:
        await browser.sign_in("ådá@example.com")
        answer = await ask(browser, ISSUER + "/")
        assert answer.status_code == 204
        assert "remote-user" in answer.headers
        assert "remote-email" not in answer.headers


async def test_who_is_not_is_sent_to_sign_in_and_comes_back(proxied: Stage) -> None:
    async with Surfer(proxied) as browser:
        answer = await ask(browser, f"{ISSUER}/app?x=1&y=%20%26")
        assert answer.status_code == 302
        assert answer.headers["location"] == f"{ISSUER}/sign-in?return_to=/app?x=1%26y=%2520%2526"
        assert "remote-user" not in answer.headers
        path = answer.headers["location"].removeprefix(ISSUER)
        done = await browser.sign_in(path=path)
        assert done.headers["location"] == f"{ISSUER}/app?x=1&y=%20%26"


async def test_nginx_is_answered_in_its_own_way(proxied: Stage) -> None:
    async with Surfer(proxied) as browser:
        answer = await ask(browser, X_Original_URL=f"{ISSUER}/app?x=1")
        assert answer.status_code == 401
        assert answer.headers["location"] == f"{ISSUER}/sign-in?return_to=/app?x=1"


HOSTILE = [
    "https://evil.example/",
    "https://evil.example/.counterfoil/callback",
    "https://id.example.evil.example/",
    "https://id.example@evil.example/",
    "https://evil.example\\@id.example/",
    "https://id.example:8443/",
    "http://id.example/",
    "http://wiki.example/",
    "https://wiki.example:8443/",
    "https://wiki.example.evil.example/x",
    "javascript://id.example/%0aalert(1)",
    "//evil.example/",
    "https:///evil.example",
    "https://id.example",
    "https://[::1]:x/",
    "https://id.example:99999999/",
    "",
]


@pytest.mark.parametrize("url", HOSTILE)
async def test_no_claim_of_a_host_leads_anywhere_but_home(proxied: Stage, url: str) -> None:
    async with Surfer(proxied) as browser:
        for answer in (await ask(browser, url), await ask(browser, X_Original_URL=url)):
            assert answer.status_code in {302, 401}
            location = answer.headers["location"]
            assert location in {f"{ISSUER}/sign-in", f"{ISSUER}/sign-in?return_to=/"}, location


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "/a b", "/é", "/" + "x" * 3000])
async def test_a_path_that_could_lead_away_is_forgotten(proxied: Stage, path: str) -> None:
    headers = {b"x-forwarded-proto": b"https", b"x-forwarded-host": b"id.example", b"x-forwarded-uri": path.encode()}
    answer = await proxied.client.get("/auth/forward", headers=list(headers.items()))
    assert answer.headers["location"] in {f"{ISSUER}/sign-in", f"{ISSUER}/sign-in?return_to=/"}


async def test_of_two_headers_neither_is_believed(proxied: Stage) -> None:
    headers = [*forwarded(f"{ISSUER}/app").items(), ("X-Forwarded-Host", "wiki.example")]
    answer = await proxied.client.get("/auth/forward", headers=headers)
    assert answer.headers["location"] == f"{ISSUER}/sign-in"
    listed = forwarded(f"{ISSUER}/app") | {"X-Forwarded-Host": "id.example, wiki.example"}
    answer = await proxied.client.get("/auth/forward", headers=listed)
    assert answer.headers["location"] == f"{ISSUER}/sign-in"


async def test_where_the_client_adds_its_own_spelling_neither_is_believed(proxied: Stage) -> None:
    """The application on one host sees its visitors' cookies there: it must not use them on another host."""
    await proxied.add_application(
        "blog", dpop="optional", redirect_uris=("https://blog.example/.counterfoil/callback",)
    )
    walk = Walk(proxied)
    await walk.on_host(await walk.signed_in())
    blog = "https://blog.example/x"
    async with Surfer(proxied) as thief:
        thief.client.cookies.set(SESSION, walk.host.cookies[SESSION], domain="id.example", path="/")
        assert (await ask(thief, HOST + "/x", X_Original_URL=HOST + "/x")).status_code == 204
        for sent in (
            forwarded(blog) | {"X-Original-URL": HOST + "/x"},
            forwarded(HOST + "/x") | {"X-Original-URL": blog},
            {"X-Original-URL": blog, "X-Forwarded-Host": "wiki.example", "X-Forwarded-Proto": "https"},
            {"X-Original-URL": blog, "X-Forwarded-Uri": "/x"},
        ):
            answer = await thief.client.get("/auth/forward", headers=sent)
            assert answer.status_code == 401, sent
            assert "remote-user" not in answer.headers


async def test_whoever_is_no_trusted_proxy_is_not_believed(sqlite_stage: Stage) -> None:
    await sqlite_stage.add_application("wiki", dpop="optional", redirect_uris=(CALLBACK,))
    async with Surfer(sqlite_stage) as browser:
        for url in (f"{ISSUER}/app", f"{HOST}/page"):
            answer = await ask(browser, url, X_Original_URL=url)
            assert answer.headers["location"] == f"{ISSUER}/sign-in"
        for path in ("/.counterfoil/start?rd=/page", "/.counterfoil/callback?code=x&state=y"):
            answer = await browser.client.get(path, headers=forwarded(f"{HOST}/"))
            is_page(answer, 404)


async def test_an_ended_session_and_a_disabled_person_are_nobody(proxied: Stage) -> None:
    await add_user(proxied, "ada@example.com")
    async with Surfer(proxied) as browser:
        await browser.sign_in()
        assert (await ask(browser, ISSUER + "/")).status_code == 204
        await execute(proxied, "UPDATE users SET disabled_at = 1")
        assert (await ask(browser, ISSUER + "/")).status_code == 302
        await execute(proxied, "UPDATE users SET disabled_at = NULL")
        await execute(proxied, "UPDATE sessions SET ended_at = 1")
        assert (await ask(browser, ISSUER + "/")).status_code == 302


class Walk:
    """A browser at a protected host: its cookies there are its own, and the proxy stands in front."""

    def __init__(self, stage: Stage) -> None:
        self.issuer = Surfer(stage)
        transport = stage.client._transport
        self.host = httpx2.AsyncClient(transport=transport, base_url=HOST)

    async def on_host(self, url: str) -> httpx2.Response:
        """An address of the host, as the proxy passes it on."""
        assert url.startswith(HOST)
        return await self.host.get(url, headers=forwarded(url))

    async def asked(self, path: str = "/page?x=1") -> httpx2.Response:
        """The proxy's question about a page of the host."""
        return await self.host.get("/auth/forward", headers=forwarded(HOST + path))

    async def begun(self, path: str = "/page?x=1") -> httpx2.Response:
        """Up to the sign-in page of the issuer."""
        first = await self.asked(path)
        assert first.status_code == 302
        start = await self.on_host(first.headers["location"])
        assert start.status_code == 303, start.text
        assert start.headers["location"].startswith(f"{ISSUER}/oauth/authorize?")
        return await self.issuer.client.get(start.headers["location"])

    async def signed_in(self, path: str = "/page?x=1") -> str:
        """Up to the code that comes back."""
        page = await self.begun(path)
        if page.status_code == 200:
            await self.issuer.ask(page)
            page = await self.issuer.follow(await self.issuer.tap())
        assert page.headers["location"].startswith(f"{CALLBACK}?")
        return str(page.headers["location"])


async def test_another_host_gets_a_session_of_its_own_and_the_page_that_was_opened(proxied: Stage) -> None:
    walk = Walk(proxied)
    done = await walk.on_host(await walk.signed_in())
    assert (done.status_code, done.headers["location"]) == (303, f"{HOST}/page?x=1")
    answer = await walk.asked()
    assert answer.status_code == 204
    assert answer.headers["remote-email"] == "ada@example.com"
    kept = dict(walk.host.cookies.items())
    assert set(kept) == {SESSION, BINDING_COOKIE}
    assert kept[SESSION] != walk.issuer.cookies[SESSION]
    rows = await proxied.rows("SELECT application_id FROM sessions ORDER BY application_id")
    assert rows == [("counterfoil",), ("wiki",)]


async def test_the_cookie_of_a_host_is_worth_nothing_anywhere_else(proxied: Stage) -> None:
    """The application behind the proxy sees that cookie: it must not open the person's account with it."""
    await proxied.add_application(
        "blog", dpop="optional", redirect_uris=("https://blog.example/.counterfoil/callback",)
    )
    walk = Walk(proxied)
    await walk.on_host(await walk.signed_in())
    stolen = walk.host.cookies[SESSION]
    async with Surfer(proxied) as thief:
        thief.client.cookies.set(SESSION, stolen, domain="id.example", path="/")
        assert (await thief.get("/account")).status_code == 303
        assert (await ask(thief, ISSUER + "/")).status_code == 302
        assert (await ask(thief, "https://blog.example/")).status_code == 302
        assert (await ask(thief, HOST + "/")).status_code == 204
        issuers = walk.issuer.cookies[SESSION]
        thief.client.cookies.set(SESSION, issuers, domain="id.example", path="/")
        assert (await ask(thief, HOST + "/")).status_code == 302


async def test_a_code_comes_back_only_to_the_browser_that_went_for_it(proxied: Stage) -> None:
    """Login CSRF on the host: the attacker's own code in the victim's browser."""
    attacker, victim = Walk(proxied), Walk(proxied)
    back = await attacker.signed_in()
    is_page(await victim.on_host(back), 400)
    await victim.begun()
    is_page(await victim.on_host(back), 400)
    assert SESSION not in dict(victim.host.cookies.items())
    for changed in (
        back.replace("state=", "state=x"),
        back.replace("iss=https", "iss=http"),
        back.partition("&state")[0],
        back.replace("code=", "error=access_denied&x="),
        f"{CALLBACK}?state={parameters_of(back)['state']}",
    ):
        assert (await attacker.on_host(changed)).status_code == 400
    assert await proxied.rows("SELECT id FROM sessions WHERE application_id = 'wiki'") == []
    assert (await attacker.on_host(back)).status_code == 303


async def test_a_code_of_another_browser_raises_as_many_alerts_as_its_budget_allows(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    budgets = budget.parse(f"{ROOMY},range_refusals=2/60")
    async with open_stage(sqlite_url, tmp_path, trusted_proxies=PROXY, budgets=budgets) as stage:
        await stage.add_application("wiki", name="Wiki", dpop="optional", redirect_uris=(CALLBACK,))
        thief, owner = Walk(stage), Walk(stage)
        own, stolen = await thief.signed_in(), await owner.signed_in()
        code, state = parameters_of(stolen)["code"], parameters_of(own)["state"]
        mixed = own.replace(parameters_of(own)["code"], code)
        assert parameters_of(mixed)["state"] == state
        for _ in range(2):
            is_page(await thief.on_host(mixed), 400)
        async with only_told(stage, "range_refusals"):
            is_page(await thief.on_host(mixed), 429)
        async with nothing_written(stage):
            is_page(await thief.on_host(mixed), 429)
        rows = await stage.rows("SELECT reason FROM audit_events WHERE name = 'login.code_refused'")
        assert rows == [("other_verifier",)] * 2
        assert (await owner.on_host(stolen)).status_code == 303


async def test_a_code_enters_once(proxied: Stage) -> None:
    walk = Walk(proxied)
    back = await walk.signed_in()
    assert (await walk.on_host(back)).status_code == 303
    is_page(await walk.on_host(back), 400)
    walk.host.cookies.delete(SESSION)
    is_page(await walk.on_host(back), 400)


async def test_two_tabs_of_one_host_both_come_back_each_to_its_own_page(proxied: Stage) -> None:
    walk = Walk(proxied)
    first, second = await walk.begun("/one"), await walk.begun("/two")
    await walk.issuer.ask(first)
    backs = [(await walk.issuer.follow(await walk.issuer.tap())).headers["location"]]
    backs.append((await walk.issuer.client.get(second.url)).headers["location"])
    assert [(await walk.on_host(back)).headers["location"] for back in backs] == [f"{HOST}/one", f"{HOST}/two"]
    assert (await walk.asked()).status_code == 204


async def test_a_path_too_long_for_a_state_is_found_again_beside_a_tab_with_a_short_one(proxied: Stage) -> None:
    walk, path = Walk(proxied), "/" + "x" * 2047
    back = await walk.signed_in(path)
    short = await walk.signed_in("/short")
    assert (await walk.on_host(short)).headers["location"] == f"{HOST}/short"
    assert (await walk.on_host(back)).headers["location"] == HOST + path


async def test_a_later_tab_gives_an_earlier_one_no_more_time_and_itself_all_of_it(proxied: Stage) -> None:
    walk = Walk(proxied)
    began = proxied.clock()
    early = await walk.begun("/early")
    proxied.clock.now = began + (WAY - 10) * 1_000_000
    late = await walk.begun("/late")
    proxied.clock.now = began + WAY * 1_000_000
    await walk.issuer.ask(late)
    done = await walk.on_host((await walk.issuer.follow(await walk.issuer.tap())).headers["location"])
    assert done.headers["location"] == f"{HOST}/late"
    is_page(await walk.on_host((await walk.issuer.client.get(early.url)).headers["location"]), 400)


async def test_a_state_of_another_binding_is_refused_even_beside_a_binding_that_lives(proxied: Stage) -> None:
    await proxied.add_application(
        "blog", dpop="optional", redirect_uris=("https://blog.example/.counterfoil/callback",)
    )
    attacker, victim = Walk(proxied), Walk(proxied)
    own, foreign = await victim.signed_in(), await attacker.signed_in("/planted")
    states = [parameters_of(url)["state"] for url in (own, foreign)]
    is_page(await victim.on_host(own.replace(states[0], states[1])), 400)
    is_page(await victim.on_host(own.replace(states[0], victim.host.cookies[BINDING_COOKIE])), 400)
    moved = Walk(proxied)
    moved.host.cookies.set(BINDING_COOKIE, attacker.host.cookies[BINDING_COOKIE], domain="blog.example", path="/")
    blog = "https://blog.example/.counterfoil/"
    start = await moved.host.get(f"{blog}start?rd=/", headers=forwarded(blog))
    challenges = {parameters_of(url)["code_challenge"] for url in (start.headers["location"], await _start(attacker))}
    assert len(challenges) == 2, "a binding is taken over on its own host alone"
    assert (await victim.on_host(own)).headers["location"] == f"{HOST}/page?x=1"


async def _start(walk: Walk) -> str:
    return str((await walk.on_host(f"{HOST}/.counterfoil/start?rd=/")).headers["location"])


async def test_a_binding_that_is_too_old_is_not_taken_over(proxied: Stage) -> None:
    walk = Walk(proxied)
    first = parameters_of(await _start(walk))["code_challenge"]
    proxied.clock.advance(WAY - 1)
    assert parameters_of(await _start(walk))["code_challenge"] == first
    proxied.clock.advance(WAY)
    assert parameters_of(await _start(walk))["code_challenge"] != first


async def test_whoever_uses_up_the_time_of_every_step_still_arrives(proxied: Stage) -> None:
    walk = Walk(proxied)
    start = await walk.on_host((await walk.asked()).headers["location"])
    assert f"Max-Age={WAY}" in start.headers["set-cookie"]
    page = await walk.issuer.client.get(start.headers["location"])
    proxied.clock.advance(598)
    await walk.issuer.ask(page)
    proxied.clock.advance(599)
    back = await walk.issuer.follow(await walk.issuer.tap())
    assert (await walk.on_host(back.headers["location"])).status_code == 303


@pytest.mark.parametrize(("seconds", "status"), [(WAY - 1, 303), (WAY, 400)])
async def test_the_way_takes_as_long_as_its_steps_at_most(proxied: Stage, seconds: int, status: int) -> None:
    walk = Walk(proxied)
    start = await walk.on_host((await walk.asked()).headers["location"])
    began = proxied.clock()
    proxied.clock.advance(WAY - 30)
    await walk.issuer.ask(await walk.issuer.client.get(start.headers["location"]))
    back = await walk.issuer.follow(await walk.issuer.tap())
    proxied.clock.now = began + seconds * 1_000_000
    assert (await walk.on_host(back.headers["location"])).status_code == status


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example", "https://evil.example", "/a b", "x"])
async def test_the_way_back_on_a_host_stays_on_it(proxied: Stage, path: str) -> None:
    walk = Walk(proxied)
    answer = await walk.host.get("/.counterfoil/start", params={"rd": path}, headers=forwarded(HOST + "/"))
    is_page(answer, 400)


async def test_who_is_signed_in_at_the_issuer_is_not_asked_again(proxied: Stage) -> None:
    walk = Walk(proxied)
    await walk.issuer.sign_in()
    mails = len(await proxied.mails())
    done = await walk.on_host(await walk.signed_in())
    assert done.headers["location"] == f"{HOST}/page?x=1"
    assert len(await proxied.mails()) == mails


async def test_a_second_port_of_the_issuers_host_is_not_protected(proxied: Stage) -> None:
    """Cookies know no ports: its session would overwrite the issuer's."""
    uri = f"{ISSUER}:8443/.counterfoil/callback"
    await proxied.add_application("near", dpop="optional", redirect_uris=(uri,))
    async with Surfer(proxied) as browser:
        answer = await ask(browser, f"{ISSUER}:8443/x")
        assert answer.headers["location"] == f"{ISSUER}/sign-in"


async def test_below_a_path_the_issuer_protects_its_whole_origin(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    issuer = f"{ISSUER}/auth"
    async with (
        open_stage(sqlite_url, tmp_path, public_url=issuer, trusted_proxies=PROXY) as stage,
        Surfer(stage) as browser,
    ):
        answer = await ask(browser, f"{ISSUER}/app")
        assert answer.headers["location"] == f"{issuer}/sign-in?return_to=/app"
        done = await browser.sign_in(path="/sign-in?return_to=/app")
        assert done.headers["location"] == f"{ISSUER}/app"
        assert (await ask(browser, f"{ISSUER}/app")).status_code == 204
