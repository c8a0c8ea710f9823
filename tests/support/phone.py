# SPDX-License-Identifier: Apache-2.0
"""A phone: a real Chromium that opens the link, types the code and presses the buttons, and that hears every complaint.

Playwright's asynchronous half runs on a loop thread: its synchronous half keeps a loop of its own in the caller's
thread, which breaks every asynchronous test that runs there later.
"""

import shutil
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

from playwright.async_api import Browser as PlaywrightBrowser
from playwright.async_api import ConsoleMessage, Page, Playwright, Request, Response, async_playwright

from support.background import LoopThread

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    # Stories about several hosts take place here, and ask no name server.
    "--host-resolver-rules=MAP *.example.com 127.0.0.1",
)
MISSING = (
    "No Chromium was found, and these tests mean nothing without one. "
    "Install it, such as by `apt-get install chromium` or `dnf install chromium`, so that one of "
    f"{', '.join(_NAMES)} is on the PATH."
)
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
USER_AGENT = (
    "Mozilla/5.0 (Linux; Android 16; Phone) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/156.0.0.0 Mobile Safari/537.36"
)

T = TypeVar("T")
Scheme = Literal["light", "dark"]

_UNTIL_STILL = "Promise.all(document.getAnimations().map(each => each.finished)).then(() => null)"


class Browser:
    """One Chromium for the run; each phone is a fresh context of it."""

    def __init__(self, loop: LoopThread) -> None:
        self._loop = loop

    def __enter__(self) -> Self:
        program = next(filter(None, map(shutil.which, _NAMES)), None)
        if program is None:
            raise AssertionError(MISSING)
        self._playwright, self._browser = self._loop.run(_launch(program), 60)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.run(self._browser.close())
        self._loop.run(self._playwright.stop())

    def phone(self, **options: Any) -> "Phone":
        """A fresh phone; options are those of a Playwright context."""
        return Phone(self._loop, self._loop.run(self._page({**PHONE, "user_agent": USER_AGENT, **options})))

    async def _page(self, options: dict[str, Any]) -> Page:
        context = await self._browser.new_context(**options)
        context.set_default_timeout(15_000)
        return await context.new_page()


async def _launch(program: str) -> tuple[Playwright, PlaywrightBrowser]:
    playwright = await async_playwright().start()
    browser = await playwright.chromium.launch(executable_path=program, args=list(_ARGUMENTS))
    return playwright, browser


class Phone:
    """One browser context with one page. `complaints` must stay empty: leaving the context asserts it."""

    def __init__(self, loop: LoopThread, page: Page) -> None:
        self._loop = loop
        self.page = page
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        loop.run(self._listen())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.run(self.page.context.close())
        if kind is None:
            assert self.complaints == [], self.complaints
            assert len(self.hosts) <= 1, f"the page asked other origins: {self.hosts}"

    def open(self, link: str) -> int:
        """Open a link; the status of the answer."""
        return self._status(self.run(self.page.goto(link)))

    def type_code(self, code: str) -> None:
        """Type into the field that is labelled as the code's."""
        self.run(self.page.get_by_label("Code on the device").fill(code))

    def press(self, name: str) -> int:
        """Press a button by its name; the status of the page that follows."""
        return self.run(self._press(name))

    def approve(self, link: str, code: str) -> int:
        """Open, type, press Sign in."""
        assert self.open(link) == 200
        self.type_code(code)
        return self.press("Sign in")

    @property
    def heading(self) -> str:
        """The page's first heading."""
        return self.run(self.page.locator("h1").inner_text())

    @property
    def text(self) -> str:
        """All that a person can read."""
        return self.run(self.page.locator("body").inner_text())

    @property
    def html(self) -> str:
        """What stands in the document."""
        return self.run(self.page.content())

    def look(self, width: int, height: int, scheme: Scheme) -> None:
        """Become a screen of another size and light."""
        self.run(self.page.emulate_media(color_scheme=scheme))
        # A button between its two colours has neither one's contrast.
        self.run(self.page.evaluate(_UNTIL_STILL))
        self.run(self.page.set_viewport_size({"width": width, "height": height}))

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Any call of Playwright's page."""
        return self._loop.run(coroutine)

    async def _listen(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        self.page.on("request", self._requested)

    async def _press(self, name: str) -> int:
        async with self.page.expect_navigation() as navigation:
            await self.page.get_by_role("button", name=name).click()
        return self._status(await navigation.value)

    def _status(self, response: Response | None) -> int:
        assert response is not None
        return response.status

    def _heard(self, message: ConsoleMessage) -> None:
        # Chromium reports the status of the page itself as an error: 410 and 422 are meant.
        if message.type in {"error", "warning"} and "the server responded with a status of" not in message.text:
            self.complaints.append(f"console: {message.text}")

    def _requested(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme != "about":
            self.hosts.add(f"{parts.scheme}://{parts.netloc}")
