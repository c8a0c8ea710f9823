# SPDX-License-Identifier: Apache-2.0
"""Many requests at one moment, without an SDK between: what the protocol says must hold for every program."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import httpx2

from journeys.desktop import CLIENT_ID
from support.device import DEVICE_CODE_GRANT, Device
from support.mailserver import Letter

_LIMITS = httpx2.Limits(max_connections=None)
_TIMEOUT = httpx2.Timeout(30)


@dataclass
class Started:
    """What a device was told."""

    device: Device
    device_code: str
    user_code: str
    login_id: str


def device_of(issuer: str) -> Device:
    """A device with a key and a real clock."""
    return Device(issuer, lambda: time.time_ns() // 1000)


def client_of(address: str) -> httpx2.AsyncClient:
    """A line to one process."""
    return httpx2.AsyncClient(base_url=address, limits=_LIMITS, timeout=_TIMEOUT)


async def start(issuer: str, address: str, email: str) -> Started:
    """Ask for a link."""
    device = device_of(issuer)
    async with client_of(address) as client:
        answer = await device.post(client, "/oauth/device_authorization", {"client_id": CLIENT_ID, "login_hint": email})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    return Started(device, told["device_code"], told["user_code"], told["login_id"])


async def poll(client: httpx2.AsyncClient, started: Started, *, wait: int | None = None) -> httpx2.Response:
    """Poll once."""
    form = {"grant_type": DEVICE_CODE_GRANT, "client_id": CLIENT_ID, "device_code": started.device_code}
    headers = {} if wait is None else {"Prefer": f"wait={wait}"}
    return await started.device.post(client, "/oauth/token", form, headers)


async def approve(client: httpx2.AsyncClient, letter: Letter, code: str) -> httpx2.Response:
    """Press Sign in."""
    form = {"secret": letter.secret, "action": "approve", "user_code": code}
    return await client.post("/l", data=form)


async def rush(addresses: Sequence[str], started: Started, letter: Letter, count: int) -> Counter[str]:
    """`count` approvals and as many polls at once, spread over the processes; what came of them, by name."""
    clients = [client_of(address) for address in addresses]
    turns = [clients[number % len(clients)] for number in range(count)]
    approvals = asyncio.gather(*(approve(client, letter, started.user_code) for client in turns))
    polls = asyncio.gather(*(poll(client, started) for client in turns))
    found = Counter(f"approval {answer.status_code}" for answer in await approvals)
    found.update(f"poll {_word(answer)}" for answer in await polls)
    for client in clients:
        await client.aclose()
    return found


def _word(answer: httpx2.Response) -> str:
    body = answer.json()
    return str(body.get("error") or f"session {body['session_id']}")
