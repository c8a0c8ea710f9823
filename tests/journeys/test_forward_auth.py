# SPDX-License-Identifier: Apache-2.0
"""The files of examples/nginx, run by a real nginx: a site that knows nothing of us is open to who signed in alone."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from journeys.computer import SESSION, Computer, computer
from journeys.databases import Databases
from journeys.proxied import MISSING, Proxied, nginx
from support.mailserver import MailServer
from support.phone import Browser

PAGE = "/reports?q=1&y=%20"
FORGED = {
    "Remote__User": "admin",
    "Remote_User": "admin",
    "REMOTE_USER": "admin",
    "Remote__Email": "admin@example.com",
    "Remote_Email": "admin@example.com",
    "Remote__Groups": "wheel",
}
"""Two underscores stand for a hyphen, as everywhere here; one is sent as it is."""

OpenComputer = Callable[[], AbstractContextManager[Computer]]


@pytest.fixture(scope="module", params=["one-host", "two-hosts"])
def proxied(
    request: pytest.FixtureRequest, databases: Databases, mail: MailServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxied]:
    """Each example in turn."""
    folder = tmp_path_factory.mktemp(request.param)
    url = databases.fresh("sqlite", folder)
    with Proxied(request.param, folder, database_url=url, mail_url=mail.url) as running:
        yield running


@pytest.fixture
def desk(proxied: Proxied, browser: Browser, mail: MailServer) -> OpenComputer:
    """Opens computers, which take the certificate of this run."""
    origins = (proxied.site, proxied.issuer.removesuffix("/auth"))
    return lambda: computer(browser, mail, *origins, ignore_https_errors=True)


@pytest.fixture(autouse=True)
def _no_visit_so_far(proxied: Proxied) -> None:
    proxied.wiki.visits.clear()


def signed_in(ada: Computer, proxied: Proxied, address: str, page: str = PAGE) -> None:
    """She wanted a page and, after all, has it."""
    assert ada.phone.open(proxied.site + page) == 200
    assert ada.phone.heading.startswith("Sign in")
    assert not proxied.wiki.visits
    letter = ada.ask(address)
    ada.phone.run(ada.phone.page.goto("about:blank"))  # or this tab goes on, too
    ada.tap(letter)
    ada.turns_to("Wiki")


def shut_out(ada: Computer, proxied: Proxied) -> None:
    """What she had is closed, and the sign-in stands there instead."""
    proxied.wiki.visits.clear()
    assert ada.phone.open(proxied.site + PAGE) == 200
    assert ada.phone.heading.startswith("Sign in")
    assert not proxied.wiki.visits


def test_without_nginx_the_tests_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(AssertionError) as raised:
        nginx()
    assert str(raised.value) == MISSING
    assert "apt-get install nginx-light" in MISSING


def test_a_person_comes_back_to_the_very_page_that_she_wanted(
    proxied: Proxied, desk: OpenComputer, address: str
) -> None:
    with desk() as ada:
        signed_in(ada, proxied, address)
        assert ada.phone.page.url == proxied.site + PAGE
        visit = proxied.wiki.visit(PAGE)
        assert visit.identity == {"remote-user": _subject(proxied, address), "remote-email": address}
        assert ada.phone.open(f"{proxied.site}/other") == 200
        assert proxied.wiki.visit("/other").identity == visit.identity, "no second sign-in"


def _subject(proxied: Proxied, address: str) -> str:
    """Who that is to the service itself."""
    (line,) = [each for each in proxied.service.told("users", "list").splitlines() if address in each]
    return next(word for word in line.replace("│", " ").split() if word != address)


def test_what_a_client_says_of_itself_never_reaches_the_site(
    proxied: Proxied, desk: OpenComputer, address: str
) -> None:
    with desk() as ada:
        signed_in(ada, proxied, address)
        honest = proxied.wiki.visit(PAGE).identity
        assert set(honest) == {"remote-user", "remote-email"}
        cookies = {"Cookie": f"{SESSION}={ada.cookie(SESSION, proxied.site)}"}
        for method in ("GET", "POST"):
            assert proxied.ask(proxied.site + PAGE, method, **cookies, **FORGED)[0] == 200
            assert proxied.wiki.visit(PAGE).identity == honest | {"remote-groups": "wheel"}, "which nobody promised"
        assert proxied.ask(proxied.site + PAGE, **FORGED)[0] == 302
        assert not proxied.wiki.visits


def test_no_header_from_outside_leads_anywhere_else(proxied: Proxied) -> None:
    honest = proxied.ask(proxied.site + PAGE)
    assert honest[0] == 302
    assert honest[1].startswith(proxied.site)
    assert honest[1].endswith(quote(PAGE, safe="/?:@!$'()*,;="))
    evil = "https://attacker.example/steal"
    for headers in (
        {"X__Original__URL": evil},
        {"X__Forwarded__Uri": "/steal"},
        {"X__Forwarded__Proto": "https", "X__Forwarded__Host": "attacker.example", "X__Forwarded__Uri": "/steal"},
        {"X__Forwarded__For": "127.0.0.1", "X__Original__URL": evil},
        {"Forwarded": "host=attacker.example;proto=https", "X__Rewrite__URL": "/auth/health/live"},
        {"Cookie": f"{SESSION}={'A' * 43}"},
        {"Cookie": f"{SESSION}=; {SESSION}=" + "A" * 43},
    ):
        assert proxied.ask(proxied.site + PAGE, **headers) == honest
    assert proxied.ask(proxied.site + PAGE, "POST") == honest
    assert proxied.ask(proxied.site + PAGE, Sec__Fetch__Mode="cors") == (401, ""), "a script is not led to a page"
    assert proxied.ask(proxied.site + PAGE, Sec__Fetch__Mode="navigate") == honest
    for path in ("//attacker.example/", "/%5Cattacker.example", "/\\attacker.example", "/.//attacker.example/%2e%2e"):
        status, location = proxied.ask(proxied.site + path)
        assert status == 302
        assert location.startswith(proxied.site)
        assert "//attacker" not in dict(parse_qsl(urlsplit(location).query)).get("rd", "/")[:11]
    assert not proxied.wiki.visits


def test_addresses_that_only_the_proxy_may_ask_are_closed(proxied: Proxied) -> None:
    assert proxied.ask(f"{proxied.site}/_counterfoil")[0] == 404
    evil = "https://attacker.example/steal"
    for url in (evil, f"{proxied.site}/steal"):
        answer = proxied.ask(f"{proxied.issuer}/auth/forward", X__Original__URL=url, X__Forwarded__Uri="/steal")
        assert answer == (401, f"{proxied.issuer}/sign-in")
    for target in (evil, "//attacker.example", "/\\attacker.example", "/%09/attacker.example"):
        for way in (f"{proxied.issuer}/sign-in?return_to=", f"{proxied.site}/.counterfoil/start?rd="):
            status, location = proxied.ask(way + quote(target, safe=""))
            assert "attacker" not in urlsplit(location).netloc
            assert status in {200, 302, 303, 400}
            assert status != 200 or target.startswith("/%")


ONE_HOST = pytest.mark.parametrize("proxied", ["one-host"], indirect=True)
TWO_HOSTS = pytest.mark.parametrize("proxied", ["two-hosts"], indirect=True)


@ONE_HOST
def test_who_signs_out_is_out(proxied: Proxied, desk: OpenComputer, address: str) -> None:
    with desk() as ada:
        signed_in(ada, proxied, address)
        assert ada.phone.open(f"{proxied.issuer}/account") == 200
        assert ada.phone.press("Sign out here") == 200
        shut_out(ada, proxied)


@TWO_HOSTS
def test_the_account_page_ends_the_session_of_the_site_alone(
    proxied: Proxied, desk: OpenComputer, address: str
) -> None:
    with desk() as ada:
        signed_in(ada, proxied, address)
        proxied.wiki.visits.clear()
        cookie = f"{SESSION}={ada.cookie(SESSION, proxied.site)}"
        assert ada.phone.open(f"{proxied.issuer}/account") == 200
        assert ada.phone.press("End: Wiki") == 200
        assert "That session has ended." in ada.phone.text
        assert proxied.ask(proxied.site + PAGE, Cookie=cookie)[0] == 302
        assert not proxied.wiki.visits

        assert ada.phone.open(proxied.site + PAGE) == 200
        assert proxied.wiki.visit(PAGE).identity["remote-email"] == address, "the service itself still knows her"
        assert f"{SESSION}={ada.cookie(SESSION, proxied.site)}" != cookie


def test_a_disabled_person_is_out_at_once(proxied: Proxied, desk: OpenComputer, address: str) -> None:
    with desk() as ada:
        signed_in(ada, proxied, address)
        proxied.service.told("users", "disable", address)
        shut_out(ada, proxied)


@TWO_HOSTS
def test_where_the_service_is_down_nobody_gets_in(proxied: Proxied, desk: OpenComputer, address: str) -> None:
    with desk() as ada:
        signed_in(ada, proxied, address)
        proxied.wiki.visits.clear()
        proxied.service.stop()
        try:
            assert ada.phone.open(proxied.site + PAGE) == 500
            assert proxied.ask(proxied.site + PAGE, **FORGED)[0] == 500
            assert not proxied.wiki.visits
        finally:
            proxied.service.start()
        assert ada.phone.open(proxied.site + PAGE) == 200
        assert proxied.wiki.visit(PAGE).identity["remote-email"] == address


@TWO_HOSTS
def test_nobody_is_walked_into_the_session_of_somebody_else(proxied: Proxied, desk: OpenComputer, address: str) -> None:
    """Login CSRF: Mallory's own way back, opened in Ada's browser."""
    with desk() as mallory, desk() as ada:
        signed_in(mallory, proxied, address)
        back = _way_back(mallory, proxied)
        assert ada.phone.open(back) == 400
        assert SESSION not in ada.cookies
        assert proxied.ask(back)[0] == 400


def _way_back(mallory: Computer, proxied: Proxied) -> str:
    """An address with a good code in it, which nobody has opened so far."""
    _, question = proxied.ask(f"{proxied.site}/.counterfoil/start?rd=/his")
    _, back = proxied.ask(question, Cookie=f"{SESSION}={mallory.cookie(SESSION, proxied.issuer)}")
    assert back.startswith(f"{proxied.site}/.counterfoil/callback?code=")
    return back
