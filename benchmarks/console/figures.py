# SPDX-License-Identifier: Apache-2.0
"""What was measured: for each engine every page, its times, and its slowest statement with the engine's plan."""

import statistics

import msgspec

from benchmarks.harness.figures import Engine, Saved

MOST_MS = 100
"""What a page may take of the server's time, in the middle of its requests."""


class Query(msgspec.Struct, frozen=True):
    """The slowest statement of a page: its name in the source, milliseconds, rows, and the plan's lines."""

    name: str
    took: float
    rows: int
    plan: list[str]


class Page(msgspec.Struct, frozen=True):
    """Milliseconds of each request, after some that warmed it; how many statements one runs; KB of its HTML.

    `cpu` is how many milliseconds of processors one took on average, the database's among them: on a busy machine
    that tells more than the clock.
    """

    name: str
    cpu: float
    took: list[float]
    statements: int
    kilobytes: float
    slowest: Query

    @property
    def median(self) -> float:
        """In the middle."""
        return statistics.median(self.took)

    @property
    def worst(self) -> float:
        """Of all."""
        return max(self.took)


class EnginePages(msgspec.Struct, frozen=True):
    """One engine; `about` is its version."""

    engine: Engine
    about: str
    logins: int
    events: int
    pages: list[Page]


class Figures(Saved, frozen=True):
    """A whole run; `seconds` is how long it took."""

    machine: str
    date: str
    requests: int
    seconds: float
    engines: list[EnginePages]

    @property
    def too_slow(self) -> list[str]:
        """Pages over the limit."""
        return [
            f"{engine.engine}: {page.name} takes {page.median:.0f} ms, {MOST_MS} is the most"
            for engine in self.engines
            for page in engine.pages
            if page.median > MOST_MS
        ]
