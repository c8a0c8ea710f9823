# SPDX-License-Identifier: Apache-2.0
"""The issuer's papers, kept: fetched once for everybody who waits, and not again because somebody asks often."""

import asyncio
import concurrent.futures
import contextlib
import logging
import threading
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass, field
from typing import final

from counterfoil_client._effects import Flow, Unreachable
from counterfoil_client._issuer import Issuer
from counterfoil_client.errors import UnexpectedResponse
from counterfoil_client.resource._keyset import Papers, fetch_papers
from counterfoil_client.resource.refusals import unavailable

_PAUSE = 10.0
"""Seconds between two fetches while there are keys, whatever kids strangers make up."""
_COLD_PAUSE = 1.0
"""The same while there are none and nobody can be let in anyway."""
_STALE = 3600.0
"""Seconds for which keys past their age still serve while the issuer is away."""
_FOLLOW = 10.0
"""Seconds to wait for a fetch that somebody else began."""
_ABANDONED = 45.0
"""Seconds after which a fetch counts as lost, with the loop or thread that ran it."""

_NO_KEYS = "The keys of the sign-in service cannot be had."

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Flight:
    """One fetch on its way."""

    began: float
    landed: concurrent.futures.Future[None] = field(default_factory=concurrent.futures.Future)

    def __post_init__(self) -> None:
        # As it counts as running, a waiting task that is cancelled cannot cancel it for the others.
        self.landed.set_running_or_notify_cancel()


@dataclass(frozen=True, slots=True)
class _Held:
    papers: Papers
    fresh_until: float

    @property
    def dead_at(self) -> float:
        return self.fresh_until + _STALE


@final
class KeyCache:
    """Keys for threads and tasks alike; `clock` is monotonic. Raises `NotAuthorized` 503 while there are none."""

    def __init__(self, issuer: Issuer, algorithms: tuple[str, ...], clock: Callable[[], float]) -> None:
        self._issuer = issuer
        self._algorithms = algorithms
        self._clock = clock
        self._lock = threading.Lock()
        self._held: _Held | None = None
        self._flight: _Flight | None = None
        self._next_try = clock()
        self._tasks: set[asyncio.Task[None]] = set()

    def papers(self, kid: str, run: Callable[[Flow[Papers]], Papers]) -> Papers:
        """The papers to judge this `kid` by, fetched on this thread if need be."""
        found, flight, lead = self._look(kid)
        if found is not None:
            return found
        if lead:
            with self._landing(flight) as outcome:
                outcome.append(run(fetch_papers(self._issuer, self._algorithms)))
        else:
            with contextlib.suppress(TimeoutError):
                flight.landed.result(_FOLLOW)
        return self._settled()

    async def apapers(self, kid: str, run: Callable[[Flow[Papers]], Awaitable[Papers]]) -> Papers:
        """The papers to judge this `kid` by, fetched on a task if need be."""
        found, flight, lead = self._look(kid)
        if found is not None:
            return found
        if lead:
            # A task of its own: the request that began it may be cancelled, and others wait for it.
            task = asyncio.get_running_loop().create_task(self._fly(flight, run))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.wrap_future(flight.landed), _ABANDONED if lead else _FOLLOW)
        return self._settled()

    async def _fly(self, flight: _Flight, run: Callable[[Flow[Papers]], Awaitable[Papers]]) -> None:
        with self._landing(flight) as outcome:
            outcome.append(await run(fetch_papers(self._issuer, self._algorithms)))

    def _look(self, kid: str) -> tuple[Papers | None, _Flight, bool]:
        """What is held if that will do, else the flight to wait for and whether to fly it."""
        now = self._clock()
        with self._lock:
            held = self._usable(now)
            flight = self._flight if self._flight is not None and now - self._flight.began < _ABANDONED else None
            if held is not None:
                known = kid in held.papers.keys
                # Old keys serve while somebody fetches; an unknown kid waits, as the new keys may name it.
                enough = known if flight is not None else now < self._next_try
                if enough or (known and now < held.fresh_until):
                    return held.papers, _NO_FLIGHT, False
            if flight is not None:
                return None, flight, False
            if now < self._next_try:
                raise unavailable(_NO_KEYS)
            self._flight = _Flight(now)
            return None, self._flight, True

    @contextlib.contextmanager
    def _landing(self, flight: _Flight) -> Generator[list[Papers]]:
        """Whatever happens in here, those who wait are told."""
        outcome: list[Papers] = []
        try:
            yield outcome
        except Unreachable as error:
            _log.warning("The keys of %s cannot be fetched: no answer (%s).", self._issuer.text, error)
        except UnexpectedResponse as error:
            _log.warning("The keys of %s cannot be fetched: %s", self._issuer.text, error)
        finally:
            self._land(flight, outcome)

    def _land(self, flight: _Flight, outcome: list[Papers]) -> None:
        now = self._clock()
        with self._lock:
            # One that was given up for lost comes too late to say anything.
            if self._flight is flight:
                self._flight = None
                if outcome:
                    self._held = _Held(outcome[0], now + outcome[0].max_age)
                self._next_try = now + (_COLD_PAUSE if self._usable(now) is None else _PAUSE)
        flight.landed.set_result(None)

    def _settled(self) -> Papers:
        with self._lock:
            held = self._usable(self._clock())
        if held is None:
            raise unavailable(_NO_KEYS)
        return held.papers

    def _usable(self, now: float) -> _Held | None:
        return self._held if self._held is not None and now < self._held.dead_at else None


_NO_FLIGHT = _Flight(0.0)
