# SPDX-License-Identifier: Apache-2.0
"""Scanners, strangers and attackers at a web application's sign-in: none of them is signed in, nobody is led astray."""

from journeys.codes import random_code
from journeys.computer import SESSION
from journeys.explained import explained
from journeys.web_sign_in import OpenComputer, asked, begin
from journeys.web_site import WebSite
from support.phone import Phone


def test_a_scanner_that_presses_every_button_signs_nobody_in(
    ledger: WebSite, desk: OpenComputer, phone: Phone, address: str
) -> None:
    with desk(ledger) as ada:
        begin(ada, ledger)
        letter, login_id = asked(ada, ledger, address, -60)
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
    explained(ledger.service, login_id, "scanner_of_a_waiting_page")


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
        letter, login_id = asked(mallory, ledger, address)
        begin(ada, ledger)  # her browser has a name of its own
        assert ada.phone.open(letter.link) == 200
        assert "You asked in this very browser" not in ada.phone.text
        assert ada.phone.press("Reject") == 200
        mallory.sees("Sign-in stopped")
        assert not ledger.answers
    explained(ledger.service, login_id, "her_link_in_his_browser")


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
