# SPDX-License-Identifier: Apache-2.0
"""What was measured: for each engine a list of series, each with its rounds at every size of the log."""

from benchmarks.harness.figures import EngineSeries, Saved

MOST_GROWTH = 1.3
"""What appending and sealing may cost at the largest log, against the smallest one."""


class Figures(Saved, frozen=True):
    """A whole run; `seconds` is how long it took."""

    machine: str
    sizes: list[int]
    seconds: float
    engines: list[EngineSeries]

    @property
    def too_steep(self) -> list[str]:
        """The judged series that grow too much."""
        return [
            f"{engine.engine}: {series.name} grows {series.growth:.2f} times, {MOST_GROWTH} is the most"
            for engine in self.engines
            for series in engine.judged
            if series.growth > MOST_GROWTH
        ]
