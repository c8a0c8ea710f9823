# SPDX-License-Identifier: Apache-2.0
"""Desktops that wait as the SDK's `wait()` does: one poll at a time, each with a fresh proof, the next when it ends."""

import asyncio
import functools
import random
import time
from collections import Counter
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

import msgspec

from benchmarks.harness.client import Client
from benchmarks.waiting.desktop import INTERVAL, Desktop, Heard
from benchmarks.waiting.people import Person
from benchmarks.waiting.sdk_wire import TOKEN, post
from counterfoil_client._pace import backoff

_LONGEST_TRIP = 1.0
_TICK = 0.002
"""By so much the loop's timers may be early; the SDK looks at the clock again."""
_TOGETHER = 100


class _Refusal(msgspec.Struct):
    error: str


class Crowd:
    """`hold` is for how long a poll asks to be held; 0 for plain polling.

    With `spread`, each desktop rests once for up to so many seconds before it asks again: people come one by one, a
    benchmark opens them all at once.
    """

    def __init__(self, address: str, hold: int, spread: float = 0.0) -> None:
        self.desktops: list[Desktop] = []
        self.collected: dict[str, float] = {}
        """When each device had its tokens, by the thumbprint of its key."""
        self.pending: list[Heard] = []
        """Answers that nothing has happened yet."""
        self.slowed = 0
        """How often a poll was told to slow down, as happens where the service is too busy to see it in time."""
        self.trouble = 0
        """Answers of a service that cannot answer right now: 500 to 599."""
        self.unexpected: Counter[str] = Counter()
        self.turned_away = 0
        """Polls that were not sent, as the service had hung up before."""
        self.spread = spread
        self._address, self._url, self._hold = address, address + TOKEN, hold
        self._random = random.Random(1)

    @property
    def waiting(self) -> int:
        """Those whose answer is due."""
        return sum(desktop.sent is not None for desktop in self.desktops)

    @property
    def lost(self) -> int:
        """Polls that got no answer."""
        return sum(desktop.lost for desktop in self.desktops)

    async def open(self, people: Sequence[Person], nonce: str) -> float:
        """All of them connect and poll, some at a time; how many the service took a second."""
        began, control = time.perf_counter(), Client(self._address)
        for start in range(0, len(people), _TOGETHER):
            for desktop in await self._connected(people[start : start + _TOGETHER], nonce):
                self._poll(desktop)
            # Answered once everything before it was taken.
            await control.ask("GET", "/health/live")
        control.close()
        return len(people) / (time.perf_counter() - began)

    async def open_evenly(self, people: Sequence[Person], nonce: str) -> None:
        """All of them connect, and begin to poll over one interval."""
        loop = asyncio.get_running_loop()
        for start in range(0, len(people), _TOGETHER):
            await self._connected(people[start : start + _TOGETHER], nonce)
        for place, desktop in enumerate(self.desktops):
            loop.call_later(INTERVAL * place / len(self.desktops), self._poll, desktop)

    async def _connected(self, people: Sequence[Person], nonce: str) -> list[Desktop]:
        loop, parts = asyncio.get_running_loop(), urlsplit(self._address)
        host, port = parts.hostname or "", parts.port or 0
        desktops = [Desktop(person, self._hear, nonce) for person in people]
        for desktop in desktops:
            await loop.create_connection(functools.partial(_itself, desktop), host, port)
        self.desktops += desktops
        return desktops

    def _poll(self, desktop: Desktop) -> None:
        proof = desktop.person.device.proof("POST", self._url, desktop.nonce)
        self.turned_away += not desktop.send(post(self._url, proof, desktop.person.poll, self._hold))

    def _hear(self, desktop: Desktop, heard: Heard) -> None:
        if heard.status == HTTPStatus.OK:
            self.collected[desktop.person.device.jkt] = heard.at
        elif heard.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self.trouble += 1
            self._ask_again(desktop, heard, backoff(1, self._random.random()))
        else:
            self._weigh(desktop, heard, msgspec.json.decode(heard.body, type=_Refusal).error)

    def _weigh(self, desktop: Desktop, heard: Heard, error: str) -> None:
        match error:
            case "authorization_pending":
                self.pending.append(heard)
                stray = 0.0 if desktop.strayed else self._random.uniform(0, self.spread)
                desktop.strayed = True
                self._ask_again(desktop, heard, stray)
            case "slow_down":
                self.slowed += 1
                desktop.interval += INTERVAL
                self._ask_again(desktop, heard)
            case "use_dpop_nonce":
                self._poll(desktop)
            case _:
                self.unexpected[error] += 1

    def _ask_again(self, desktop: Desktop, heard: Heard, later: float = 0.0) -> None:
        """Not before the interval is over, counted as the SDK counts it: the service does from the receipt."""
        took = heard.at - heard.sent
        rest = max(0.0, desktop.interval + min(took, _LONGEST_TRIP) - took) + later
        if rest:
            asyncio.get_running_loop().call_later(rest + _TICK, self._poll, desktop)
        else:
            self._poll(desktop)

    def close(self) -> None:
        """All hang up."""
        for desktop in self.desktops:
            desktop.leave()


def _itself(desktop: Desktop) -> Desktop:
    return desktop
