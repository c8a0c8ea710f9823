# SPDX-License-Identifier: Apache-2.0
"""The return on the same machine: a desktop that listens, a person who presses the third button, and the code."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

import httpx2

from counterfoil_service.core.identifiers import base64url
from support.device import Device
from support.stage import Asked, Stage

APP = "home-app"
LOOPBACK = "http://127.0.0.1:49152/callback"
REGISTERED = (
    "https://app.example/callback",
    "http://127.0.0.1/callback",
    "http://[::1]/callback",
    "com.example.app:/callback",
)
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
STATE = "af0ifjsldkj"


def challenge_of(verifier: str) -> str:
    """S256, spelt out."""
    return base64url(sha256(verifier.encode()).digest())


def home_fields(redirect_uri: str = LOOPBACK, **changes: str) -> dict[str, str]:
    """The four fields of the way home."""
    fields = {
        "redirect_uri": redirect_uri,
        "state": STATE,
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
    }
    return fields | changes


@dataclass
class Traveller:
    """A login that may come home, and the secret of its link."""

    stage: Stage
    asked: Asked
    secret: str
    redirect_uri: str

    async def press(self, action: str = "here", **headers: str) -> httpx2.Response:
        """Press a button of the link page."""
        return await self.stage.decide(self.secret, action, headers=headers)

    async def code(self) -> str:
        """Press "here" and read the code that the browser carries home."""
        return carried(await self.press())["code"]

    async def redeem(self, code: str, /, device: Device | None = None, **changes: str) -> httpx2.Response:
        """Trade the code for tokens."""
        form = redemption(code, self.redirect_uri) | changes
        return await (device or self.asked.device).post(self.stage.client, "/oauth/token", form)

    async def poll(self, **options: Any) -> httpx2.Response:
        """Poll, as the device does all the time."""
        return await self.stage.poll(self.asked, client_id=APP, **options)

    async def approve(self) -> httpx2.Response:
        """Type the code that the device shows."""
        return await self.stage.decide(self.secret, "approve", self.asked.user_code)


async def traveller(
    stage: Stage,
    redirect_uri: str = LOOPBACK,
    address: str = "ada@example.com",
    device: Device | None = None,
    **fields: str,
) -> Traveller:
    """Ask for a link with a way home; the application is made the first time."""
    if not await stage.rows(f"SELECT 1 FROM applications WHERE id = '{APP}'"):  # noqa: S608 - a constant
        await stage.add_application(APP, redirect_uris=REGISTERED)
    stage.clock.advance(1)  # mails of one millisecond have no order
    asked = await stage.start(address, device, client_id=APP, **(home_fields(redirect_uri) | fields))
    return Traveller(stage, asked, await stage.secret(), redirect_uri)


def redemption(code: str, redirect_uri: str = LOOPBACK, **changes: str) -> dict[str, str]:
    """The fields of a redemption."""
    fields = {
        "grant_type": "authorization_code",
        "client_id": APP,
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": VERIFIER,
    }
    return fields | changes


def carried(answer: httpx2.Response) -> dict[str, str]:
    """What the browser brings along; each field once."""
    assert answer.status_code == 303, answer.text[-300:]
    return fields_of(answer.headers["location"])


def fields_of(target: str) -> dict[str, str]:
    """The query of a target."""
    fields = parse_qs(target.partition("?")[2], keep_blank_values=True, strict_parsing=True)
    assert all(len(values) == 1 for values in fields.values())
    return {name: values[0] for name, values in fields.items()}
