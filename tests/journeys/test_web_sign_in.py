# SPDX-License-Identifier: Apache-2.0
"""A web application's sign-in in a real browser: one tap, or a code from another device, and all that may go wrong."""

import time

import httpx2
import pytest
from playwright.async_api import Page

from journeys.computer import NAME, SESSION, Computer
from journeys.databases import execute, newest_login
from journeys.explained import explained
from journeys.verified import verified
from journeys.web_sign_in import OpenComputer, asked, begin, signed_in
from journeys.web_site import WebSite
from support.background import wait_until
from support.mailserver import MailServer
from support.phone import Phone
from support.processes import RunningService

BY_ITSELF = 2
"""Seconds until a page with script has gone on."""


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
        explained(service, newest_login(service.settings["database_url"], address), "one_tap_and_a_code_used_twice")


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
        letter, login_id = asked(ada, ledger, address)
        assert phone.approve(letter.link, ada.code) == 200
        approved = time.monotonic()
        assert phone.heading == "Return to your device"
        assert "Chrome on Linux" in phone.text
        code = ledger.answer()["code"]
        assert time.monotonic() - approved < BY_ITSELF or not script
        claims = verified(ledger.service, ledger.redeem(code).json()["access_token"])
        assert claims["amr"] == ["mca"], "the code was typed on another device"
        ada.turns_to("Ledger")
    explained(ledger.service, login_id, "code_of_a_waiting_page")


def test_a_no_on_the_phone_is_told_and_leads_to_a_new_start(
    ledger: WebSite, desk: OpenComputer, phone: Phone, address: str
) -> None:
    with desk(ledger) as ada:
        begin(ada, ledger)
        letter, login_id = asked(ada, ledger, address)
        assert phone.open(letter.link) == 200
        assert phone.press("Reject") == 200
        ada.sees("Sign-in stopped", BY_ITSELF)
        explained(ledger.service, login_id, "rejected_for_a_waiting_page")
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
        # Just now: what expired an hour ago is deleted by the next sweep, and then there is no page to say so.
        over = f"UPDATE logins SET expires_at = {time.time_ns() // 1000} WHERE state = 'pending'"  # noqa: S608 - a number
        execute(ledger.service.settings["database_url"], over)
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
    url = ledger.service.settings["database_url"]
    explained(ledger.service, newest_login(url, address), "second_application")


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
    url = ledger.service.settings["database_url"]
    explained(ledger.service, newest_login(url, address), "signed_out_here")


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
