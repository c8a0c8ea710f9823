# SPDX-License-Identifier: Apache-2.0
"""Write the corpus: every event on every machine that it can happen to, a few times over, the same ones each time."""

import sys
from collections.abc import Iterator
from random import Random

from calibration.corpus import CORPUS, Pair, lines
from calibration.events import Event
from calibration.honest import HONEST
from calibration.hostile import HOSTILE
from calibration.machine import Machine
from calibration.machines import HELD_OUT, MACHINES

EVENTS: tuple[Event, ...] = (*HONEST, *HOSTILE)
SEED = "counterfoil drift corpus 1"
DRAWS = 2


def pairs() -> Iterator[Pair]:
    """Each draw has a seed of its own, so that a new machine or event leaves all the others as they are."""
    for machine in MACHINES:
        for event in EVENTS:
            if event.applies(machine):
                yield from (_pair(machine, event, draw) for draw in range(DRAWS))


def text() -> str:
    """The whole file."""
    return "".join(f"{line}\n" for line in lines(pairs()))


def _pair(machine: Machine, event: Event, draw: int) -> Pair:
    random = Random(f"{SEED}/{machine.name}/{event.name}/{draw}")
    seen = event.happen(machine.profile, random)
    half = "held out" if machine in HELD_OUT else "tuning"
    return Pair(machine.name, half, event.name, event.group, event.honest, machine.profile, seen)


def main() -> None:
    """`python -m calibration.generate`."""
    CORPUS.write_text(text(), "utf-8")
    sys.stdout.write(f"{CORPUS}: {sum(1 for _ in pairs())} pairs, {CORPUS.stat().st_size // 1024} KiB\n")


if __name__ == "__main__":
    main()
