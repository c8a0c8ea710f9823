# SPDX-License-Identifier: Apache-2.0
"""The deployment under attack, as an attacker and a victim meet it: over HTTP, with keys of their own, and by mail."""

import asyncio
import base64
import contextlib
import hashlib
import secrets
import ssl
import subprocess
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from attack.kit.mailboxes import Mailboxes
from attack.kit.verdict import Needs
from support.device import DEVICE_CODE_GRANT, Device
from support.mailserver import Letter
from support.phone import Browser

ASK, TOKEN, REVOKE, USERINFO = "/oauth/device_authorization", "/oauth/token", "/oauth/revoke", "/oauth/userinfo"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"
_PATIENCE_SECONDS = 130
"""How long a budget of the deployment is waited for: the longest of a caller's own is a minute."""


@dataclass
class Started:
    """What a device was told, and whom it asked for; `verifier` belongs to a way home."""

    device: Device
    address: str
    device_code: str
    user_code: str
    login_id: str
    answer: httpx2.Response
    verifier: str | None = None


@dataclass
class Target:
    """`url` is where requests go, `issuer` what the deployment says it is; `replicas` are more addresses of it.

    What is None was not given: attacks that need it say so. `spoken` collects every secret that passed through here.
    """

    url: str
    issuer: str
    client_id: str
    mailboxes: Mailboxes
    domain: str = "example.com"
    redirect_uri: str | None = None
    replicas: Sequence[str] = ()
    database_url: str | None = None
    log_files: Sequence[Path] = ()
    command: Sequence[str] | None = None
    environ: dict[str, str] | None = None
    hook_secret: str | None = None
    browser: "Callable[[], Browser | None]" = lambda: None
    authority: Path | None = None
    expendable: bool = False
    guesses: int = 60
    spoken: dict[str, str] = field(default_factory=dict)

    @contextlib.asynccontextmanager
    async def client(self, url: str | None = None) -> AsyncIterator[httpx2.AsyncClient]:
        """A line to the deployment, or to one of its replicas."""
        verify: ssl.SSLContext | bool = ssl.create_default_context(cafile=self.authority) if self.authority else True
        limits = httpx2.Limits(max_connections=None)
        timeout = httpx2.Timeout(40)
        async with httpx2.AsyncClient(
            base_url=url or self.url, limits=limits, timeout=timeout, verify=verify, headers={"User-Agent": AGENT}
        ) as client:
            yield client

    def device(self) -> Device:
        """A device with a key of its own."""
        return Device(self.issuer, lambda: time.time_ns() // 1000)

    def somebody(self, who: str = "victim") -> str:
        """A mailbox that nobody used before."""
        return f"{who}-{uuid.uuid4().hex[:12]}@{self.domain}"

    async def ask(
        self, address: str, device: Device | None = None, url: str | None = None, **fields: str
    ) -> httpx2.Response:
        """Ask for a link, in an honest program's patience with budgets; `fields` are more of the form."""
        device = device or self.device()
        form = {"client_id": self.client_id, "login_hint": address} | fields
        return await self.patiently(lambda client: device.post(client, ASK, form), url)

    async def start(
        self, address: str | None = None, device: Device | None = None, *, home: bool = False, **fields: str
    ) -> Started:
        """Ask for a link and be given one; `home` wants the way back by redirect, too."""
        address, device = address or self.somebody(), device or self.device()
        verifier = secrets.token_urlsafe(32) if home else None
        if verifier is not None:
            fields |= self.way_home(verifier)
        answer = await self.ask(address, device, **fields)
        assert answer.status_code == httpx2.codes.OK, f"no link is to be had: {answer.status_code} {answer.text[:200]}"
        told = answer.json()
        self.spoken |= {told["device_code"]: "device code", told["user_code"]: "user code"}
        return Started(device, address, told["device_code"], told["user_code"], told["login_id"], answer, verifier)

    def way_home(self, verifier: str, redirect_uri: str | None = None) -> dict[str, Any]:
        """The four fields that ask for the way back."""
        return {
            "redirect_uri": redirect_uri or self.redirect(),
            "state": secrets.token_urlsafe(16),
            "code_challenge": b64(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }

    def redirect(self) -> str:
        """A registered redirect, with a port where it is a loopback one's to choose."""
        if self.redirect_uri is None:
            raise Needs("--redirect-uri, one that is registered for the application")
        for host in ("http://127.0.0.1/", "http://[::1]/"):
            if self.redirect_uri.startswith(host):
                return self.redirect_uri.replace(host, f"{host[:-1]}:49152/", 1)
        return self.redirect_uri

    async def letter(self, started: Started, count: int = 1) -> Letter:
        """The mail with its link."""
        letter = await self.mailboxes.letter(started.address, count)
        self.spoken[letter.secret] = "link secret"
        return letter

    async def poll(
        self,
        started: Started,
        device: Device | None = None,
        *,
        wait: int | None = None,
        url: str | None = None,
        **fields: str,
    ) -> httpx2.Response:
        """Poll once."""
        form = {"grant_type": DEVICE_CODE_GRANT, "client_id": self.client_id, "device_code": started.device_code}
        headers = {} if wait is None else {"Prefer": f"wait={wait}"}
        async with self.client(url) as client:
            answer = await (device or started.device).post(client, TOKEN, form | fields, headers)
        return self.heard(answer)

    async def decide(self, secret: str, action: str, code: str | None = None, **headers: str) -> httpx2.Response:
        """Press a button on the link's page, as a browser without scripts does."""
        form = {"secret": secret, "action": action} | ({} if code is None else {"user_code": code})
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.patiently(lambda client: client.post("/l", data=form, headers=sent))

    async def open(self, secret: str, method: str = "GET", **headers: str) -> httpx2.Response:
        """Open the link."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.patiently(lambda client: client.request(method, f"/l/{secret}", headers=sent))

    async def approve(self, started: Started) -> Letter:
        """A person opens the mail and types the code."""
        letter = await self.letter(started)
        answer = await self.decide(letter.secret, "approve", started.user_code)
        assert answer.status_code == httpx2.codes.OK, f"the right code is refused: {answer.status_code}"
        return letter

    async def signed_in(self, address: str | None = None, device: Device | None = None, **fields: Any) -> Any:
        """Tokens, by an honest sign-in; the device and the login are among them."""
        started = await self.start(address, device, **fields)
        await self.approve(started)
        kept: dict[str, Any] = {name: value for name, value in fields.items() if name == "device_fingerprint"}
        answer = await self.poll(started, **kept)
        assert answer.status_code == httpx2.codes.OK, f"an honest sign-in fails: {answer.text[:200]}"
        return answer.json() | {"started": started}

    async def refresh(self, token: str, device: Device, **fields: str) -> httpx2.Response:
        """Use a refresh token."""
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": self.client_id} | fields
        async with self.client() as client:
            return self.heard(await device.post(client, TOKEN, form))

    async def redeem(self, code: str, device: Device, verifier: str) -> httpx2.Response:
        """Trade a code that a browser carried."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": self.client_id,
            "redirect_uri": self.redirect(),
            "code_verifier": verifier,
        }
        async with self.client() as client:
            return self.heard(await device.post(client, TOKEN, form))

    async def patiently(self, request: Any, url: str | None = None) -> httpx2.Response:
        """Send it; where a budget is used up, come again when it says so, for a while."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            async with self.client(url) as client:
                answer: httpx2.Response = await request(client)
            wait = float(answer.headers.get("retry-after", "0"))
            if answer.status_code != httpx2.codes.TOO_MANY_REQUESTS:
                return answer
            # Neither a guard nor a gap: what a budget answers says nothing of either.
            assert time.monotonic() + wait < deadline, f"a budget is used up for longer than {_PATIENCE_SECONDS} s"
            await asyncio.sleep(wait)

    def heard(self, answer: httpx2.Response) -> httpx2.Response:
        """Remember the tokens in it."""
        if answer.status_code == httpx2.codes.OK:
            told = answer.json()
            self.spoken |= {told[name]: name for name in ("access_token", "refresh_token") if name in told}
        return answer

    async def told(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """The operator's command line."""
        if self.command is None:
            raise Needs("--command, how `counterfoil` is run for this deployment")
        command = [*self.command, *arguments]
        return await asyncio.to_thread(
            subprocess.run, command, capture_output=True, text=True, timeout=120, check=False, env=self.environ
        )

    def database(self) -> str:
        """Its URL."""
        if self.database_url is None:
            raise Needs("--database-url")
        return self.database_url

    def chromium(self) -> Browser:
        """The browser."""
        found = self.browser()
        if found is None:
            raise Needs("a Chromium on the PATH")
        return found


def b64(octets: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def word(answer: httpx2.Response) -> str:
    """What a poll was told: its error, or `tokens`."""
    body = answer.json()
    return str(body["error"]) if "error" in body else "tokens"
