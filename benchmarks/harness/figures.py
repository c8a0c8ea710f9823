# SPDX-License-Identifier: Apache-2.0
"""Figures: kept as JSON, of rounds, of one size or several, and how they and where they come from are spelt."""

import os
import platform
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self, get_args

import msgspec

Engine = Literal["sqlite", "postgresql"]
ENGINES: tuple[Engine, ...] = get_args(Engine)
NAMES: dict[Engine, str] = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
_ROUND_FROM = 100


class Saved(msgspec.Struct, frozen=True):
    """Figures of a whole run."""

    def write(self, path: Path) -> None:
        """As JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n")

    @classmethod
    def read(cls, path: Path) -> Self:
        """What `write` wrote."""
        return msgspec.json.decode(path.read_bytes(), type=cls)


class Series(msgspec.Struct, frozen=True):
    """One figure of each round, by size. `judged`: it is held against a limit of how much it may grow."""

    group: str
    name: str
    unit: str
    rounds: dict[int, list[float]] = {}
    judged: bool = False

    def add(self, size: int, value: float) -> None:
        """One more round at this size."""
        self.rounds.setdefault(size, []).append(value)

    def median(self, size: int) -> float:
        """The middle of the rounds."""
        return statistics.median(self.rounds[size])

    @property
    def growths(self) -> list[float]:
        """The largest size against the smallest, in each round: what slows a whole round slows both."""
        smallest, largest = self.rounds[min(self.rounds)], self.rounds[max(self.rounds)]
        return [large / small for small, large in zip(smallest, largest, strict=True)]

    @property
    def growth(self) -> float:
        """The middle of them."""
        return statistics.median(self.growths)

    @property
    def growth_and_spread(self) -> str:
        """The middle of them, and between which all are."""
        growths = self.growths
        spread = "" if min(growths) == max(growths) else f" ({min(growths):.2f} to {max(growths):.2f})"
        return f"{self.growth:.2f}{spread}"


class EngineSeries(msgspec.Struct, frozen=True):
    """All series of one engine. `about` says what is behind them, such as a version."""

    engine: Engine
    about: str
    series: list[Series]

    def of(self, group: str) -> list[Series]:
        """The series of one group, in order."""
        return [each for each in self.series if each.group == group]

    @property
    def judged(self) -> list[Series]:
        """The series that are held against a limit, in order."""
        return [each for each in self.series if each.judged]


def number(value: float) -> str:
    """Three digits, or all that stand before the point."""
    return f"{value:,.0f}" if value >= _ROUND_FROM or value == round(value) else f"{value:.3g}"


def spread(rounds: Sequence[float]) -> str:
    """The middle round, and between which all are."""
    middle = number(statistics.median(rounds))
    return middle if min(rounds) == max(rounds) else f"{middle} ({number(min(rounds))} to {number(max(rounds))})"


def this_machine() -> str:
    """What the figures were measured on."""
    return f"{os.cpu_count()} processors, Python {platform.python_version()}, {platform.system()}"


def one_run(seconds: float, measured_on: str, date: str = "") -> str:
    """The sentence below the tables."""
    when = f" on {date}" if date else ""
    return f"One run of {seconds:.0f} s{when}: {measured_on}."
