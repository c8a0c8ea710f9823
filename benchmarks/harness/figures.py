# SPDX-License-Identifier: Apache-2.0
"""Figures of rounds: what was measured several times, at one size or at several."""

import os
import platform
import statistics
from typing import Literal

import msgspec

Engine = Literal["sqlite", "postgresql"]
_ROUND_FROM = 100


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


def number(value: float) -> str:
    """Three digits, or all that stand before the point."""
    return f"{value:,.0f}" if value >= _ROUND_FROM or value == round(value) else f"{value:.3g}"


def this_machine() -> str:
    """What the figures were measured on."""
    return f"{os.cpu_count()} processors, Python {platform.python_version()}, {platform.system()}"
