# SPDX-License-Identifier: Apache-2.0
"""One fault after another, then in random order, while desktops sign in; after each the books are read."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise, takewhile
from math import inf
from random import Random

from attack.checkpoints import KeptCheckpoints
from attack.invariants import unsealed
from attack.snapshot import snapshot
from chaos.crowd import Crowd
from chaos.faults import FAULTS, Fault
from chaos.figures import Row
from chaos.health import Health
from chaos.told import Story
from chaos.verdict import Verdict, judge
from chaos.world import World
from support.background import wait_until

VERIFY_SECONDS, VERIFY_TRIES, VERIFY_PAUSE_SECONDS = 300, 10, 5
_DOWN = ("cannot answer right now", "PostgreSQL does not answer", "is locked")
AGAINST = 20
"""Checkpoints from before that each run of `audit verify` is given."""

Tell = Callable[[Row], None]


@dataclass(frozen=True)
class Pace:
    """In seconds. A fault comes after undisturbed `work`, at a random instant; its end is followed by work, too.

    `drain`: how long the books wait for those under way; `last`: the same at the very end, where a mail that a dead
    worker had claimed falls due after a minute.
    """

    work: tuple[float, float] = (2.0, 4.0)
    after: float = 4.0
    recovery: float = 120.0
    drain: float = 10.0
    last: float = 200.0


class Run:
    """One crowd in one world."""

    def __init__(self, world: World, crowd: Crowd, random: Random, tell: Tell, pace: Pace = Pace()) -> None:
        self._world, self._crowd, self._random, self._tell, self._pace = world, crowd, random, tell, pace
        self._health = Health()
        self._checkpoints = KeptCheckpoints(world.folder / "kept")
        self._verifications: list[Future[str]] = []
        self._said: frozenset[str] = frozenset()
        self._begun = time.monotonic()
        self.rows: list[Row] = []

    def through(self, faults: Sequence[Fault], seconds: float) -> None:
        """Each once, then one after another at random until the time is over; then the last word on all of them."""
        deadline = self._begun + seconds
        with ThreadPoolExecutor(1) as beside:
            for fault in faults:
                self._one(fault, beside)
            again = [fault for fault in faults if not fault.once]
            while time.monotonic() < deadline:
                self._one(self._random.choice(again), beside)
            self._end(beside)

    def _one(self, fault: Fault, beside: ThreadPoolExecutor) -> None:
        missing = fault.missing(self._world)
        if missing:
            self._add(Row(fault.name, time.monotonic() - self._begun, not_tried=missing))
            return
        told = self._crowd.told
        self._crowd.open()
        time.sleep(self._random.uniform(*self._pace.work))
        began, answered = time.monotonic(), told.promises.count
        with fault.happens(self._world, self._random):
            time.sleep(fault.lasts)
        healed = time.monotonic()
        back_after = _back_after(told.stories, healed, self._pace.recovery)
        time.sleep(self._pace.after)
        closed = time.monotonic()
        under_way = self._crowd.close(self._pace.drain)
        self._crowd.check()
        verdict, complaints = self._look(len(under_way))
        if back_after == inf:
            complaints.append(f"nobody was signed in within {self._pace.recovery:.0f} s of its end")
        self._verify(beside)
        self._add(
            Row(
                fault.name,
                began - self._begun,
                lasted=healed - began,
                logins=sum(began <= story.begun <= closed for story in told.stories),
                answers=told.promises.count - answered,
                silence=longest_gap(told.answers, began, closed),
                back_after=back_after,
                under_way=len(under_way),
                memory=self._health.most.memory,
                descriptors=self._health.most.descriptors,
                verdict=verdict,
                complaints=complaints,
            )
        )

    def _look(self, under_way: int) -> tuple[Verdict, list[str]]:
        # In this order: whatever was told by now must be in what is read afterwards.
        stories, promises = self._crowd.books()
        now = snapshot(self._world.url)
        verdict = judge(stories, promises, now, self._world.mailbox.delivered, self._world.clock.ahead).without(
            self._said
        )
        self._said |= verdict.sentences
        complaints = [*self._checkpoints.forked(now), *self._health.look(self._world.processes, under_way)]
        return verdict, complaints

    def _verify(self, beside: ThreadPoolExecutor) -> None:
        against = [argument for path in self._checkpoints.paths[-AGAINST:] for argument in ("--against", str(path))]
        self._verifications.append(beside.submit(self._verified, against))

    def _verified(self, against: Sequence[str]) -> str:
        """By the command, again where the next fault took the database from it: what it finds is said otherwise."""
        for _ in range(VERIFY_TRIES):
            done = self._world.clerk.cli("audit", "verify", *against, seconds=VERIFY_SECONDS)
            if done.returncode == 0 and "entries fit" in done.stdout:
                return ""
            if not any(word in done.stderr for word in _DOWN):
                break
            time.sleep(VERIFY_PAUSE_SECONDS)
        return f"audit verify: {done.stderr[-300:]}"

    def _end(self, beside: ThreadPoolExecutor) -> None:
        """Everybody ends, everything is sealed, and all is held together once more."""
        began = time.monotonic()
        for story in self._crowd.close(self._pace.last):
            since = time.monotonic() - story.begun
            story.loss = f"nothing for {since:.0f} s; the desktop {story.desktop}, the phone {story.phone}"
        wait_until(lambda: not unsealed(snapshot(self._world.url)), "every event to be sealed", 60)
        verdict, complaints = self._look(0)
        self._verify(beside)
        complaints += list(filter(None, (each.result() for each in self._verifications)))
        self._add(
            Row(
                "at the end",
                began - self._begun,
                lasted=time.monotonic() - began,
                logins=len(self._crowd.told.stories),
                answers=self._crowd.told.promises.count,
                memory=self._health.most.memory,
                descriptors=self._health.most.descriptors,
                verifications=len(self._verifications),
                verdict=verdict,
                complaints=complaints,
            )
        )

    def _add(self, row: Row) -> None:
        self.rows.append(row)
        self._tell(row)


def _back_after(stories: Sequence[Story], since: float, at_most: float) -> float:
    """Seconds until somebody is signed in who began after that; infinite where it takes too long."""

    def first() -> float | None:
        later = takewhile(lambda story: story.begun >= since, reversed(stories))
        return min((story.signed_in for story in later if story.signed_in is not None), default=None)

    try:
        return wait_until(first, "somebody to be signed in", at_most) - since
    except AssertionError:
        return inf


def longest_gap(moments: Iterable[float], begin: float, end: float) -> float:
    """The longest time between these within the two."""
    within = [begin, *sorted(moment for moment in moments if begin <= moment <= end), end]
    return max(late - early for early, late in pairwise(within))


def faults_of(world: World) -> Sequence[Fault]:
    """Those that this engine can meet."""
    return [fault for fault in FAULTS if world.engine in fault.engines]
