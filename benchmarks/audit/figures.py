# SPDX-License-Identifier: Apache-2.0
"""What was measured: for each engine a list of series, each with its rounds at every size of the log."""

from pathlib import Path

import msgspec

from benchmarks.harness.figures import Engine, Series

MOST_GROWTH = 1.3
"""What appending and sealing may cost at the largest log, against the smallest one."""


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
