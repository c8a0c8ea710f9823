# SPDX-License-Identifier: Apache-2.0
"""How long each kind of address took, and whether time tells them apart: the two-sample Kolmogorov-Smirnov test."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from scipy.stats import ks_2samp

from attack.enumeration_people import KINDS, Kind
from benchmarks.harness.figures import Engine, Saved

OTHERS: Final = KINDS[1:]
"""Each is held against `known`, the first."""
ENOUGH: Final = 0.01
LIMIT: Final = ENOUGH / len(OTHERS)
"""Bonferroni: so that of runs in which nothing differs, one in a hundred fails and not four."""
_NEARER: Final = 1.0
"""Microseconds that are not worth another look."""


def likeness(one: Sequence[float], other: Sequence[float]) -> float:
    """The p value: small when the two were hardly drawn from one distribution."""
    return float(ks_2samp(one, other).pvalue)


class Run(msgspec.Struct, frozen=True):
    """Microseconds of each answer, by kind."""

    times: dict[Kind, list[int]]

    def p_of(self, kind: Kind) -> float:
        """Of a kind against `known`."""
        return likeness(self.times["known"], self.times[kind])

    @property
    def alike(self) -> bool:
        """Whether no kind is told apart."""
        return all(self.p_of(kind) > LIMIT for kind in OTHERS)

    @property
    def would_be_seen(self) -> float:
        """Microseconds: had any one kind taken so much longer than it did, it would have been told apart."""
        return max(self._seen(kind) for kind in OTHERS)

    def _seen(self, kind: Kind) -> float:
        known, times = self.times["known"], self.times[kind]
        low, high = 0.0, float(max(known) + 1)
        while high - low > _NEARER:
            middle = (low + high) / 2
            if likeness(known, [time + middle for time in times]) <= LIMIT:
                high = middle
            else:
                low = middle
        return high


class EngineRuns(msgspec.Struct, frozen=True):
    """All runs on one engine; `wrong` is what is no matter of time: answers that differ, kinds that were not theirs."""

    engine: Engine
    about: str
    answers: int
    runs: list[Run]
    wrong: list[str]

    @property
    def held(self) -> bool:
        """Whether an address gives nothing away."""
        return not self.wrong and all(run.alike for run in self.runs)

    def pooled(self, kind: Kind) -> list[int]:
        """Of all runs, the quickest first."""
        return sorted(time for run in self.runs for time in run.times[kind])

    @property
    def would_be_seen(self) -> float:
        """In the run that sees least."""
        return max(run.would_be_seen for run in self.runs)


class Figures(Saved, frozen=True):
    """A whole run of the command; `seconds` is how long it took."""

    machine: str
    seconds: float
    engines: list[EngineRuns]

    def write(self, path: Path) -> None:
        """As JSON, without a line for each of thousands of times."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.encode(self) + b"\n")

    @property
    def held(self) -> bool:
        """On every engine."""
        return all(engine.held for engine in self.engines)
