# SPDX-License-Identifier: Apache-2.0
"""What was measured: for each engine a list of series, each with its rounds at every number of logins."""

from benchmarks.harness.figures import EngineSeries, Saved, Series

MOST_GROWTH = 1.5
"""What a request may cost at the most logins, against the fewest; and a batch of the sweeper, against the second most.

A batch takes hundreds of rows from all over its tables. Where these are small, the rows share pages and are cheaper,
up to a size that is no growth: from there on each has a page to itself, and only what looks through a table goes on.
"""
ALONE = 100_000
"""From so many logins on the rows of a batch lie alone; below it no batch is held against anything."""
REQUEST, BATCH = "request", "batch"
"""Groups of series that are judged."""


class Figures(Saved, frozen=True):
    """A whole run; `seconds` is how long it took, `requests` how many of each a round has, `batch` the sweeper's."""

    machine: str
    sizes: list[int]
    requests: int
    batch: int
    seconds: float
    engines: list[EngineSeries]

    @property
    def too_steep(self) -> list[str]:
        """The judged series that grow too much."""
        return [
            f"{engine.engine}: {series.name} grows {judged_growth(series):.2f} times, {MOST_GROWTH} is the most"
            for engine in self.engines
            for series in engine.judged
            if judged_growth(series) > MOST_GROWTH and not _shares_pages(series)
        ]


def judged_growth(series: Series) -> float:
    """What is held against the limit: in the middle of the rounds."""
    if series.group != BATCH:
        return series.growth
    return Series("", "", "", {size: series.rounds[size] for size in _two_largest(series)}).growth


def _shares_pages(series: Series) -> bool:
    return series.group == BATCH and _two_largest(series)[0] < ALONE


def _two_largest(series: Series) -> list[int]:
    return sorted(series.rounds)[-2:]
