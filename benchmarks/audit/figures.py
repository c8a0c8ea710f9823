# SPDX-License-Identifier: Apache-2.0
"""What was measured: for each engine a list of series, each with its rounds at every size of the log."""

import statistics
from pathlib import Path
from typing import Literal

import msgspec

Engine = Literal["sqlite", "postgresql"]
MOST_GROWTH = 1.3
"""What appending and sealing may cost at the largest log, against the smallest one."""


class Series(msgspec.Struct, frozen=True):
    """One figure of each round, by size. `judged`: it must not grow beyond `MOST_GROWTH`."""

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


class EngineFigures(msgspec.Struct, frozen=True):
    """All of one engine. `about` says what is behind them, such as a version."""

    engine: Engine
    about: str
    series: list[Series]

    def of(self, group: str) -> list[Series]:
        """The series of one group, in order."""
        return [each for each in self.series if each.group == group]


class Figures(msgspec.Struct, frozen=True):
    """A whole run; `seconds` is how long it took."""

    machine: str
    sizes: list[int]
    seconds: float
    engines: list[EngineFigures]

    @property
    def too_steep(self) -> list[str]:
        """The judged series that grow too much."""
        return [
            f"{engine.engine}: {series.name} grows {series.growth:.2f} times"
            for engine in self.engines
            for series in engine.series
            if series.judged and series.growth > MOST_GROWTH
        ]

    def write(self, path: Path) -> None:
        """As JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n")

    @classmethod
    def read(cls, path: Path) -> "Figures":
        """What `write` wrote."""
        return msgspec.json.decode(path.read_bytes(), type=cls)
