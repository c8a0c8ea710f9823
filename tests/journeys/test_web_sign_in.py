# SPDX-License-Identifier: Apache-2.0
"""A web application's sign-in in a real browser: one tap, or a code from another device, and all that may go wrong."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import httpx2
import pytest
from playwright.async_api import Page

from journeys.codes import random_code
from journeys.computer import NAME, SESSION, Computer, computer
from journeys.databases import Databases, execute
from journeys.verified import verified
from journeys.web_site import WebSite
from support.background import wait_until
from support.mailserver import MailServer
from support.phone import Browser, Phone
from support.processes import RunningService

BY_ITSELF = 2
"""Seconds until a page with script has gone on."""

OpenComputer = Callable[..., AbstractContextManager[Computer]]


@pytest.fixture(scope="module")
def ledger(databases: Databases, mail: MailServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSite]:
    """An application, at a service on SQLite: engines are told apart by the first story alone."""
    folder = tmp_path_factory.mktemp("web-sign-in")
    with (
        RunningService(folder, database_url=databases.fresh("sqlite", folder), mail_url=mail.url) as service,
        WebSite(service, "Ledger") as site,
    ):
        yield site


@pytest.fixture(scope="module")
def wiki(ledger: WebSite) -> Iterator[WebSite]:
    """Another one at the same service."""
    with WebSite(ledger.service, "Wiki") as site:
        yield site


@pytest.fixture
def desk(browser: Browser, mail: MailServer) -> OpenComputer:
    """Opens computers."""

    def make(*sites: WebSite, **options: Any) -> AbstractContextManager[Computer]:
        origins = {site.origin for site in sites} | {site.service.public_url for site in sites}
        return computer(browser, mail, *origins, **options)

    return make


def begin(ada: Computer, site: WebSite, **changes: str) -> None:
    """The application sends the browser to the service, which asks who is there."""
    assert ada.phone.open(site.asks(**changes)) == 200
    assert ada.phone.heading == f"Sign in to {site.name}"


def signed_in(ada: Computer, site: WebSite, address: str) -> dict[str, str]:
    """By one tap: what comes back to the application."""
    begin(ada, site)
    ada.tap(ada.ask(address))
    ada.turns_to(site.name)
    return site.answer()


def test_one_tap_in_the_same_browser_goes_home_with_a_code_that_is_good_once(
    service: RunningService, desk: OpenComputer, address: str
) -> None:
    with WebSite(service, "Ledger") as site, desk(site) as ada:
        answer = signed_in(ada, site, address)
        assert set(answer) == {"code"}
        assert set(ada.cookies) == {SESSION, NAME}

        told = site.redeem(answer["code"])
        assert told.status_code == 200, told.text
        assert told.json()["token_type"] == "Bearer"
        claims = verified(service, told.json()["access_token"])
        assert (claims["client_id"], claims["sub"]) == ("ledger", told.json()["sub"])
        assert "mca" not in claims["amr"], "no code was typed"
        again = site.redeem(answer["code"])
        assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_one_tap_needs_no_script(ledger: WebSite, desk: OpenComputer, address: str) -> None:
    with desk(ledger, java_script_enabled=False) as ada:
        assert set(signed_in(ada, ledger, address)) == {"code"}


def test_the_tab_that_waited_says_that_another_one_went_on(ledger: WebSite, desk: OpenComputer, address: str) -> None:
    with desk(ledger) as ada:
        begin(ada, ledger)
        ada.tap(ada.ask(address))
        pages = wait_until(lambda: _settled(ada, ledger.name), "both tabs to come to rest")
        assert sorted(pages) in (["Ledger", "You are signed in"], ["Ledger", "Ledger"])
        ledger.answer()


def _settled(ada: Computer, name: str) -> list[str]:
    """The headings of both tabs once neither waits."""
    headings = [ada.phone.run(tab.locator("h1").first.inner_text()) for tab in ada.phone.page.context.pages]
    return headings if name in headings and "Check your mail" not in headings else []


@pytest.mark.parametrize("script", [True, False], ids=["with-script", "without-script"])
def test_a_code_typed_on_a_phone_lets_the_waiting_page_go_on_by_itself(
    ledger: WebSite, desk: OpenComputer, phone: Phone, address: str, *, script: bool
) -> None:
    with desk(ledger, java_script_enabled=script) as ada:
        begin(ada, ledger)
        letter = ada.ask(address)
        assert phone.approve(letter.link, ada.code) == 200
        approved = time.monotonic()
        assert phone.heading == "Return to your device"
        assert "Chrome on Linux" in phone.text
        code = ledger.answer()["code"]
        assert time.monotonic() - approved < BY_ITSELF or not script
        claims = verified(ledger.service, ledger.redeem(code).json()["access_token"])
        assert claims["amr"] == ["mca"], "the code was typed on another device"
        ada.turns_to("Ledger")


def test_a_no_on_the_phone_is_told_and_leads_to_a_new_start(
    ledger: WebSite, desk: OpenComputer, phone: Phone, address: str
) -> None:
    with desk(ledger) as ada:
        begin(ada, ledger)
        assert phone.open(ada.ask(address).link) == 200
        assert phone.press("Reject") == 200
        ada.sees("Sign-in stopped", BY_ITSELF)
        ada.follow("Sign in to Ledger again")
        assert ada.phone.heading == "Sign in to Ledger"
        ada.tap(ada.ask(address))
        ada.turns_to("Ledger")
        ledger.answer()


def test_when_the_time_is_over_the_page_says_so_and_keeps_where_it_leads(
    ledger: WebSite, desk: OpenComputer, phone: Phone, address: str
) -> None:
    with desk(ledger) as ada:
        begin(ada, ledger)
        old = ada.ask(address)
        execute(ledger.service.settings["database_url"], "UPDATE logins SET expires_at = 1 WHERE state = 'pending'")
        ada.sees("The time is over")
        assert phone.open(old.link) == 410
        ada.follow("Sign in to Ledger again")
        ada.tap(ada.ask(address))
        ada.turns_to("Ledger")
        ledger.answer()


def test_a_used_link_offers_a_new_one(ledger: WebSite, desk: OpenComputer, phone: Phone, address: str) -> None:
    with desk(ledger) as ada:
        begin(ada, ledger)
        letter = ada.ask(address)
        ada.tap(letter)
        ada.turns_to("Ledger")
        ledger.answer()
        assert phone.open(letter.link) == 410
        phone.run(phone.page.get_by_role("link", name="Start again here.").click())
        phone.run(phone.page.wait_for_url("**/sign-in"))
        assert phone.heading == "Sign in"


def test_a_second_application_needs_no_second_mail(
    ledger: WebSite, wiki: WebSite, desk: OpenComputer, mail: MailServer, address: str
) -> None:
    with desk(ledger, wiki) as ada:
        first = ledger.redeem(signed_in(ada, ledger, address)["code"]).json()
        ada.phone.run(ada.phone.page.goto(wiki.asks()))
        assert ada.phone.heading == "Wiki"
        second = wiki.redeem(wiki.answer()["code"]).json()
        assert first["sub"] == second["sub"]
        assert first["session_id"] != second["session_id"]
        assert len(mail.letters_to(address)) == 1

        stolen = wiki.redeem(signed_in_at_once(ada, ledger)["code"])
        assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant"), "it was not given to the wiki"


def signed_in_at_once(ada: Computer, site: WebSite, **changes: str) -> dict[str, str]:
    """No page is shown on the way."""
    ada.phone.run(ada.phone.page.goto(site.asks(**changes)))
    assert ada.phone.heading == site.name
    return site.answer()


def test_an_application_may_ask_for_a_sign_in_that_is_new_enough(
    ledger: WebSite, desk: OpenComputer, address: str
) -> None:
    with desk(ledger) as ada:
        signed_in(ada, ledger, address)
        before = ada.cookies[SESSION]
        assert set(signed_in_at_once(ada, ledger, max_age="3600")) == {"code"}
        assert set(signed_in_at_once(ada, ledger, login_hint=address.upper())) == {"code"}
        begin(ada, ledger, max_age="0")
        begin(ada, ledger, login_hint=f"not-{address}")
        begin(ada, ledger, prompt="login")
        ada.tap(ada.ask(address))
        ada.turns_to("Ledger")
        ledger.answer()
        assert ada.cookies[SESSION] != before, "a sign-in gives the browser a new cookie"


def test_an_application_may_ask_without_a_page(ledger: WebSite, desk: OpenComputer, address: str) -> None:
    with desk(ledger) as ada:
        assert signed_in_at_once(ada, ledger, prompt="none")["error"] == "login_required"
        signed_in(ada, ledger, address)
        assert set(signed_in_at_once(ada, ledger, prompt="none")) == {"code"}
        assert signed_in_at_once(ada, ledger, prompt="none", max_age="0")["error"] == "login_required"


def test_signing_out_here_signs_out_of_the_next_application_too(
    ledger: WebSite, wiki: WebSite, desk: OpenComputer, address: str
) -> None:
    with desk(ledger, wiki) as ada:
        signed_in(ada, ledger, address)
        copied = ada.cookies[SESSION]
        assert ada.phone.open(f"{ledger.service.public_url}/account") == 200
        assert ada.phone.press("Sign out here") == 200
        assert ada.phone.heading == "You are signed out"
        assert SESSION not in ada.cookies
        begin(ada, wiki)
    answer = httpx2.get(wiki.asks(), cookies={SESSION: copied}, trust_env=False)
    assert "Sign in to" in answer.text, "a copy of the cookie is worth nothing either"


def test_a_scanner_that_presses_every_button_signs_nobody_in(
    ledger: WebSite, desk: OpenComputer, phone: Phone, address: str
) -> None:
    with desk(ledger) as ada:
        begin(ada, ledger)
        letter = ada.ask(address)
        buttons = _buttons(phone, letter.link)
        assert "Sign in" in buttons
        for name in buttons:
            phone.open(letter.link)
            field = phone.page.get_by_label("Code on the device")
            if phone.run(field.count()):
                phone.type_code(random_code())
            if phone.run(phone.page.get_by_role("button", name=name).count()):
                phone.press(name)
        assert not {SESSION} & {str(each.get("name")) for each in phone.run(phone.page.context.cookies())}
        ada.sees("Sign-in stopped")
        assert not ledger.answers
        assert SESSION not in ada.cookies


def _buttons(phone: Phone, link: str) -> list[str]:
    assert phone.open(link) == 200
    return phone.run(phone.page.get_by_role("button").all_inner_texts())


def test_a_stranger_with_the_address_of_the_waiting_page_gets_nothing(
    ledger: WebSite, desk: OpenComputer, address: str
) -> None:
    with desk(ledger) as ada, desk(ledger) as mallory:
        begin(ada, ledger)
        letter = ada.ask(address)
        waiting, code = ada.phone.page.url, ada.code
        assert mallory.phone.open(waiting) == 410
        assert mallory.phone.heading == "Nothing waits here"
        assert code not in mallory.phone.text
        ada.tap(letter)
        ada.turns_to("Ledger")
        ledger.answer()
        assert mallory.phone.open(waiting) == 410
        assert SESSION not in mallory.cookies


def test_her_link_in_his_browser_demands_the_code_that_he_can_see_and_she_alone_can_type(
    ledger: WebSite, desk: OpenComputer, address: str
) -> None:
    """Mallory asks with her address and his browser: one tap is not enough on her computer, where she did not ask."""
    with desk(ledger) as mallory, desk(ledger) as ada:
        begin(mallory, ledger)
        letter = mallory.ask(address)
        begin(ada, ledger)  # her browser has a name of its own
        assert ada.phone.open(letter.link) == 200
        assert "You asked in this very browser" not in ada.phone.text
        assert ada.phone.press("Reject") == 200
        mallory.sees("Sign-in stopped")
        assert not ledger.answers


def test_an_address_that_was_not_registered_is_told_on_a_page_and_never_visited(ledger: WebSite, phone: Phone) -> None:
    for changes in (
        {"redirect_uri": "https://attacker.example/callback"},
        {"redirect_uri": f"{ledger.origin}/callback/../other"},
        {"redirect_uri": "http://127.0.0.1@attacker.example/callback"},
        {"client_id": "nobody"},
        {"client_id": "counterfoil"},
    ):
        assert phone.open(ledger.asks(**changes)) == 400
        assert phone.page.url.startswith(ledger.service.public_url)
    assert not ledger.answers


def test_the_sign_in_works_with_the_keyboard_alone(ledger: WebSite, desk: OpenComputer, address: str) -> None:
    with desk(ledger) as ada:
        begin(ada, ledger)
        ada.phone.run(_typed(ada.phone.page, address))
        assert ada.phone.heading == "Check your mail"


async def _typed(page: Page, address: str) -> None:
    """The field has the focus from the start."""
    await page.keyboard.type(address)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
