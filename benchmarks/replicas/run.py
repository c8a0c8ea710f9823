# SPDX-License-Identifier: Apache-2.0
"""A whole run: one PostgreSQL, one replica and two on databases of their own, everything measured in turn."""

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from benchmarks.harness.databases import home_of
from benchmarks.harness.figures import this_machine
from benchmarks.harness.processes import cpu_seconds, resident_bytes
from benchmarks.replicas.behind import Behind, behind
from benchmarks.replicas.figures import Figures
from benchmarks.replicas.letterbox import Letterbox
from benchmarks.replicas.loads import measure_loads
from benchmarks.replicas.meter import postmaster_of
from benchmarks.replicas.waking import measure_waking
from benchmarks.replicas.wholes import measure_wholes
from support.processes import free_port


class Plan(msgspec.Struct, frozen=True):
    """How much of everything; `warm`: so many rounds more of each measure come first and are thrown away."""

    warm: int
    rounds: int
    seconds: int
    people_rounds: int
    people: int
    wakes: int
    idle_seconds: float


WHOLE = Plan(warm=1, rounds=5, seconds=2, people_rounds=3, people=1_000, wakes=300, idle_seconds=10)
QUICK = Plan(warm=0, rounds=1, seconds=1, people_rounds=1, people=60, wakes=30, idle_seconds=1)


def measured(plan: Plan, limit_seconds: float, told: Callable[[str], None]) -> Figures:
    """`TimeoutError` where the machine is too slow for all of it."""
    began = time.monotonic()
    with home_of("postgresql") as home, TemporaryDirectory(prefix="counterfoil-bench-") as folder, ExitStack() as stack:
        told("starting a server, nginx and three replicas")
        postmaster = asyncio.run(postmaster_of(home.fresh("any")))
        letterbox = Letterbox(free_port())
        one, two = (
            stack.enter_context(behind(Path(folder) / str(count), home.fresh(str(count)), count, letterbox, postmaster))
            for count in (1, 2)
        )
        left = limit_seconds - (time.monotonic() - began)
        figures = asyncio.run(_within(plan, (one, two), letterbox, left, told))
        return msgspec.structs.replace(figures, about=home.about, seconds=time.monotonic() - began)


async def _within(
    plan: Plan, groups: tuple[Behind, Behind], letterbox: Letterbox, seconds: float, told: Callable[[str], None]
) -> Figures:
    one, two = groups
    async with asyncio.timeout(seconds), letterbox.opened():
        told("waiting, to see what idle replicas cost")
        pids = [replica.pid for replica in two.replicas]
        before, began = sum(map(cpu_seconds, pids)), time.monotonic()
        await asyncio.sleep(plan.idle_seconds)
        idle = 100 * (sum(map(cpu_seconds, pids)) - before) / len(pids) / (time.monotonic() - began)
        memory = sum(map(resident_bytes, pids)) // len(pids)
        loads = await measure_loads((one, two), (plan.warm, plan.rounds), plan.seconds, told)
        told("whole sign-ins")
        wholes = await measure_wholes(two, (plan.warm, plan.people_rounds), plan.people)
        told("approvals at the other replica")
        woken = await measure_waking(two, plan.wakes)
    return Figures(this_machine(), "", os.cpu_count() or 1, 0.0, loads, wholes, woken, idle, memory)
