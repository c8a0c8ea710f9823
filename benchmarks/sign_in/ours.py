# SPDX-License-Identifier: Apache-2.0
"""Counterfoil as an operator runs it: `counterfoil serve`, one worker, everything on, its budgets raised."""

import asyncio
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import msgspec

from benchmarks.harness.client import Answer, Client, each
from benchmarks.harness.devices import Device
from benchmarks.harness.processes import SERVER_CORE, on_core
from benchmarks.harness.wrk import CONNECTIONS, request_bytes
from benchmarks.sign_in.letters import links_of
from benchmarks.sign_in.live_logins import add_live_logins
from counterfoil_service.settings import load
from support.processes import RunningService

ASK, TOKEN, USERINFO = "/oauth/device_authorization", "/oauth/token", "/oauth/userinfo"
GRANT = "urn:ietf:params:oauth:grant-type:device_code"
WITH_PROOF, WITHOUT = "notes", "plain"
RAISED = ",".join(
    f"{name}=999999999/{seconds}"
    for name, seconds in (
        ("mailbox_mails", 900),
        ("mailbox_daily_mails", 86_400),
        ("mailbox_live_logins", 3_600),
        ("device_key", 60),
        ("address_range", 60),
        ("application", 60),
        ("service", 60),
    )
)
FORM = "application/x-www-form-urlencoded"
MAIL_SECONDS = 60
_TO = re.compile(r"^To: .*?([^\s<>]+@[^\s<>]+)", re.MULTILINE)
_LINK = re.compile(r"/l/([A-Za-z0-9_-]{43})")


class SignIn(msgspec.Struct):
    """One person's, as far as it has come."""

    device: Device
    address: str
    login_id: str = ""
    device_code: str = ""
    user_code: str = ""
    link: str = ""
    token: str = ""


class Ours:
    """A running one, on a database of its own."""

    def __init__(self, service: RunningService, mails: Path | None) -> None:
        self._service, self._mails = service, mails
        self.address = service.address
        self._nonce = ""

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._service.pid

    async def renew_nonce(self) -> None:
        """As a client does, from the last answer."""
        client = Client(self.address)
        self._nonce = (await client.ask("POST", TOKEN)).headers["dpop-nonce"]
        client.close()

    def asks(self, addresses: list[str], *, proof: bool = True) -> list[bytes]:
        """Requests for a link, each by a device and from a network of its own."""
        return [self._ask(Device() if proof else None, address) for address in addresses]

    async def polls(self, count: int) -> list[bytes]:
        """Polls of as many waiting logins, which are added for it, each by its own device."""
        devices = [Device() for _ in range(count)]
        codes = await add_live_logins(
            self._service.settings["database_url"], WITH_PROOF, [device.jkt for device in devices]
        )
        return [self._poll(device, code) for device, code in zip(devices, codes, strict=True)]

    def questions(self, signed_in: Sequence[SignIn], count: int) -> list[bytes]:
        """Who-am-I requests by those who signed in, in turn."""
        url = self.address + USERINFO
        return [
            request_bytes(url, "GET", {
                "Authorization": f"DPoP {person.token}",
                "DPoP": person.device.proof("GET", url, self._nonce, person.token),
            })
            for person in (signed_in[number % len(signed_in)] for number in range(count))
        ]  # fmt: skip

    async def sign_in(self, addresses: Iterable[str]) -> list[SignIn]:
        """Whole sign-ins of people who have not signed in yet, each with a device of their own."""
        people = [SignIn(Device(), address) for address in addresses]
        await self.sign_in_again(people)
        return people

    async def sign_in_again(self, people: Sequence[SignIn]) -> None:
        """By the same devices: asked for, mailed, opened, approved, collected; each step by all before the next one."""
        await self._all(people, self._start)
        await self._take_links(people)
        await self._all(people, self._open)
        await self._all(people, self._approve)
        await self._all(people, self._collect)

    async def _all(self, people: Sequence[SignIn], step: Callable[[Client, SignIn], Awaitable[None]]) -> None:
        await each(self.address, CONNECTIONS, people, step)

    async def _start(self, client: Client, person: SignIn) -> None:
        answer = await client.send(self._ask(person.device, person.address))
        _expect(answer, b"device_code")
        told = msgspec.json.decode(answer.body)
        person.login_id, person.device_code, person.user_code = (
            told[name] for name in ("login_id", "device_code", "user_code")
        )

    async def _take_links(self, people: Sequence[SignIn]) -> None:
        """From the mails, once all are there; where none are written, out of the outbox."""
        if self._mails is None:
            links = await links_of(load(self._service.environ), [person.login_id for person in people])
            for person in people:
                person.link = links[person.login_id]
            return
        missing, until = {person.address: person for person in people}, time.monotonic() + MAIL_SECONDS
        while missing and time.monotonic() < until:
            await asyncio.sleep(0.02)
            for file in self._mails.glob("*.eml"):
                text = file.read_text("utf-8")
                file.unlink()
                address, link = _TO.search(text), _LINK.search(text.replace("=\n", ""))
                # The notice of a new device has another link.
                if address is not None and link is not None and address[1] in missing:
                    missing.pop(address[1]).link = link[1]
        if missing:
            raise TimeoutError(f"{len(missing)} mails did not come within {MAIL_SECONDS} s")

    async def _open(self, client: Client, person: SignIn) -> None:
        _expect(await client.ask("GET", f"/l/{person.link}", _forwarded()), b"Code on the device")

    async def _approve(self, client: Client, person: SignIn) -> None:
        form = urlencode({"secret": person.link, "user_code": person.user_code, "action": "approve"})
        headers = {"Content-Type": FORM, "Origin": self.address, **_forwarded()}
        _expect(await client.ask("POST", "/l", headers, form), b"Return to your device")

    async def _collect(self, client: Client, person: SignIn) -> None:
        answer = await client.send(self._poll(person.device, person.device_code))
        _expect(answer, b"access_token")
        person.token = msgspec.json.decode(answer.body)["access_token"]

    def _ask(self, device: Device | None, address: str) -> bytes:
        url = self.address + ASK
        headers = {"Content-Type": FORM, **_forwarded()}
        if device is not None:
            headers["DPoP"] = device.proof("POST", url, self._nonce)
        form = {"client_id": WITHOUT if device is None else WITH_PROOF, "login_hint": address}
        return request_bytes(url, "POST", headers, urlencode(form))

    def _poll(self, device: Device, code: str) -> bytes:
        url = self.address + TOKEN
        headers = {"Content-Type": FORM, "DPoP": device.proof("POST", url, self._nonce)}
        form = {"client_id": WITH_PROOF, "grant_type": GRANT, "device_code": code}
        return request_bytes(url, "POST", headers, urlencode(form))


@contextmanager
def ours(folder: Path, database_url: str, mails: Path | None = None) -> Iterator[Ours]:
    """Started and stopped. Without a folder for its mails they wait, as where none is set up."""
    service = RunningService(
        folder,
        database_url=database_url,
        mail_url=f"file:{mails}" if mails else "none:",
        budgets=RAISED,
        link_ttl="3600",
        trusted_proxies="127.0.0.0/8",
    )
    service.told("migrate")
    service.told("applications", "add", "Notes", "--client-id", WITH_PROOF)
    service.told("applications", "add", "Plain", "--client-id", WITHOUT, "--dpop", "optional")
    with on_core(SERVER_CORE):
        service.start()
    try:
        yield Ours(service, mails)
    finally:
        service.stop()


def _forwarded() -> dict[str, str]:
    """People come from everywhere, through a proxy."""
    a, b, c, d = secrets.token_bytes(4)
    return {"X-Forwarded-For": f"{1 + a % 223}.{b}.{c}.{d}"}


def _expect(answer: Answer, words: bytes) -> None:
    if words.lower() not in answer.body.lower():
        raise ValueError(f"not {words.decode()!r} but {answer.status}: {answer.body[:300]!r}")
