# SPDX-License-Identifier: Apache-2.0
"""One engine: each number of desktops has a service and a database of its own, held first and then polling."""

import asyncio
import contextlib
import gc
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import uvloop

from benchmarks.harness.databases import Home, home_of
from benchmarks.harness.figures import Engine
from benchmarks.harness.processes import LOAD_CORE, on_core
from benchmarks.waiting.approving import approve_all
from benchmarks.waiting.asking import ask_for_links, newest_nonce
from benchmarks.waiting.crowd import Crowd
from benchmarks.waiting.desktop import INTERVAL
from benchmarks.waiting.figures import EngineFigures, Held, Leaving, Polling, SizeFigures, Times, times
from benchmarks.waiting.people import Person, add_logins, people, settings_of
from benchmarks.waiting.sdk_wire import LONGEST_HOLD
from benchmarks.waiting.service import Waited, running
from benchmarks.waiting.slow import slow_clients

T = TypeVar("T")
Tell = Callable[[str], None]
_PERCENT = 100
_KIB = 1024
_LIMIT_SECONDS = 240
_HELD_PATIENCE, _POLLING_PATIENCE = 5.0, 30.0


class Plan(msgspec.Struct, frozen=True):
    """What is done with each number of desktops; times in seconds."""

    sizes: list[int]
    approvals: int = 300
    per_second: float = 20.0
    """Approvals."""
    cold: int = 5
    """Of them, the first ones, which are no part of the percentiles: a process loads some of its parts then."""
    asked: int = 100
    """Of those who approve, how many asked for their links on the wire."""
    settle: float = 1.0
    """Between the last poll that is taken and the first figure."""
    idle: float = 10.0
    renewals: float = 5.0
    """For how long renewals are measured; 0: approvals come before the first poll has ended."""
    warm: float = INTERVAL
    """How long all poll before polling is measured."""
    polling: float = 10.0
    polling_approvals: int = 40
    slow: int = 10
    """Clients of each slow kind, at the smallest size."""
    slow_approvals: int = 100
    questions: int = 400
    """Of each client that never reads: their answers are more than the system takes in for it, which is some 0.7 MB."""


class _Everybody(msgspec.Struct, frozen=True):
    """Who waits at one size: those who will be approved are more than the size, so that as many wait in the end."""

    asked: list[Person]
    approved: list[Person]
    beside_slow: list[Person]
    dripping: list[Person]
    rest: list[Person]

    @property
    def added(self) -> list[Person]:
        """Whose logins are written straight into the database."""
        return [*self.approved, *self.beside_slow, *self.dripping, *self.rest]

    @property
    def held(self) -> list[Person]:
        """Who waits from the beginning."""
        return [*self.asked, *self.approved, *self.beside_slow, *self.rest]


def measured(engine: Engine, plan: Plan, tell: Tell) -> EngineFigures:
    """Everything of one engine; `tell` hears what is going on."""
    with contextlib.ExitStack() as stack:
        with on_core(LOAD_CORE):
            home = stack.enter_context(home_of(engine))
        sizes = [_size(home, plan, size, lambda what: tell(f"{home.about}: {what}")) for size in plan.sizes]
        return EngineFigures(engine, home.about, sizes)


def _size(home: Home, plan: Plan, size: int, tell: Tell) -> SizeFigures:
    with tempfile.TemporaryDirectory(prefix="counterfoil-waiting-", ignore_cleanup_errors=True) as name:
        folder, url = Path(name), home.fresh(f"waiting-{size}")
        with running(folder, url) as service:
            everybody = _everybody(service, plan, size)
            tell(f"{size:,} desktops are held")
            figures = _alone(_held(service, plan, size, everybody))
            tell(f"{size:,} desktops were held: {figures.held} {figures.leaving}")
        if not plan.polling:
            return figures
        with running(folder, url, port=service.process.port) as service:
            tell(f"{size:,} desktops poll")
            return msgspec.structs.replace(figures, polling=_alone(_polled(service, plan, everybody.rest)))


def _everybody(service: Waited, plan: Plan, size: int) -> _Everybody:
    slow = size == min(plan.sizes)
    counts = {
        "asked": plan.asked,
        "approved": plan.approvals - plan.asked,
        "beside_slow": plan.slow_approvals if slow else 0,
        "dripping": plan.slow if slow else 0,
        "rest": size,
    }
    everybody = _Everybody(**{name: people(count, service.address, name) for name, count in counts.items()})
    settings = settings_of(service.address, service.process.settings["secret_key"], service.database_url)
    asyncio.run(add_logins(service.database_url, settings, everybody.added))
    return everybody


def _alone(work: Coroutine[Any, Any, T]) -> T:
    """On the driver's core, without a collector that stops it in the middle of an answer."""
    gc.collect()
    gc.disable()
    try:
        with on_core(LOAD_CORE), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(asyncio.wait_for(work, _LIMIT_SECONDS))
    finally:
        gc.enable()


async def _held(service: Waited, plan: Plan, size: int, everybody: _Everybody) -> SizeFigures:
    nonce = await newest_nonce(service.address)
    await ask_for_links(service.address, service.mails, everybody.asked, nonce)
    empty = service.memory
    with contextlib.closing(Crowd(service.address, LONGEST_HOLD, LONGEST_HOLD if plan.renewals else 0)) as crowd:
        began = time.perf_counter()
        opened = await crowd.open(everybody.held, nonce)
        await asyncio.sleep(plan.settle)
        idle = await _idle(service, crowd, min(plan.idle, began + LONGEST_HOLD - 1 - time.perf_counter()))
        kib = (service.memory - empty) / len(crowd.desktops) / _KIB
        renewing = renewals = 0.0
        if plan.renewals:
            # From then on each has been asked again at a moment of its own.
            spread = began + len(crowd.desktops) / opened + 2 * LONGEST_HOLD + 1
            await asyncio.sleep(max(0.0, spread - time.perf_counter()))
            renewing, renewals = await _busy(service, crowd, plan.renewals)
        approved = [*everybody.asked, *everybody.approved]
        wakes = await approve_all(crowd, service.address, approved, plan.per_second, _HELD_PATIENCE)
        held = Held(opened, kib, idle, renewing, renewals, times(wakes[plan.cold :]), wakes[0])
        async with _beside_slow(service, plan, crowd, everybody) as slow:
            return SizeFigures(size, held, await _left(service, crowd), slow=slow)


async def _idle(service: Waited, crowd: Crowd, seconds: float) -> float | None:
    """Percent of a core while all are held; None where there was no such time."""
    if seconds <= 0 or crowd.waiting < len(crowd.desktops):
        return None
    busy, answers = await _busy(service, crowd, seconds)
    return None if answers else busy


async def _busy(service: Waited, crowd: Crowd, seconds: float) -> tuple[float, float]:
    """Percent of a core, and answers to pending logins a second."""
    answers, cpu, began = len(crowd.pending), service.cpu, time.perf_counter()
    await asyncio.sleep(seconds)
    took = time.perf_counter() - began
    return (service.cpu - cpu) / took * _PERCENT, (len(crowd.pending) - answers) / took


@contextlib.asynccontextmanager
async def _beside_slow(service: Waited, plan: Plan, crowd: Crowd, everybody: _Everybody) -> AsyncIterator[Times | None]:
    """How long approvals take beside clients that hardly read; these stay until the block ends."""
    if not everybody.beside_slow:
        yield None
        return
    nonce = await newest_nonce(service.address)
    async with slow_clients(service.address, everybody.dripping, nonce, plan.slow, plan.questions):
        await asyncio.sleep(plan.settle)
        beside = [person for pair in zip(everybody.dripping, everybody.beside_slow, strict=False) for person in pair]
        beside += everybody.beside_slow[len(everybody.dripping) :]
        yield times(await approve_all(crowd, service.address, beside, plan.per_second, _HELD_PATIENCE))


async def _left(service: Waited, crowd: Crowd) -> Leaving:
    """SIGTERM. Desktops ask again as the SDK does, as long as they can."""
    held, answers, lost, began = crowd.waiting, len(crowd.pending), crowd.lost, time.perf_counter()
    gone = await asyncio.to_thread(service.process.stop)
    await asyncio.sleep(0.1)
    last = max((heard.at for heard in crowd.pending[answers:]), default=began)
    return Leaving(held, crowd.lost - lost, last - began, gone)


async def _polled(service: Waited, plan: Plan, polling: list[Person]) -> Polling:
    with contextlib.closing(Crowd(service.address, 0)) as crowd:
        await crowd.open_evenly(polling, await newest_nonce(service.address))
        await asyncio.sleep(plan.warm + plan.settle)
        answers, cpu, began = len(crowd.pending), service.cpu, time.perf_counter()
        wakes, approved = list[float](), polling[: plan.polling_approvals]
        if approved:
            pace = len(approved) / plan.polling
            wakes = await approve_all(crowd, service.address, approved, pace, _POLLING_PATIENCE, all_must=False)
        await asyncio.sleep(max(0.0, began + plan.polling - time.perf_counter()))
        took = time.perf_counter() - began
        heard = crowd.pending[answers:]
        return Polling(
            due_per_second=len(polling) / INTERVAL,
            polls_per_second=len(heard) / took,
            slowed=crowd.slowed,
            trouble=crowd.trouble,
            busy=(service.cpu - cpu) / took * _PERCENT,
            answer=times([(each.at - each.sent) * 1e3 for each in heard]),
            failed=len(approved) - len(wakes),
            wake=times(wakes) if wakes else None,
        )
