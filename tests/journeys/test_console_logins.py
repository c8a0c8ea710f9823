# SPDX-License-Identifier: Apache-2.0
"""Whom no mail reaches: an operator gives them a link by hand, alone or with a second operator's consent."""

from collections.abc import Iterator

import pytest

from journeys.conftest import OpenDesktop, OpenService
from journeys.console_browser import NARROW
from journeys.console_world import World
from journeys.desktop import Asked
from support.mailserver import MailServer
from support.phone import Browser, Phone

REASON = "her mail server is down; she called from the number that we know"


@pytest.fixture
def cautious(new_service: OpenService, mail: MailServer, browser: Browser) -> Iterator[World]:
    """A service where relaying and erasing take two."""
    with new_service(four_eyes="relay,erase") as service:
        yield World(service, None, mail, browser)


def _uses(phone: Phone, link: str, asked: Asked) -> None:
    assert phone.approve(link, asked.user_code) == 200
    assert asked.session().subject, "the desktop signed in by a link that no mail brought"


def test_an_operator_finds_who_waits_and_the_desktop_gets_its_session_by_the_relayed_link(
    world: World, phone: Phone, desktop: OpenDesktop, address: str
) -> None:
    asked = desktop(world.service).ask(address)
    with world.visitor("operator", "/logins") as olga:
        assert olga.shows("Logins that wait")
        olga.type("Find a person's logins, or one login", address)
        olga.press("Search")
        olga.follow_first(address)
        olga.type("Why it goes by hand", " ")
        olga.press("Make the link, and show it once")
        assert olga.phone.run(olga.phone.page.locator("output.secret").count()) == 0, (
            "without a reason there is no link"
        )
        olga.type("Why it goes by hand", REASON)
        olga.press("Make the link, and show it once")
        link = olga.secret
        assert olga.phone.open(olga.phone.page.url) == 200
        assert link not in olga.phone.html, "it is shown once"
    _uses(phone, link, asked)
    story = world.service.told("audit", "explain", asked.login_id)
    assert REASON in story


def test_a_login_that_an_operator_cancels_ends_at_the_device(world: World, desktop: OpenDesktop, address: str) -> None:
    asked = desktop(world.service).ask(address)
    with world.visitor("operator", f"/logins/{asked.login_id}") as olga:
        olga.press("Cancel this login")
        assert "cancel" in olga.message.lower()
        assert asked.error() is not None
        olga.visit("/logins")
        assert address not in olga.phone.text


def test_a_relay_that_takes_two_is_asked_for_by_one_granted_by_another_and_then_done(
    cautious: World, phone: Phone, desktop: OpenDesktop, address: str
) -> None:
    asked = desktop(cautious.service).ask(address)
    page = f"/logins/{asked.login_id}"
    with cautious.newcomer("operator", page) as olga, cautious.newcomer("operator", "/four-eyes") as otto:
        olga.type("Why it goes by hand", REASON)
        olga.press("Ask another operator")
        olga.visit("/four-eyes")
        assert olga.shows("Yours: another operator decides")

        otto.visit("/four-eyes")
        assert otto.shows(REASON)
        otto.fits(NARROW, "dark")
        otto.fits(1280, "light")
        otto.press_first("Grant: relay to")
        olga.visit(page)
        assert olga.shows("Another operator agreed")
        olga.press("Make the link, and show it once")
        _uses(phone, olga.secret, asked)


def test_an_erasure_that_another_operator_declines_is_not_done(
    cautious: World, mail: MailServer, phone: Phone, desktop: OpenDesktop, address: str
) -> None:
    asked = desktop(cautious.service).ask(address)
    phone.approve(mail.letter_to(address).link, asked.user_code)
    subject = asked.session().subject
    erase = f"/people/{subject}/erase"
    with cautious.newcomer("operator", erase) as olga, cautious.newcomer("operator", "/four-eyes") as otto:
        olga.type("Why they are erased", "they asked us to")
        olga.press("Ask another operator")
        otto.visit("/four-eyes")
        otto.press_first("Decline: erase")
        olga.visit(erase)
        assert olga.shows("declined")
        olga.visit(f"/people/{subject}")
        assert olga.phone.heading == address
