# SPDX-License-Identifier: Apache-2.0
"""An operator or auditor at a real browser, who looks at every page twice: as a person, and as axe does."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Locator

from journeys.computer import DESK, Computer
from support.background import wait_until
from support.mailserver import Letter, MailServer
from support.phone import Browser, Phone, Scheme
from support.processes import RunningService

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDEST = "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"
NARROW = 320
"""CSS pixels: what is left of 1280 at four times the size (WCAG 1.4.10)."""
_NAMES_IN_URLS = re.compile(r"(?<=[/=])[A-Za-z0-9_%:.-]*\d[A-Za-z0-9_%:.-]*")
_TELL_OF_VIOLATIONS = """addEventListener("securitypolicyviolation", (event) => console.error(
  `refused by the page's policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));"""


class Console(Computer):
    """At `service`, as whoever `sign_in` signs in. Leaving asserts that no page complained or asked another origin."""

    _seen: ClassVar[set[tuple[str, ...]]] = set()
    """What axe has looked at in this run."""

    def __init__(self, phone: Phone, mail: MailServer, service: RunningService, *, script: bool) -> None:
        super().__init__(phone, mail)
        self.base = f"{service.public_url}/console"
        self._service, self._script = service, script

    def sign_in(self, address: str, path: str = "") -> None:
        """By a link in a mail, which leads to the page that they wanted."""
        assert self.phone.open(self.base + path) == 200
        assert self.phone.heading == "Sign in"
        letter = self.ask(address)
        self.come_in(letter)

    def come_in(self, letter: Letter) -> None:
        """Tap the link in a second tab: whichever of both goes on to the console, that one stays in front."""
        front = self.phone.page
        for other in set(front.context.pages) - {front}:
            self.phone.run(other.close())
        self.tap(letter)
        if not self._script:
            self.phone.run(front.reload())
        self.arrives()

    def arrives(self) -> None:
        """Wait for a page of the console, in whichever tab."""
        tabs = self.phone.page.context.pages
        self.phone.page = wait_until(
            lambda: next((tab for tab in tabs if tab.url.startswith(self.base)), None), "a page of the console"
        )
        self.look()

    def visit(self, path: str = "", status: int = 200) -> None:
        """Open a page below `/console`."""
        assert self.phone.open(self.base + path) == status, self.phone.text
        self.look()

    def look(self) -> None:
        """As axe does, at what it has not seen yet: a page, after a deed or a mistake, or with other filters.

        Whatever the browser complained of, or asked of others, belongs to this page.
        """
        assert self.phone.complaints == [], (self.phone.page.url, self.phone.complaints)
        assert self.phone.hosts <= {self._service.public_url}, (self.phone.page.url, self.phone.hosts)
        if not self._script:
            return
        said = self.phone.run(self.phone.page.locator("p.message, .error, output.secret, .empty").all_inner_texts())
        place = _NAMES_IN_URLS.sub("…", self.phone.page.url.partition("/console")[2])
        if (place, *said) not in self._seen:
            self._seen.add((place, *said))
            self.look_closely()

    def look_closely(self) -> None:
        """As axe does, whatever it saw before."""
        found = self.phone.run(Axe().run(self.phone.page, options={"runOnly": STANDARDS}))
        assert found.violations_count == 0, f"{self.phone.page.url}\n{found.generate_snapshot()}"

    def follow(self, link: str) -> None:
        """Click a link by its name, or by how that begins."""
        self._go(self.link(link))

    def press(self, name: str) -> None:
        """Press a button by its name; a page follows."""
        self._go(self.button(name))

    def open(self, beginning: str) -> None:
        """Unfold the first of what is named so: what it asks stands below."""
        self.phone.run(self.phone.page.locator("summary", has_text=beginning).first.click())
        if self._script:
            self.look_closely()

    def follow_first(self, beginning: str) -> None:
        """The first link whose name begins so."""
        self._go(self.phone.page.get_by_role("link", name=re.compile(f"^{re.escape(beginning)}")).first)

    def press_first(self, beginning: str) -> None:
        """The first button whose name begins so."""
        self._go(self.phone.page.get_by_role("button", name=re.compile(f"^{re.escape(beginning)}")).first)

    def value(self, label: str) -> str:
        """What stands in a field."""
        return self.phone.run(self.phone.page.get_by_label(label, exact=True).input_value())

    def link(self, name: str) -> Locator:
        """By its whole name."""
        return self.phone.page.get_by_role("link", name=name, exact=True).first

    def button(self, name: str) -> Locator:
        """By its whole name."""
        return self.phone.page.get_by_role("button", name=name, exact=True).first

    def type(self, label: str, text: str) -> None:
        """Into a field by its label."""
        self.phone.run(self.phone.page.get_by_label(label, exact=True).fill(text))

    def choose(self, label: str) -> None:
        """Tick a box, or choose one of several."""
        self.phone.run(self.phone.page.get_by_label(re.compile(re.escape(label))).first.check())

    def ticked(self, label: str) -> bool:
        """Whether a box or one of several is chosen."""
        return self.phone.run(self.phone.page.get_by_label(re.compile(re.escape(label))).first.is_checked())

    def shows(self, text: str) -> bool:
        """Whether a person reads that on the page."""
        return text in self.phone.text

    @property
    def message(self) -> str:
        """What the page says of what was just done."""
        return self.phone.run(self.phone.page.locator("p.message").inner_text())

    @property
    def secret(self) -> str:
        """What is shown once."""
        return self.phone.run(self.phone.page.locator("output.secret").inner_text()).strip()

    def cells(self, column: int) -> list[str]:
        """One column of the first table."""
        path = f"table >> nth=0 >> tbody tr > :nth-child({column})"
        return self.phone.run(self.phone.page.locator(path).all_inner_texts())

    def downloads(self, link: str) -> bytes:
        """What a link brings."""
        return self.phone.run(self._downloads(self.link(link)))

    def downloads_by(self, button: str) -> bytes:
        """What a button brings."""
        return self.phone.run(self._downloads(self.button(button)))

    def fits(self, width: int, scheme: Scheme) -> None:
        """Nothing is cut off at the side at that width and light, and axe finds nothing."""
        self.phone.look(width, 900, scheme)
        self.look_closely()
        wide = self.phone.run(self.phone.page.evaluate(WIDEST))
        assert wide <= width, f"{self.phone.page.url} is {wide} wide at {width}"

    def _go(self, target: Locator) -> None:
        self.phone.run(self._pressed(target))
        self.look()

    async def _pressed(self, target: Locator) -> None:
        async with self.phone.page.expect_navigation():
            await target.click()

    async def _downloads(self, target: Locator) -> bytes:
        async with self.phone.page.expect_download() as coming:
            await target.click()
        path = await (await coming.value).path()
        return path.read_bytes()


@contextmanager
def console(
    browser: Browser, mail: MailServer, service: RunningService, *, script: bool = True, **options: Any
) -> Iterator[Console]:
    """A browser of its own."""
    with browser.phone(**{**DESK, "java_script_enabled": script, **options}) as phone:
        phone.run(phone.page.context.add_init_script(_TELL_OF_VIOLATIONS))
        yield Console(phone, mail, service, script=script)
        assert phone.hosts <= {service.public_url}, phone.hosts
