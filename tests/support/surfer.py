# SPDX-License-Identifier: Apache-2.0
"""A web browser without a screen: it keeps cookies, fills in forms as they stand in the page, goes where it is led."""

import base64
import hashlib
import os
import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2

from support.stage import Stage

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
SESSION = "__Host-counterfoil"
BROWSER = "__Host-counterfoil-browser"
CALLBACK = "https://web.example/callback"


@dataclass
class PageForm:
    """A form as it stands in a page: where it goes, its fields, and its buttons with their values."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self._open = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form" and values["method"] == "get":
            self._open = False  # filters: their links are what a test follows
        elif tag == "form":
            assert values["method"] == "post"
            self.forms.append(PageForm(values["action"]))
            self._open = True
        elif tag == "input" and self._open:
            self.forms[-1].fields[values["name"]] = values.get("value", "")
        elif tag == "button" and self._open and "name" in values:
            self.forms[-1].buttons.append((values["name"], values["value"]))

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag != "form"


def forms_of(response: httpx2.Response) -> list[PageForm]:
    """Every form of a page."""
    return _Forms(response.text).forms


def form_of(response: httpx2.Response, **having: str) -> PageForm:
    """The first form that has these fields."""
    return next(form for form in forms_of(response) if having.items() <= form.fields.items())


def refresh_of(response: httpx2.Response) -> str:
    """Where a page goes on by itself, at once; its one link leads there too."""
    (target,) = re.findall(r'<meta http-equiv="refresh" content="0;url=([^"]*)">', response.text)
    assert re.findall(r'<a [^>]*href="([^"]*)"', response.text) == [target]
    return unescape(target)


def parameters_of(url: str) -> dict[str, str]:
    """The query of an address."""
    return dict(parse_qsl(urlsplit(url).query, strict_parsing=True))


@dataclass
class WebClient:
    """What a web application remembers of one request for authorization."""

    client_id: str = "web-app"
    redirect_uri: str = CALLBACK
    verifier: str = field(default_factory=lambda: base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("="))
    state: str = "s-1"

    @property
    def challenge(self) -> str:
        """S256 of the verifier."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).decode().rstrip("=")

    def query(self, **changes: str | None) -> dict[str, str]:
        """The request's parameters; None leaves one out."""
        values = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "state": self.state,
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
        } | changes
        return {name: value for name, value in values.items() if value is not None}

    def redemption(self, code: str, **changes: str) -> dict[str, str]:
        """The form for the token endpoint."""
        return {
            "grant_type": "authorization_code",
            "client_id": self.client_id,
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        } | changes


class Surfer:
    """One browser, used inside `async with`."""

    def __init__(self, stage: Stage, user_agent: str = CHROME) -> None:
        self.stage = stage
        self.base = urlsplit(stage.issuer).path
        transport: Any = stage.client._transport
        origin = stage.issuer.removesuffix(self.base)
        self.client = httpx2.AsyncClient(transport=transport, base_url=origin, headers={"User-Agent": user_agent})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The transport is the stage's: it stays open.
        self.client.cookies.clear()

    @property
    def cookies(self) -> dict[str, str]:
        """What it keeps."""
        return dict(self.client.cookies.items())

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        """Open an address of the service; a path is below the issuer's own."""
        url = path if path.startswith("https://") else self.base + path
        return await self.client.get(url, headers={name.replace("_", "-"): value for name, value in headers.items()})

    async def follow(self, response: httpx2.Response) -> httpx2.Response:
        """Go where an answer leads, on this origin: a redirect, or a page that goes on by itself."""
        if response.status_code == 200:
            return await self.client.get(refresh_of(response))
        assert response.status_code == 303, (response.status_code, response.text[-300:])
        return await self.client.get(response.headers["location"])

    async def code_at(self, waiting: str) -> str:
        """The code that the waiting page shows."""
        page = await self.get(waiting)
        assert page.status_code == 200, page.status_code
        found = re.search(r'class="code"[^>]*>([A-Z]{3}-[A-Z]{3})<', page.text)
        assert found is not None
        return found[1]

    async def state_at(self, waiting: str) -> tuple[int, str]:
        """What the page's script is told in a second tab, which is never held; `held_at` is the first."""
        pace = self.stage.service.services.paces.of(waiting.rpartition("/")[2])
        pace.held, before = True, pace.held
        try:
            return await self.held_at(waiting)
        finally:
            pace.held = before

    async def held_at(self, waiting: str) -> tuple[int, str]:
        """What the waiting page's script is told once something happened."""
        answer = await self.client.get(f"{waiting}/state")
        assert answer.headers["content-type"] == "application/json"
        return answer.status_code, answer.json()["state"]

    def spelt_out(self, html: str) -> str:
        """A page without the code as it is read out letter by letter."""
        return re.sub(r'aria-label="[A-Z ]+"', "", html)

    async def submit(
        self, form: PageForm, headers: dict[str, str] | None = None, **fields: str | None
    ) -> httpx2.Response:
        """Send a form with these fields changed; None leaves one out."""
        values = {name: value for name, value in (form.fields | fields).items() if value is not None}
        return await self.client.post(form.action, data=values, headers=headers)

    async def authorize(self, web: WebClient, **changes: str | None) -> httpx2.Response:
        """An application sends the browser here."""
        return await self.get(f"/oauth/authorize?{urlencode(web.query(**changes))}")

    async def ask(self, page: httpx2.Response, address: str = "ada@example.com") -> str:
        """Type an address into the sign-in page; where the waiting page is."""
        self.stage.clock.advance(1)  # mails are told apart by their time
        answer = await self.submit(form_of(page), email=address)
        assert answer.status_code == 303, (answer.status_code, answer.text[-400:])
        return str(answer.headers["location"])

    async def tap(self) -> httpx2.Response:
        """Open the newest mail's link in this browser and press Sign in."""
        page = await self.get(f"/l/{await self.stage.secret()}")
        assert page.status_code == 200, page.status_code
        tapped = await self.submit(form_of(page), action="approve")
        assert tapped.status_code == 200, tapped.text[-400:]
        return tapped

    async def sign_in(self, address: str = "ada@example.com", path: str = "/sign-in") -> httpx2.Response:
        """All of it, in this browser alone: the last answer, which sets the cookie."""
        await self.ask(await self.get(path), address)
        return await self.follow(await self.tap())
