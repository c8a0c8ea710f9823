# SPDX-License-Identifier: Apache-2.0
"""The failure kit itself, small: five desktops, two replicas behind nginx, and two processes that are killed."""

import tempfile
from pathlib import Path
from random import Random

from chaos.crowd import Crowd
from chaos.faults import BY_NAME
from chaos.figures import found
from chaos.run import Pace, Run
from chaos.world import world
from support.background import LoopThread

QUICK = Pace(work=(0.3, 0.6), after=0.5, recovery=20, drain=5, last=20)
AT_LEAST_SECONDS = 12
"""Longer than two faults take, and so short that a third is the last one."""
FAULTS = ("kill -9 nginx", "kill -9 Redis")


def test_five_desktops_ride_over_a_dead_proxy_and_a_dead_redis() -> None:
    # Not in pytest's folder: every other run of pytest closes that to the user that the server runs as.
    with (
        tempfile.TemporaryDirectory(prefix="counterfoil-chaos-") as folder,
        LoopThread() as wires,
        world("postgresql", Path(folder), wires) as made,
        Crowd("c", 5, made.issuer, made.mailbox, made.clock, pause=0.3) as crowd,
    ):
        run = Run(made, crowd, Random("smoke"), lambda _row: None, QUICK)
        run.through([BY_NAME[name] for name in FAULTS], AT_LEAST_SECONDS)
    assert found(run.rows) == []
    *each, last = [row.fault for row in run.rows]
    assert each[:2] == [*FAULTS]
    assert len(each) > 2, "then at random"
    assert last == "at the end"
    assert all(row.silence > BY_NAME[row.fault].lasts / 2 for row in run.rows[:-1]), "the faults were felt"
    assert run.rows[-1].answers > 20
