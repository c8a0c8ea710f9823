# SPDX-License-Identifier: Apache-2.0
"""A browser on a desk, with the tabs that a person opens in it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from playwright.async_api import Error, Page

from support.background import wait_until
from support.mailserver import Letter, MailServer
from support.phone import Browser, Phone

DESK: dict[str, Any] = {
    "viewport": {"width": 1200, "height": 900},
    "device_scale_factor": 1,
    "is_mobile": False,
    "has_touch": False,
    "user_agent": (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
    ),
}
SESSION = "__Host-counterfoil"
NAME = "__Host-counterfoil-browser"


class Computer:
    """Its `phone` is the page in front."""

    def __init__(self, phone: Phone, mail: MailServer) -> None:
        self.phone = phone
        self._mail = mail

    @property
    def code(self) -> str:
        """What the waiting page shows."""
        return self.phone.run(self.phone.page.locator(".code").inner_text())

    @property
    def cookies(self) -> dict[str, str]:
        """What it keeps, of every site."""
        kept = self.phone.run(self.phone.page.context.cookies())
        return {str(cookie.get("name")): str(cookie.get("value")) for cookie in kept}

    def cookie(self, name: str, url: str) -> str:
        """The value that it would send there; each host has cookies of its own."""
        kept = self.phone.run(self.phone.page.context.cookies(url))
        return next(str(cookie.get("value")) for cookie in kept if cookie.get("name") == name)

    def ask(self, address: str) -> Letter:
        """Type an address into the sign-in page in front; the letter that comes."""
        self.phone.run(self.phone.page.get_by_label("Your e-mail address").fill(address))
        before = len(self._mail.letters_to(address))
        assert self.phone.press("Send me a link") == 200
        assert self.phone.heading == "Check your mail"
        return self._mail.wait_for(address, before + 1)[-1]

    def tap(self, letter: Letter) -> None:
        """Open the link in a second tab and press the one button; that tab may go anywhere."""
        self.phone.run(self._tap(letter.link))

    def follow(self, link: str) -> None:
        """Click a link."""
        self.phone.run(self._follow(link))

    def sees(self, heading: str, seconds: float = 15) -> None:
        """Wait until the page in front goes on to this one by itself."""
        wait_until(lambda: self._heading() == heading, f"the page {heading!r}", seconds)

    def turns_to(self, heading: str) -> None:
        """Go on in whichever tab shows this page, once one does."""
        self.phone.page = wait_until(lambda: self.phone.run(self._tab(heading)), f"a tab with {heading!r}")

    def _heading(self) -> str:
        return self.phone.run(_heading_of(self.phone.page))

    async def _tab(self, heading: str) -> Page | None:
        for tab in self.phone.page.context.pages:
            if await _heading_of(tab) == heading:
                return tab
        return None

    async def _tap(self, link: str) -> None:
        tab = await self.phone.page.context.new_page()
        await tab.goto(link)
        assert await tab.get_by_label("Code on the device").count() == 0
        async with tab.expect_navigation():
            await tab.get_by_role("button", name="Sign in").click()

    async def _follow(self, link: str) -> None:
        async with self.phone.page.expect_navigation():
            await self.phone.page.get_by_role("link", name=link).click()


async def _heading_of(tab: Page) -> str:
    """Empty in the moment between two pages."""
    with suppress(Error):
        return " ".join(await tab.locator("h1").all_inner_texts())
    return ""


@contextmanager
def computer(browser: Browser, mail: MailServer, *origins: str, **options: Any) -> Iterator[Computer]:
    """A fresh one that asks these origins and no other."""
    with browser.phone(**{**DESK, **options}) as phone:
        yield Computer(phone, mail)
        assert phone.hosts <= set(origins)
        phone.hosts.clear()
