# SPDX-License-Identifier: Apache-2.0
"""All desktops at once, on a loop of their own; a gate holds them back while the books are read."""

import asyncio
import concurrent.futures
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Self

import httpx2

from attack.promises import Promises
from chaos.clock import SteppedClock
from chaos.customers import Customer
from chaos.mailbox import Mailbox
from chaos.told import Story, Told
from support.background import LoopThread, wait_until

_LIMITS = httpx2.Limits(max_connections=None, max_keepalive_connections=20)


class Crowd:
    """`told` grows; `names` makes their mailboxes differ from another crowd's."""

    _running: list[concurrent.futures.Future[None]]
    _make: Callable[[httpx2.AsyncClient], list[Customer]]

    def __init__(
        self, names: str, count: int, issuer: str, mailbox: Mailbox, clock: SteppedClock, *, pause: float
    ) -> None:
        self.told = Told()
        self._loop = LoopThread()
        self._make = lambda http: [
            Customer(f"{names}{number}", issuer, http, mailbox, self.told, clock, pause) for number in range(count)
        ]
        self._running = []

    def __enter__(self) -> Self:
        self._loop.__enter__()
        self._gate = asyncio.Event()
        self._loop.run(self._begin())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in self._running:
            each.cancel()
        self._loop.run(self._http.aclose())
        self._loop.__exit__(kind, error, trace)

    def open(self) -> None:
        """Let them begin."""
        self._loop.run(self._set(is_open=True))

    def close(self, seconds: float) -> list[Story]:
        """Let nobody begin, and those under way end; who did not within so long."""
        self._loop.run(self._set(is_open=False))
        try:
            wait_until(lambda: not self.told.under_way, "everybody to end", seconds)
        except AssertionError:
            return self.told.under_way
        return []

    def books(self) -> tuple[list[Story], Promises]:
        """What was told until now: nobody is in the middle of a note."""
        return self._loop.run(self._books())

    def check(self) -> None:
        """Raise what went wrong with a desktop, which is nobody's fault but this program's or the SDK's."""
        for each in self._running:
            if each.done():
                each.result()

    async def _begin(self) -> None:
        self._http = httpx2.AsyncClient(limits=_LIMITS, timeout=httpx2.Timeout(30), trust_env=False)
        customers = self._make(self._http)
        self._running = [self._loop.submit(each.run(self._gate)) for each in customers]

    async def _set(self, *, is_open: bool) -> None:
        if is_open:
            self._gate.set()
        else:
            self._gate.clear()

    async def _books(self) -> tuple[list[Story], Promises]:
        # Copies: what is read from the database afterwards must not be held against what was told later still.
        return [replace(story) for story in self.told.stories], self.told.promises.so_far()
