# SPDX-License-Identifier: Apache-2.0
"""One run: every service on a core of its own, asked in turn, forwards and backwards; the first is a rehearsal."""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from benchmarks.harness.databases import Home, home_of
from benchmarks.harness.figures import Engine
from benchmarks.harness.processes import LOAD_CORE, cpu_seconds, on_core
from benchmarks.harness.wrk import TooFewRequestsError, WrongAnswersError, load
from benchmarks.sign_in.asked import Asked, asked_of_bare, asked_of_better_auth, asked_of_django, asked_of_us
from benchmarks.sign_in.figures import Load, SignIns, Start
from benchmarks.sign_in.floor import measure_floor
from benchmarks.sign_in.others import bare, better_auth, django_sesame
from benchmarks.sign_in.ours import ours
from benchmarks.sign_in.packages import better_auth_folder, django_sesame_folder, django_sesame_python
from benchmarks.sign_in.starting import measure_starts
from benchmarks.sign_in.whole import Amount, measure_sign_ins

Told = Callable[[str], None]
_MICROSECONDS, _MILLISECONDS = 1e6, 1e-3
_DOUBLINGS = 5
_ROOM = 1.5
"""Requests that are written out for a load, against those that the fastest one took so far."""


class Plan(NamedTuple):
    """How much; requests are written out for at least `rate` answers a second."""

    rounds: int
    seconds: int
    rate: int
    starts: int
    sign_ins: int
    few: int
    many: int
    peers: frozenset[str]


class Measured(NamedTuple):
    """All of it, and which versions it was."""

    loads: list[Load]
    sign_ins: list[SignIns]
    starts: list[Start]
    versions: dict[str, str]


def measured(plan: Plan, engines: Sequence[Engine], told: Told) -> Measured:
    """Everything of these engines."""
    told("starts")
    all_of_it = Measured([], [], measure_starts(plan.starts), {})
    for engine in engines:
        with ExitStack() as stack:
            with on_core(LOAD_CORE):
                home = stack.enter_context(home_of(engine))
            all_of_it.versions[engine] = home.about
            all_of_it.loads.extend(_measure_loads(engine, home, plan, told))
            told(f"whole sign-ins, {engine}")
            amount = Amount(plan.sign_ins, plan.rounds, plan.few, plan.many)
            all_of_it.sign_ins.extend(measure_sign_ins(engine, home, amount, with_peer="better-auth" in plan.peers))
    return all_of_it


def _measure_loads(engine: Engine, home: Home, plan: Plan, told: Told) -> list[Load]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="counterfoil-bench-")))
        database_url = home.fresh("ours")
        asked = asked_of_us(f"counterfoil-{engine}", stack.enter_context(ours(folder / "ours", database_url)))
        if "better-auth" in plan.peers:
            database = str(folder / "better.db") if engine == "sqlite" else home.fresh("better")
            peer = stack.enter_context(better_auth(better_auth_folder(), database))
            asked += asked_of_better_auth(f"better-auth-{engine}", peer)
        if "django-sesame" in plan.peers:
            database = str(folder / "django.db") if engine == "sqlite" else home.fresh("django")
            peer = stack.enter_context(django_sesame(django_sesame_folder(), django_sesame_python(), database))
            asked += asked_of_django(f"django-sesame-{engine}", peer)
        if engine == "sqlite":
            asked += asked_of_bare("litestar", stack.enter_context(bare()))
        found = {(each.service, each.name): Load(each.service, each.name) for each in asked}
        floor = [] if engine == "sqlite" else [Load("pgbench", "send")]
        for number in range(-1, plan.rounds):
            for each in asked if number % 2 else reversed(asked):
                told(f"{each.service}: {each.name}, round {number + 1} of {plan.rounds}")
                _measure(each, found[each.service, each.name], plan, home.pid, keep=number >= 0)
            for series in floor:
                rate = asyncio.run(measure_floor(database_url, plan.seconds))
                series.per_second.extend([rate] if number >= 0 else [])
        return [*found.values(), *floor]


def _measure(asked: Asked, series: Load, plan: Plan, database: int | None, *, keep: bool) -> None:
    most = max([plan.rate, *(_ROOM * rate for rate in series.per_second)])
    for written in (round(plan.seconds * most * 2**doubled) for doubled in range(_DOUBLINGS)):
        requests = asked.make(written)
        pids = [asked.pid] if database is None else [asked.pid, database]
        before = [cpu_seconds(pid) for pid in pids]
        try:
            answers = load(asked.address, requests, asked.right, plan.seconds, once=asked.once)
        except TooFewRequestsError:
            continue
        used = [cpu_seconds(pid) - begun for pid, begun in zip(pids, before, strict=True)]
        if keep:
            series.per_second.append(answers.per_second)
            series.cpu.append(used[0] / answers.answers * _MICROSECONDS)
            series.database_cpu.append(sum(used[1:]) / answers.answers * _MICROSECONDS)
            series.p50.append(answers.p50 * _MILLISECONDS)
            series.p99.append(answers.p99 * _MILLISECONDS)
        return
    raise WrongAnswersError(f"{asked.service} answers more than {written / plan.seconds:,.0f} times a second")
