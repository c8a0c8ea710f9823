# SPDX-License-Identifier: Apache-2.0
"""Kill a service that is busy, again and again, and look each time whether its database tells one true story."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random

from attack.checkpoints import KeptCheckpoints
from attack.invariants import broken, unsealed
from attack.letterbox import Letterbox
from attack.promises import Promises
from attack.snapshot import Snapshot, snapshot
from attack.visitors import STORY_SECONDS, Visitor
from journeys.databases import mail_is_due
from support.background import LoopThread, wait_until
from support.processes import RunningService

BUSY_SECONDS = 1.0
"""How long all of them go on working at most before the next kill."""

STARTING_SECONDS = 1.0
"""One in ten is killed once more within so long, while it starts."""

VERIFIED_EVERY = 5
"""Kills for each run of `audit verify`, which goes over the whole log while the services work on."""

AT_MOST_SECONDS = 600


@dataclass(frozen=True)
class Outcome:
    """What the database held in the end, and what was done to it; `given_up` are stories that stood still too long."""

    kills: int
    logins: int
    sessions: int
    events: int
    checkpoints: int
    promises: int
    verifications: int
    given_up: int


class Attack:
    """Services on one database, one of which is killed at a time, while visitors keep all of them busy."""

    def __init__(
        self, services: Sequence[RunningService], letterbox: Letterbox, loop: LoopThread, *, visitors: int, seed: str
    ) -> None:
        self._services, self._letterbox, self._loop = services, letterbox, loop
        self._url = services[0].settings["database_url"]
        self._random = Random(seed)
        self._promises = Promises()
        self._checkpoints = KeptCheckpoints(services[0].folder / "kept")
        self._verifications: list[Future[None]] = []
        issuer, addresses = services[0].public_url, [service.address for service in services]
        self._visitors = [
            Visitor(f"{seed}-{number}", issuer, addresses, letterbox, self._promises) for number in range(visitors)
        ]

    def run(self, kills: int, told: Callable[[int], None] = lambda _kills: None) -> Outcome:
        """`AssertionError` with everything that is wrong, as soon as something is; `told` hears of every kill."""
        deadline = time.monotonic() + AT_MOST_SECONDS
        with contextlib.ExitStack() as stack:
            for service in self._services:
                stack.enter_context(service)
            with ThreadPoolExecutor(1) as beside, self._busy() as visiting:
                for number in range(kills):
                    assert time.monotonic() < deadline, f"only {number} kills in {AT_MOST_SECONDS} s"
                    self._let_them_work()
                    self._kill(self._services[number % len(self._services)])
                    if number % VERIFIED_EVERY == 0:
                        self._verifications.append(beside.submit(self._verify, self._checkpoints.paths))
                    for visitor in visiting:
                        assert not visitor.done(), visitor.exception()
                    told(number + 1)
            return self._end(kills)

    def _let_them_work(self) -> None:
        """Until somebody got an answer since the last kill, and then for a while."""
        before = self._promises.count
        wait_until(lambda: self._promises.count > before, "an answer", STORY_SECONDS)
        time.sleep(self._random.uniform(0, BUSY_SECONDS))

    def _kill(self, victim: RunningService) -> None:
        """Kill one, look, and start it again."""
        victim.kill()
        while self._random.random() < 0.1:
            victim._process = victim._popen()
            time.sleep(self._random.uniform(0, STARTING_SECONDS))
            victim.kill()
        self._look()
        # What the dead one was about to send would fall due only after a minute.
        mail_is_due(self._url)
        victim.start()

    def _look(self) -> Snapshot:
        """Whatever was promised by now must be there, and everything must fit."""
        promises = self._loop.run(self._promised())
        now = snapshot(self._url)
        wrong = [*broken(now, promises, self._letterbox.accepted), *self._checkpoints.forked(now)]
        assert not wrong, "\n".join(wrong)
        return now

    async def _promised(self) -> Promises:
        """On the visitors' loop: none of them is in the middle of a note."""
        return self._promises.so_far()

    def _verify(self, kept: Sequence[Path]) -> None:
        """By the command, also against every checkpoint that was taken along before."""
        against = [argument for path in kept for argument in ("--against", str(path))]
        assert "entries fit" in self._services[0].told("audit", "verify", *against)

    @contextlib.contextmanager
    def _busy(self) -> Iterator[list[Future[None]]]:
        visiting = [self._loop.submit(visitor.run()) for visitor in self._visitors]
        try:
            yield visiting
        finally:
            for visitor in visiting:
                visitor.cancel()

    def _end(self, kills: int) -> Outcome:
        """Everything is sealed soon; then all leave, and every checkpoint that was ever seen is verified once more."""
        wait_until(self._all_sealed, "every event to be sealed")
        for service in self._services:
            service.stop()
        now = self._look()
        for verification in self._verifications:
            verification.result()
        self._verify(self._checkpoints.paths)
        return Outcome(
            kills=kills,
            logins=len(now["logins"]),
            sessions=len(now["sessions"]),
            events=len(now["audit_events"]),
            checkpoints=len(now["checkpoints"]),
            promises=self._promises.count,
            verifications=len(self._verifications) + 1,
            given_up=sum(visitor.given_up for visitor in self._visitors),
        )

    def _all_sealed(self) -> bool:
        return not unsealed(snapshot(self._url))
