# SPDX-License-Identifier: Apache-2.0
"""One engine: a service with a past, and an operator who looks at every page of its console."""

import asyncio
import logging
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

from benchmarks.console.figures import EnginePages, Page, Query
from benchmarks.console.pages import Look, pages_of
from benchmarks.console.seed import seed
from benchmarks.console.watched import Ran, Watch, plan_of
from benchmarks.growth.metering import Meter
from benchmarks.harness.databases import home_of
from benchmarks.harness.figures import Engine
from counterfoil_service.db import migrate
from counterfoil_service.db.open import sqlite_path
from support.staff import Staff
from support.stage import START, settings_for, stage_on
from support.surfer import Surfer, form_of

WARM = 3
"""Requests that are not counted: what is compiled once is compiled then."""
_WELL = {200, 303}

Tell = Callable[[str], None]


class Plan(NamedTuple):
    """Logins to begin with, requests of each page, and seconds within which all must be done."""

    logins: int
    requests: int
    seconds: float


def measured(engine: Engine, plan: Plan, told: Tell) -> EnginePages:
    """Every page; `told` hears what is going on."""
    with home_of(engine) as home, tempfile.TemporaryDirectory(prefix="counterfoil-bench-") as folder:

        def tell(what: str) -> None:
            told(f"{home.about}: {what}")

        return EnginePages(engine, home.about, *asyncio.run(_within(home.fresh("console"), Path(folder), plan, tell)))


async def _within(url: str, folder: Path, plan: Plan, tell: Tell) -> tuple[int, int, list[Page]]:
    async with asyncio.timeout(plan.seconds), AsyncExitStack() as stack:
        tell(f"making {plan.logins:,} logins")
        path = sqlite_path(url)
        if path is None:
            await migrate.move_postgresql(url)
        else:
            migrate.move(path)
        past = await seed(settings_for(url, folder), plan.logins, START)
        stage = await stack.enter_async_context(stage_on(url, folder))
        logging.getLogger("counterfoil_service").setLevel(logging.CRITICAL)
        browser = await stack.enter_async_context(Surfer(stage))
        staff = await Staff.hired(browser)
        events = int((await stage.rows("SELECT count(*) FROM audit_events"))[0][0])
        watch, pages = Watch(stage.database), list[Page]()
        for name, look in (await pages_of(stage, past)).items():
            tell(name)
            pages.append(await _page(staff, watch, url, (name, look), plan.requests))
    return plan.logins, events, pages


async def _page(staff: Staff, watch: Watch, url: str, named: tuple[str, Look], requests: int) -> Page:
    name, (address, who) = named
    search = None if who is None else form_of(await staff.get(address), who="")
    took, slowest, answers = list[float](), list[Ran](), list[tuple[float, int]]()

    async def look(_number: int) -> None:
        watch.ran.clear()
        began = time.perf_counter()
        if search is None:
            answer = await staff.get(address)
        else:
            answer = await staff.browser.submit(search, action="search", who=who)
        took.append((time.perf_counter() - began) * 1000)
        assert answer.status_code in _WELL, (address, answer.status_code, answer.text[-300:])  # noqa: S101 - nothing to measure
        slowest.append(watch.slowest)
        answers.append((len(answer.content) / 1024, len(watch.ran)))

    for number in range(WARM):
        await look(number)
    took.clear()
    slowest.clear()
    cost = await Meter(staff.stage.database).each(look, range(requests))
    typical = sorted(slowest, key=lambda ran: ran.took)[len(slowest) // 2]
    query = Query(watch.name(typical), typical.took, typical.rows, await plan_of(url, typical))
    kilobytes, statements = answers[-1]
    return Page(name, cost.cpu / 1000, took, statements, kilobytes, query)
