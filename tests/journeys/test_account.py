# SPDX-License-Identifier: Apache-2.0
"""A person's own page: what they are signed in to, by browser and by app, and the end of what should not be."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest
from playwright.async_api import Page

from counterfoil_client import Session
from journeys.computer import SESSION, Computer, computer
from journeys.conftest import OpenDesktop
from journeys.databases import Databases, execute
from journeys.desktop import Desktop
from journeys.explained import explained, let_the_mail_be_read, settled
from support.mailserver import MailServer
from support.phone import Browser, Phone
from support.processes import RunningService

HERE = "this browser"

OpenComputer = Callable[..., AbstractContextManager[Computer]]


@dataclass
class AppSession:
    """A session of an app with the SDK."""

    device: Desktop
    session: Session
    login_id: str

    @property
    def lives(self) -> bool:
        """Whether it opens what is its person's."""
        return self.device.sub(self.session) == self.session.subject

    @property
    def is_over(self) -> bool:
        """Whether it opens nothing any more."""
        return self.device.is_out(self.session)


@pytest.fixture(scope="module")
def service(
    databases: Databases, mail: MailServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningService]:
    """Pages do not depend on the engine: one is enough."""
    folder = tmp_path_factory.mktemp("account")
    with RunningService(folder, database_url=databases.fresh("sqlite", folder), mail_url=mail.url) as running:
        yield running


@pytest.fixture
def desk(service: RunningService, browser: Browser, mail: MailServer) -> OpenComputer:
    """Opens computers."""
    return lambda **options: computer(browser, mail, service.public_url, **options)


def on_account(ada: Computer, service: RunningService, address: str) -> None:
    """Signed in, on her page."""
    assert ada.phone.open(f"{service.public_url}/account") == 200
    assert ada.phone.heading == "Sign in"
    letter = ada.ask(address)
    ada.phone.run(ada.phone.page.goto("about:blank"))  # or this tab goes on, too
    ada.tap(letter)
    ada.turns_to("Your account")


def listed(ada: Computer, name: str) -> list[str]:
    """What stands in one of the lists: Sessions, Devices."""
    region = ada.phone.page.get_by_role("region", name=name, exact=True)
    texts = ada.phone.run(region.get_by_role("listitem").all_inner_texts())
    return [" ".join(text.split()) for text in texts]


def let_five_minutes_pass(service: RunningService) -> None:
    """Since every sign-in so far: the service runs by a real clock."""
    execute(service.settings["database_url"], "UPDATE sessions SET auth_time = auth_time - 301000000")


def app_session(
    service: RunningService, desktop: OpenDesktop, phone: Phone, mail: MailServer, address: str
) -> AppSession:
    """A session of an app with the SDK, approved on a phone."""
    device = desktop(service)
    asked = device.ask(address)
    letter = mail.letter_to(address)
    let_the_mail_be_read(service, asked.login_id)
    assert phone.approve(letter.link, asked.user_code) == 200
    session = asked.session()
    assert device.sub(session)
    settled(service, asked.login_id)
    return AppSession(device, session, asked.login_id)


@pytest.mark.parametrize("script", [True, False], ids=["with-script", "without-script"])
def test_one_session_is_ended_and_the_others_stay(
    service: RunningService,
    desktop: OpenDesktop,
    phone: Phone,
    mail: MailServer,
    desk: OpenComputer,
    address: str,
    *,
    script: bool,
) -> None:
    app = app_session(service, desktop, phone, mail, address)
    with desk(java_script_enabled=script) as ada, desk() as other:
        on_account(ada, service, address)
        on_account(other, service, address)
        assert ada.phone.open(f"{service.public_url}/account") == 200
        assert address in ada.phone.text
        sessions = listed(ada, "Sessions")
        assert len(sessions) == 3
        assert HERE in sessions[0], "the one that she sits at stands first"
        assert [line for line in sessions if "Desk App on “Ada's laptop”" in line]

        assert ada.phone.press("End: Desk App on Ada's laptop") == 200
        assert "That session has ended." in ada.phone.text
        assert len(listed(ada, "Sessions")) == 2
        assert app.is_over
        assert other.phone.open(f"{service.public_url}/account") == 200
        assert other.phone.heading == "Your account"
    explained(service, app.login_id, "ended_on_the_account_page")


def test_all_others_are_ended_after_a_fresh_sign_in_and_this_one_stays(
    service: RunningService, desktop: OpenDesktop, phone: Phone, mail: MailServer, desk: OpenComputer, address: str
) -> None:
    app = app_session(service, desktop, phone, mail, address)
    with desk() as ada, desk() as other:
        on_account(other, service, address)
        on_account(ada, service, address)
        let_five_minutes_pass(service)
        assert ada.phone.press("End all other sessions") == 200
        assert ada.phone.heading == "Sign in"
        assert "Sign in once more" in ada.phone.text
        assert app.lives, "nothing has ended so far"
        again = ada.ask(address)
        ada.phone.run(ada.phone.page.goto("about:blank"))
        ada.tap(again)
        ada.turns_to("Your account")
        assert ada.phone.press("End all other sessions") == 200
        assert "All other sessions have ended." in ada.phone.text
        (only,) = listed(ada, "Sessions")
        assert HERE in only
        assert app.is_over
        assert other.phone.open(f"{service.public_url}/account") == 200
        assert other.phone.heading == "Sign in"


def test_a_thief_of_an_old_session_ends_nothing(
    service: RunningService, desktop: OpenDesktop, phone: Phone, mail: MailServer, desk: OpenComputer, address: str
) -> None:
    """Whoever has the unlocked computer of somebody else has no mailbox of theirs."""
    app = app_session(service, desktop, phone, mail, address)
    with desk() as mallory:
        on_account(mallory, service, address)
        let_five_minutes_pass(service)
        for name in ("End all other sessions", "End: Desk App on Ada's laptop", "Forget: Ada's laptop for Desk App"):
            assert mallory.phone.open(f"{service.public_url}/account") == 200
            assert mallory.phone.press(name) == 200
            assert mallory.phone.heading == "Sign in"
    assert app.lives


def test_a_forgotten_device_is_signed_out_and_counts_as_new(
    service: RunningService, desktop: OpenDesktop, phone: Phone, mail: MailServer, desk: OpenComputer, address: str
) -> None:
    app = app_session(service, desktop, phone, mail, address)
    settled(service, app.login_id)
    with desk() as ada:
        on_account(ada, service, address)
        assert [line for line in listed(ada, "Devices") if "Ada's laptop" in line]
        assert ada.phone.press("Forget: Ada's laptop for Desk App") == 200
        assert "The device is forgotten" in ada.phone.text
        assert not [line for line in listed(ada, "Devices") if "Ada's laptop" in line]
        assert app.is_over
    explained(service, app.login_id, "forgotten_device")


def test_whoever_forgets_this_browser_is_signed_out_and_it_says_so(
    service: RunningService, desk: OpenComputer, address: str
) -> None:
    with desk() as ada:
        on_account(ada, service, address)
        assert ada.phone.press("Forget: Chrome on Linux") == 200
        assert ada.phone.heading == "You are signed out"
        assert SESSION not in ada.cookies


def test_two_persons_see_nothing_of_each_other(service: RunningService, desk: OpenComputer, address: str) -> None:
    with desk() as ada, desk() as bob:
        on_account(ada, service, address)
        on_account(bob, service, f"bob-{address}")
        assert f"bob-{address}" not in ada.phone.text
        assert len(listed(bob, "Sessions")) == 1
        own = ada.phone.page.locator('[name="id"]').first
        theirs = ada.phone.run(own.get_attribute("value"))
        assert theirs is not None
        bob.phone.run(bob.phone.page.locator('[name="id"]').first.evaluate("(field, id) => field.value = id", theirs))
        assert bob.phone.press("Forget: Chrome on Linux") == 200
        assert bob.phone.heading == "Your account", "there is no such device of his"
        assert ada.phone.open(f"{service.public_url}/account") == 200
        assert ada.phone.heading == "Your account"


def test_everything_is_done_with_the_keyboard_alone(
    service: RunningService, desktop: OpenDesktop, phone: Phone, mail: MailServer, desk: OpenComputer, address: str
) -> None:
    app = app_session(service, desktop, phone, mail, address)
    with desk() as ada:
        on_account(ada, service, address)
        ada.phone.run(_tab_to(ada.phone.page, "End: Desk App on Ada's laptop"))
        assert "That session has ended." in ada.phone.text
        assert app.is_over
        ada.phone.run(_tab_to(ada.phone.page, "Sign out here"))
        assert ada.phone.heading == "You are signed out"


async def _tab_to(page: Page, name: str) -> None:
    """By Tab to the button, which shows that it has the focus, then Enter."""
    button = page.get_by_role("button", name=name)
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await button.evaluate("(button) => button === document.activeElement"):
            assert await button.evaluate("(button) => getComputedStyle(button).outlineStyle") == "solid"
            async with page.expect_navigation():
                await page.keyboard.press("Enter")
            return
    raise AssertionError(f"Tab never comes to {name!r}")
