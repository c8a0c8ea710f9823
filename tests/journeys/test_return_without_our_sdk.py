# SPDX-License-Identifier: Apache-2.0
"""The way home through a real browser to a real listener, by a device without our SDK, while an attacker polls."""

import contextlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx2
import pytest
from axe_playwright_python.async_playwright import Axe

from journeys.conftest import OpenService
from support.background import LoopThread
from support.device import DEVICE_CODE_GRANT, Device
from support.mailserver import MailServer
from support.phone import Browser, Phone, Scheme
from support.processes import RunningService
from support.way_home import APP, fields_of, home_fields, redemption

BUTTON = "I am on the computer where I started"
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


class Listener:
    """What a native application keeps open while it waits: one request, one friendly page."""

    def __init__(self) -> None:
        self.targets: list[str] = []
        targets = self.targets

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                targets.append(self.path)
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(b"<!doctype html><title>Signed in</title><h1>You are signed in</h1>")

            def log_message(self, *_arguments: Any) -> None:
                """Say nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.redirect_uri = f"http://127.0.0.1:{self._server.server_port}/callback"

    @contextlib.contextmanager
    def listening(self) -> Iterator["Listener"]:
        """Open until the block ends."""
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


class Terminal:
    """A device that speaks the wire by itself."""

    def __init__(self, service: RunningService, loop: LoopThread) -> None:
        self.issuer = service.public_url
        self.device = Device(self.issuer, lambda: time.time_ns() // 1000)
        self._loop = loop

    def post(self, path: str, form: dict[str, str]) -> httpx2.Response:
        """One request with a proof."""
        return self._loop.run(self._post(path, form))

    async def _post(self, path: str, form: dict[str, str]) -> httpx2.Response:
        async with httpx2.AsyncClient(base_url=self.issuer) as client:
            return await self.device.post(client, path, form)

    def ask(self, address: str, redirect_uri: str) -> dict[str, Any]:
        """Ask for a link with a way home."""
        form = {"client_id": APP, "login_hint": address} | home_fields(redirect_uri)
        answer = self.post("/oauth/device_authorization", form)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def poll(self, asked: dict[str, Any]) -> str:
        """The error of one poll, or "tokens"."""
        form = {"grant_type": DEVICE_CODE_GRANT, "client_id": APP, "device_code": asked["device_code"]}
        return str(self.post("/oauth/token", form).json().get("error", "tokens"))


@pytest.fixture
def service(new_service: OpenService) -> Iterator[RunningService]:
    """A service that knows an application with a way home."""
    with new_service() as running:
        redirects = ("--redirect-uri", "http://127.0.0.1/callback", "--redirect-uri", "com.example.app:/callback")
        running.told("applications", "add", "Home App", "--client-id", APP, *redirects)
        yield running


def test_the_browser_goes_home_and_an_attacker_who_polls_gets_nothing(
    service: RunningService, mail: MailServer, browser: Browser, loop: LoopThread, address: str
) -> None:
    terminal = Terminal(service, loop)
    listener = Listener()
    asked = terminal.ask(address, listener.redirect_uri)
    with listener.listening(), browser.phone() as page:
        assert page.open(mail.letter_to(address).link) == 200
        assert page.press(BUTTON) == 200
        assert page.heading == "You are signed in"
        home = listener.redirect_uri.removesuffix("/callback")
        assert page.hosts == {service.public_url, home}, "the policy lets the form lead here and nowhere else"
        page.hosts.remove(home)
    (target,) = [each for each in listener.targets if each != "/favicon.ico"]
    assert target.startswith("/callback?code=")
    assert fields_of(target)["iss"] == service.public_url
    assert terminal.poll(asked) == "authorization_pending"
    code = fields_of(target)["code"]
    thief = Terminal(service, loop)
    assert thief.post("/oauth/token", redemption(code, listener.redirect_uri)).json()["error"] == "invalid_grant"
    answer = terminal.post("/oauth/token", redemption(code, listener.redirect_uri))
    assert answer.status_code == 200, answer.text
    assert thief.poll(asked) == "invalid_grant"


def test_a_custom_scheme_is_handed_over_by_one_link_without_script(
    service: RunningService, mail: MailServer, browser: Browser, loop: LoopThread, address: str
) -> None:
    terminal = Terminal(service, loop)
    uri = "com.example.app:/callback?item=42&y=%20"
    terminal.ask(address, uri)
    with browser.phone(java_script_enabled=False) as page:
        assert page.open(mail.letter_to(address).link) == 200
        assert page.press(BUTTON) == 200
        href = page.run(page.page.get_by_role("link", name="Return to Home App").get_attribute("href"))
    assert href is not None
    assert href.startswith(f"{uri}&code=")
    answer = terminal.post("/oauth/token", redemption(fields_of(href)["code"], uri))
    assert answer.status_code == 200, answer.text


def test_the_third_choice_and_the_hand_over_serve_everybody(
    service: RunningService, mail: MailServer, phone: Phone, loop: LoopThread, address: str
) -> None:
    Terminal(service, loop).ask(address, "com.example.app:/callback")
    assert phone.open(mail.letter_to(address).link) == 200
    _serves_everybody(phone, loop)
    assert phone.press(BUTTON) == 200
    _serves_everybody(phone, loop)


def _serves_everybody(phone: Phone, loop: LoopThread) -> None:
    for width, height in ((320, 640), (1280, 900)):
        for scheme in SCHEMES:
            phone.look(width, height, scheme)
            found = loop.run(
                Axe().run(phone.page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag22aa", "best-practice"]})
            )
            assert found.violations_count == 0, found.generate_snapshot()
            assert phone.run(phone.page.evaluate("document.documentElement.scrollWidth")) <= width
