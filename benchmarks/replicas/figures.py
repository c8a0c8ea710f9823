# SPDX-License-Identifier: Apache-2.0
"""What was measured: a load against one replica and against two, whole sign-ins, and what must hold of it."""

import statistics

import msgspec

from benchmarks.harness.figures import Saved

MOST_DEARER = 1.4
"""What a request may cost all processes together with two replicas, against one.

Two busy processors that share caches, or are two halves of one, are each slower than one alone.
"""

MOST_WAKE_MS = 1000.0
"""99th percentile from the approval that is sent to one replica to the answer of the other; without notices: 5 s."""


class Cost(msgspec.Struct, frozen=True):
    """Of one request or sign-in: microseconds of CPU of all replicas, nginx and PostgreSQL, and bytes of its WAL."""

    replicas: float
    nginx: float
    postgresql: float
    wal: float

    @property
    def total(self) -> float:
        """All CPU of a request; the load's own is not among it."""
        return self.replicas + self.nginx + self.postgresql

    @classmethod
    def middle(cls, costs: list["Cost"]) -> "Cost":
        """The medians of rounds."""
        parts = zip(*map(msgspec.structs.astuple, costs), strict=True)
        replicas, nginx, postgresql, wal = map(statistics.median, parts)
        return cls(replicas, nginx, postgresql, wal)


class Round(msgspec.Struct, frozen=True):
    """Answers a second under a closed load, microseconds until an answer, and what each cost."""

    per_second: float
    p50: float
    p99: float
    cost: Cost


class Loaded(msgspec.Struct, frozen=True):
    """The same load against one replica and against two, in rounds; a round of one stands beside that of two."""

    name: str
    one: list[Round]
    two: list[Round]

    @property
    def dearer(self) -> list[float]:
        """All CPU of a request with two replicas against one, in each round: what slows a whole round slows both."""
        return [two.cost.total / one.cost.total for one, two in zip(self.one, self.two, strict=True)]

    @property
    def faster(self) -> list[float]:
        """Answers a second, the same way."""
        return [two.per_second / one.per_second for one, two in zip(self.one, self.two, strict=True)]


class Kept(msgspec.Struct, frozen=True):
    """What a sign-in or a renewal leaves in the database: entries of the log, bytes of it, and bytes of all else."""

    entries: float
    log_bytes: float
    other_bytes: float


class Whole(msgspec.Struct, frozen=True):
    """A whole sign-in or a renewal over two replicas, sealed in the log: its cost in rounds, and what it leaves."""

    name: str
    costs: list[Cost]
    kept: list[Kept]


class Woken(msgspec.Struct, frozen=True):
    """Approved at one replica, answered by the other: milliseconds."""

    count: int
    p50: float
    p99: float
    longest: float


class Figures(Saved, frozen=True):
    """A whole run. `idle` is percents of a core and `bytes_each` memory of one replica that nobody asks anything."""

    machine: str
    about: str
    processors: int
    seconds: float
    loads: list[Loaded]
    wholes: list[Whole]
    woken: Woken
    idle: float
    bytes_each: int

    @property
    def complaints(self) -> list[str]:
        """What must hold and does not."""
        found = [
            f"{load.name}: a request costs {statistics.median(load.dearer):.2f} times as much with two replicas,"
            f" {MOST_DEARER} is the most"
            for load in self.loads
            if statistics.median(load.dearer) > MOST_DEARER
        ]
        if self.woken.p99 > MOST_WAKE_MS:
            found.append(
                f"an approval took {self.woken.p99:.0f} ms to the other replica, {MOST_WAKE_MS:.0f} is the most"
            )
        return found


def ceiling(round_: Round, processors: int) -> float:
    """Answers a second that could be kept up if all processors did nothing else; the load takes its own share too."""
    return processors * 1e6 / round_.cost.total
