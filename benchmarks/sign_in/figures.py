# SPDX-License-Identifier: Apache-2.0
"""What was measured of each service, and the ratios that it is for.

A ratio is of one round: what slows a whole round slows both of its sides.
"""

import statistics
from collections.abc import Iterator, Sequence

import msgspec

from benchmarks.harness.figures import NAMES, Engine, Saved

FEW, MANY = 1_000, 300_000
"""Live links, while whole sign-ins are measured."""
_MUSTS: dict[tuple[str, str], dict[Engine, tuple[float, float]]] = {
    ("send", "send"): {"sqlite": (2.5, 3.5), "postgresql": (2.5, 4.0)},
    ("send without proof", "send"): {"sqlite": (3.5, 4.5), "postgresql": (3.5, 6.0)},
    ("poll", "poll"): {"sqlite": (4.0, 7.0), "postgresql": (4.0, 7.0)},
    ("who am I", "who am I"): {"sqlite": (3.0, 5.0), "postgresql": (3.0, 5.0)},
}
FASTER = [
    *(
        (
            f"{ours} ÷ Better Auth, {NAMES[engine]}",
            (f"counterfoil-{engine}", ours),
            (f"better-auth-{engine}", theirs),
            must,
            aim,
        )
        for (ours, theirs), judged in _MUSTS.items()
        for engine, (must, aim) in judged.items()
    ),
    ("send ÷ bare Litestar handler, SQLite", ("counterfoil-sqlite", "send"), ("litestar", "send"), 0.35, 0.45),
    ("send ÷ pgbench, the same statements", ("counterfoil-postgresql", "send"), ("pgbench", "send"), 0.4, 0.6),
]
"""Answers a second of one against those of another: what it must be, and what we aim for."""


class Load(msgspec.Struct, frozen=True):
    """One kind of request at one service, a value for each round.

    `cpu` and `database_cpu` are microseconds for one answer: of the service's processes, and of PostgreSQL's. `p50` and
    `p99` are milliseconds of a closed load, that is with the other connections' requests in front.
    """

    service: str
    request: str
    per_second: list[float] = []
    cpu: list[float] = []
    database_cpu: list[float] = []
    p50: list[float] = []
    p99: list[float] = []

    @property
    def middle(self) -> float:
        """Answers a second in the middle round."""
        return statistics.median(self.per_second)


class SignIns(msgspec.Struct, frozen=True):
    """Whole sign-ins while so many links are live: microseconds of CPU for one, a value for each round."""

    service: str
    live: int
    cpu: list[float] = []
    database_cpu: list[float] = []


class Start(msgspec.Struct, frozen=True):
    """From its start to its first answer, in seconds, and what it holds while nobody asks, in bytes."""

    service: str
    seconds: list[float] = []
    idle: list[float] = []


class Ratio(msgspec.Struct, frozen=True):
    """How two figures stand to each other; `at_most` tells in which direction it is judged."""

    name: str
    must: float
    aim: float
    rounds: list[float]
    at_most: bool = False

    @property
    def middle(self) -> float:
        """Of the rounds."""
        return statistics.median(self.rounds)

    @property
    def missed(self) -> bool:
        """It is not what it must be."""
        return self.middle > self.must if self.at_most else self.middle < self.must

    @property
    def reached(self) -> bool:
        """It is what we aim for."""
        return self.middle <= self.aim if self.at_most else self.middle >= self.aim


class Figures(Saved, frozen=True):
    """A whole run; `versions` are those of what was measured."""

    machine: str
    date: str
    seconds: float
    versions: dict[str, str]
    loads: list[Load]
    sign_ins: list[SignIns]
    starts: list[Start]

    @property
    def ratios(self) -> list[Ratio]:
        """All of which both sides were measured."""
        return [*self._faster(), *self._cheaper(), *self._growing(), *self._lighter()]

    def load(self, service: str, request: str) -> Load | None:
        """One, where it was measured."""
        return next((each for each in self.loads if (each.service, each.request) == (service, request)), None)

    def _faster(self) -> Iterator[Ratio]:
        for name, ours, theirs, must, aim in FASTER:
            upper, lower = self.load(*ours), self.load(*theirs)
            if upper is not None and lower is not None:
                yield Ratio(name, must, aim, _each(upper.per_second, lower.per_second))
        send = self.load("counterfoil-sqlite", "send")
        if send is not None:
            yield Ratio("p99 of send ÷ its p50, SQLite", 8, 4, _each(send.p99, send.p50), at_most=True)

    def _cheaper(self) -> Iterator[Ratio]:
        for engine, words in NAMES.items():
            theirs, ours = (self._signing_in(f"{who}-{engine}", FEW) for who in ("better-auth", "counterfoil"))
            if theirs is not None and ours is not None:
                yield Ratio(f"CPU of a whole sign-in: Better Auth ÷ ours, {words}", 2.5, 4, _each(theirs.cpu, ours.cpu))

    def _growing(self) -> Iterator[Ratio]:
        for engine, words in NAMES.items():
            many, few = (self._signing_in(f"counterfoil-{engine}", live) for live in (MANY, FEW))
            if many is not None and few is not None:
                name = f"whole sign-in with {MANY:,} live links ÷ with {FEW:,}, {words}"
                yield Ratio(name, 1.3, 1.15, _each(many.cpu, few.cpu), at_most=True)

    def _lighter(self) -> Iterator[Ratio]:
        started = {each.service: each for each in self.starts}
        ours, bare = started.get("counterfoil-sqlite"), started.get("litestar")
        if ours is not None and bare is not None:
            yield Ratio("idle memory ÷ bare Litestar", 1.8, 1.4, _each(ours.idle, bare.idle), at_most=True)
            yield Ratio(
                "start to first answer ÷ bare Litestar", 2.5, 1.8, _each(ours.seconds, bare.seconds), at_most=True
            )

    def _signing_in(self, service: str, live: int) -> SignIns | None:
        return next((each for each in self.sign_ins if (each.service, each.live) == (service, live)), None)


def _each(upper: Sequence[float], lower: Sequence[float]) -> list[float]:
    return [above / below for above, below in zip(upper, lower, strict=True)]
