# SPDX-License-Identifier: Apache-2.0
"""Count scores by event. Rates are means of events and not of pairs, whose number says nothing of the field.

How often each event happens is unknown, so every event weighs alike; these rates describe our list, not the world.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from calibration.corpus import Pair
from calibration.events import Group
from calibration.generate import EVENTS
from counterfoil_service.core.evidence import NORMAL_FROM, NOTIFY_FROM, Band

_ORDER = {event.name: number for number, event in enumerate(EVENTS)}


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where the bands begin; the service's own, or others to compare them with."""

    normal_from: int = NORMAL_FROM
    notify_from: int = NOTIFY_FROM

    def band(self, score: int) -> Band:
        """As `Comparison.band`."""
        if score >= self.normal_from:
            return Band.NORMAL
        return Band.NOTIFY if score >= self.notify_from else Band.FRESH


CHOSEN = Thresholds()


@dataclass(frozen=True, slots=True)
class Row:
    """An event and the scores of its pairs."""

    event: str
    group: str
    scores: tuple[int, ...]

    def share(self, *bands: Band, thresholds: Thresholds = CHOSEN) -> float:
        """The part of its pairs in any of these bands."""
        return sum(thresholds.band(score) in bands for score in self.scores) / len(self.scores)


def rows(scored: Iterable[tuple[Pair, int]]) -> tuple[Row, ...]:
    """In the order of the events' list."""
    scores: dict[tuple[str, str], list[int]] = {}
    for pair, score in scored:
        scores.setdefault((pair.event, pair.group), []).append(score)
    found = (Row(event, group, tuple(each)) for (event, group), each in scores.items())
    return tuple(sorted(found, key=lambda row: _ORDER[row.event]))


def of(among: Sequence[Row], *groups: Group) -> tuple[Row, ...]:
    """The rows of these groups."""
    return tuple(row for row in among if row.group in groups)


def rate(among: Sequence[Row], *bands: Band, thresholds: Thresholds = CHOSEN) -> float:
    """The mean of the events' shares."""
    return fmean(row.share(*bands, thresholds=thresholds) for row in among)
