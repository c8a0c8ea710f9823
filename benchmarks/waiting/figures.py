# SPDX-License-Identifier: Apache-2.0
"""What was measured of each number of desktops on each engine, and what of it must hold."""

import math
from collections.abc import Iterator, Sequence

import msgspec

from benchmarks.harness.figures import Engine, Saved

MOST_KIB = 20.0
"""Memory of one waiting desktop."""
MOST_IDLE_PERCENT = 0.5
"""Of a core, while all are held and nothing happens."""
MOST_WAKE_MS = 10.0
"""99th percentile from the approval that is sent to the answer that is received."""
MOST_WAKE_GROWTH = 2.0
"""At `WAKE_AT` desktops against `WAKE_FROM`."""
WAKE_FROM, WAKE_AT = 1_000, 10_000
MOST_LEAVE_SECONDS = 2.0
"""Until the process is gone, for up to `WAKE_AT` desktops."""


class Times(msgspec.Struct, frozen=True):
    """How long something took, in milliseconds."""

    count: int
    p50: float
    p99: float
    longest: float


class Held(msgspec.Struct, frozen=True):
    """Long polls; idle and renewing are percents of a core.

    Idle is None where the first polls had to be renewed before the last ones were held.
    """

    opened_per_second: float
    kib_each: float
    idle: float | None
    renewing: float
    renewals_per_second: float
    wake: Times
    first: float
    """Milliseconds of the first approval since the process began."""


class Polling(msgspec.Struct, frozen=True):
    """The same desktops when each asks every five seconds instead; `busy` in percents of a core.

    Where that is more than the service can do, polls are told to slow down, or answered with trouble (500 to 599).
    """

    due_per_second: float
    polls_per_second: float
    slowed: int
    trouble: int
    busy: float
    answer: Times
    failed: int
    """Approvals that failed, or that the desktop had not heard of half a minute later."""
    wake: Times | None


class Leaving(msgspec.Struct, frozen=True):
    """SIGTERM: how many were held and lost, and seconds until the last answer and until the process was gone."""

    held: int
    lost: int
    answered: float
    gone: float


class SizeFigures(msgspec.Struct, frozen=True):
    """All of one number of desktops.

    `slow`: approvals beside clients that hardly read, which then stay connected while the process leaves.
    """

    desktops: int
    held: Held
    leaving: Leaving
    polling: Polling | None = None
    slow: Times | None = None


class EngineFigures(msgspec.Struct, frozen=True):
    """All of one engine. `about` says what is behind them, such as a version."""

    engine: Engine
    about: str
    sizes: list[SizeFigures]


class Verdict(msgspec.Struct, frozen=True):
    """One thing that must hold."""

    about: str
    found: float
    most: float

    @property
    def met(self) -> bool:
        """Whether it does."""
        return self.found <= self.most


class Figures(Saved, frozen=True):
    """A whole run. `descriptors` is how many one process may have here, and so the end of desktops."""

    machine: str
    descriptors: int
    seconds: float
    engines: list[EngineFigures]

    @property
    def verdicts(self) -> list[Verdict]:
        """Of each engine and size."""
        return [verdict for engine in self.engines for verdict in _verdicts(engine)]

    def beside(self, other: "Figures") -> "Figures":
        """Two runs as one: engines may be measured one after another."""
        return msgspec.structs.replace(
            self, seconds=self.seconds + other.seconds, engines=[*self.engines, *other.engines]
        )


def times(milliseconds: Sequence[float]) -> Times:
    """`ValueError` where there are none."""
    if not milliseconds:
        raise ValueError("nothing was measured")
    ordered = sorted(milliseconds)
    return Times(len(ordered), _at(ordered, 0.5), _at(ordered, 0.99), ordered[-1])


def _at(ordered: Sequence[float], share: float) -> float:
    """The smallest value that this share of all does not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _verdicts(engine: EngineFigures) -> Iterator[Verdict]:
    for size in engine.sizes:
        named, held = f"{engine.engine}, {size.desktops:,} desktops", size.held
        yield Verdict(f"{named}: KiB of memory for each", held.kib_each, MOST_KIB)
        if held.idle is not None:
            yield Verdict(f"{named}: % of a core while nothing happens", held.idle, MOST_IDLE_PERCENT)
        if size.desktops <= WAKE_AT:
            yield Verdict(f"{named}: ms from approval to answer, p99", held.wake.p99, MOST_WAKE_MS)
            yield Verdict(f"{named}: polls lost on SIGTERM", size.leaving.lost, 0)
            yield Verdict(f"{named}: s from SIGTERM to the end", size.leaving.gone, MOST_LEAVE_SECONDS)
        if size.slow is not None:
            yield Verdict(f"{named}: the same beside slow readers", size.slow.p99, MOST_WAKE_MS)
    wakes = {size.desktops: size.held.wake.p99 for size in engine.sizes}
    if WAKE_FROM in wakes and WAKE_AT in wakes:
        growth = wakes[WAKE_AT] / wakes[WAKE_FROM]
        yield Verdict(f"{engine.engine}: that p99 at {WAKE_AT:,} ÷ at {WAKE_FROM:,}", growth, MOST_WAKE_GROWTH)
