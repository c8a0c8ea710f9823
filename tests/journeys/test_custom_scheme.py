# SPDX-License-Identifier: Apache-2.0
"""The way home by an address that the operating system brings: a scheme of the application's own, or an app link."""

import pytest
from playwright.async_api import Page

from counterfoil_client import UnexpectedRedirect
from journeys.conftest import OpenDesktop
from journeys.databases import APP_LINK, DEEP_LINK, event_names
from journeys.desktop import ClientKind
from journeys.explained import explained, let_the_mail_be_read
from journeys.verified import verified
from support.mailserver import MailServer
from support.phone import Phone
from support.processes import RunningService

HERE = "I am on the computer where I started"
WHOLE_LINK = f"{DEEP_LINK}?item=42&y=%20"
SECONDS = 5


def test_the_hand_over_page_has_one_link_that_brings_the_application_its_session(
    service: RunningService,
    mail: MailServer,
    laptop: Phone,
    desktop: OpenDesktop,
    client_kind: ClientKind,
    address: str,
) -> None:
    terminal = desktop(service, client_kind)
    asked = terminal.ask(address, redirect=WHOLE_LINK)
    letter = mail.letter_to(address)
    let_the_mail_be_read(service, asked.login_id)
    laptop.open(letter.link)
    assert laptop.press(HERE) == 200
    assert laptop.heading == "One step is left"
    links: list[str] = laptop.run(laptop.page.eval_on_selector_all("a", "all => all.map(a => a.getAttribute('href'))"))
    (target,) = links
    assert target.startswith(f"{WHOLE_LINK}&code="), "byte for byte, though a browser would rather write a space"
    laptop.run(laptop.page.get_by_role("link", name="Return to Desk App").click())
    assert laptop.heading == "One step is left", "nothing here knows the scheme, and the page stays"
    laptop.hosts.remove("com.example.desk://")

    for foreign in _foreign(target, service.public_url):
        with pytest.raises(UnexpectedRedirect):
            terminal.come_home(asked, foreign)
    assert asked.waits
    assert terminal.come_home(asked, target)
    session = asked.session(SECONDS)
    assert verified(service, session.access_token)["amr"] == ["pop", "swk"]
    assert terminal.come_home(asked, target), "a system that brings it twice does no harm"
    assert terminal.sub(session) == session.subject
    assert event_names(service.settings["database_url"], asked.login_id).count("login.code_issued") == 1
    explained(service, asked.login_id, "back_by_a_custom_scheme")


def test_an_app_link_is_opened_by_the_browser_itself(
    service: RunningService,
    mail: MailServer,
    laptop: Phone,
    desktop: OpenDesktop,
    either_kind: ClientKind,
    address: str,
) -> None:
    terminal = desktop(service, either_kind)
    asked = terminal.ask(address, redirect=APP_LINK)
    laptop.open(mail.letter_to(address).link)
    target = laptop.run(_led_away(laptop.page))
    laptop.hosts.remove(APP_LINK.removesuffix("/signed-in"))
    assert terminal.come_home(asked, target)
    assert asked.session(SECONDS).subject


async def _led_away(page: Page) -> str:
    """Where the button leads, though nobody listens there: on a real phone the application takes it."""
    async with page.expect_request(lambda request: request.url.startswith(APP_LINK)) as led:
        await page.get_by_role("button", name=HERE).click()
    return (await led.value).url


def _foreign(target: str, issuer: str) -> list[str]:
    """Answers to other logins, of other services, for other pages."""
    state = target.partition("state=")[2].partition("&")[0]
    port = issuer.rpartition(":")[2]
    return [
        target.replace(state, "A" * len(state)),
        target.replace(port, "1"),
        target.replace("item=42", "item=43"),
        f"{target}&code=another",
        target.partition("&iss=")[0],
    ]
