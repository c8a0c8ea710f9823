# SPDX-License-Identifier: Apache-2.0
"""Score the whole corpus once."""

from dataclasses import dataclass
from pathlib import Path

from calibration.corpus import CORPUS, read
from calibration.score import score
from calibration.tally import Row, rows


@dataclass(frozen=True, slots=True)
class Measured:
    """The events of all machines, of those that the weights were chosen on, and of the others."""

    pairs: int
    machines: int
    rows: tuple[Row, ...]
    tuning: tuple[Row, ...]
    held_out: tuple[Row, ...]


def measure(path: Path = CORPUS) -> Measured:
    """By the real path: see `score`."""
    scored = [(pair, score(pair).score) for pair in read(path)]
    tuning, held_out = ([each for each in scored if each[0].half == half] for half in ("tuning", "held out"))
    machines = len({pair.machine for pair, _ in scored})
    return Measured(len(scored), machines, rows(scored), rows(tuning), rows(held_out))
