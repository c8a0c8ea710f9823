# SPDX-License-Identifier: Apache-2.0
"""An attacker who has read `device_code`, and asks for the tokens with a key of his own for as long as a story runs."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress

import httpx2

from journeys.desktop import CLIENT_ID
from support.background import LoopThread, wait_until
from support.device import DEVICE_CODE_GRANT, Device
from support.processes import RunningService

_PAUSE = 0.05


class Thief:
    """`answers` has the error of each poll, or "tokens"."""

    def __init__(self, service: RunningService, device_code: str) -> None:
        self.answers: list[str] = []
        self._issuer = service.public_url
        self._device = Device(self._issuer, lambda: time.time_ns() // 1000)
        self._form = {"grant_type": DEVICE_CODE_GRANT, "client_id": CLIENT_ID, "device_code": device_code}

    async def poll(self) -> None:
        """Ask again and again."""
        async with httpx2.AsyncClient(base_url=self._issuer, trust_env=False) as client:
            while True:
                answer = await self._device.post(client, "/oauth/token", self._form)
                self.answers.append(str(answer.json().get("error", "tokens")))
                await asyncio.sleep(_PAUSE)


@contextmanager
def thief_of(service: RunningService, loop: LoopThread, device_code: str) -> Iterator[Thief]:
    """He asks until the block ends, and once more after that; he never got anything."""
    thief = Thief(service, device_code)
    polling = loop.submit(thief.poll())
    wait_until(lambda: thief.answers, "the thief's first poll")
    yield thief
    seen = len(thief.answers)
    wait_until(lambda: polling.done() or len(thief.answers) > seen + 1, "the thief's last poll")
    polling.cancel()
    with suppress(CancelledError):
        polling.result(5)
    assert set(thief.answers) == {"invalid_grant"}
