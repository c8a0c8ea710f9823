# SPDX-License-Identifier: Apache-2.0
"""Somebody with a browser on a computer, who visits the example's website and is sent to the service and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode, urlsplit

from playwright.async_api import Page

from journeys.example_world import World
from support.background import wait_until
from support.mailserver import Letter
from support.phone import Browser, Phone

DESK = {"viewport": {"width": 1200, "height": 850}, "device_scale_factor": 1, "is_mobile": False, "has_touch": False}


class Visitor:
    """One browser; `phone` is its page."""

    def __init__(self, phone: Phone, world: World) -> None:
        self.phone = phone
        self.world = world

    @property
    def code(self) -> str:
        """What the waiting page shows."""
        return self.phone.run(self.phone.page.locator(".code").inner_text())

    @property
    def url(self) -> str:
        """Where the browser is."""
        return self.phone.page.url

    def cookie(self, name: str) -> str:
        """The value of a cookie of the website; empty where there is none."""
        cookies = self.phone.run(self.phone.page.context.cookies(self.world.site_url))
        return next((str(each.get("value")) for each in cookies if each.get("name") == name), "")

    def plant(self, name: str, value: str) -> None:
        """Let somebody else have set a cookie of the website in this browser."""
        self.phone.run(
            self.phone.page.context.add_cookies([{"name": name, "value": value, "url": self.world.site_url}])
        )

    def begin(self) -> None:
        """Press Sign in on the website, and arrive at the service or, signed in there already, come back."""
        assert self.phone.open(self.world.site_url) == 200
        self.phone.run(self._follow("Sign in"))

    def ask(self, address: str) -> Letter:
        """Sign in with an address; the letter that comes."""
        self.begin()
        assert self.phone.heading == "Sign in to Hello"
        self.phone.run(self.phone.page.get_by_label("Your e-mail address").fill(address))
        assert self.phone.press("Send me a link") == 200
        assert self.phone.heading == "Check your mail"
        return self.world.mail.letter_to(address)

    def tap(self, letter: Letter) -> None:
        """Open the link in a second tab of this very browser and press the one button."""
        self.phone.run(self._tap(letter.link))

    def sees(self, heading: str) -> None:
        """Wait until a tab has come back to the website, and go on in that one."""
        self.phone.page = wait_until(self._back, "the website's page in some tab")
        assert self.phone.heading == heading

    def answer(self, **changes: str) -> str:
        """What the service answers to a new question of this browser, which is signed in there; not yet opened."""
        parts = urlsplit(
            self.phone.run(self._location(self.phone.run(self._location(f"{self.world.site_url}/sign-in"))))
        )
        assert parts.path == "/callback"
        fields = dict(parse_qsl(parts.query))
        assert set(changes) <= set(fields)
        return parts._replace(query=urlencode(fields | changes)).geturl()

    def _back(self) -> Page | None:
        home = f"{self.world.site_url}/"
        return next((page for page in self.phone.page.context.pages if page.url == home), None)

    async def _follow(self, link: str) -> None:
        async with self.phone.page.expect_navigation():
            await self.phone.page.get_by_role("link", name=link).click()

    async def _tap(self, link: str) -> None:
        tab = await self.phone.page.context.new_page()
        await tab.goto(link)
        assert await tab.get_by_label("Code on the device").count() == 0
        await tab.get_by_role("button", name="Sign in").click()

    async def _location(self, url: str) -> str:
        """Where the browser would be sent, which it is not."""
        answer = await self.phone.page.context.request.get(url, max_redirects=0)
        assert answer.status == HTTPStatus.SEE_OTHER
        return answer.headers["location"]


@contextmanager
def visitor(browser: Browser, world: World, **options: bool) -> Iterator[Visitor]:
    """A browser that meets the website and the service, and nobody else."""
    with browser.phone(**{**DESK, **options}) as phone:
        yield Visitor(phone, world)
        assert phone.hosts <= {world.site_url, world.issuer}
        phone.hosts.clear()
