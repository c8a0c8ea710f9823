# SPDX-License-Identifier: Apache-2.0
"""What a page of events costs by each filter: the newest page, and one from the middle of all that fits."""

import statistics
import time
from collections.abc import Sequence

from sqlalchemy import text

from benchmarks.audit.made_log import MadeLog
from benchmarks.harness.figures import Series
from counterfoil_service.core.event_filter import Cursor, EventFilter
from counterfoil_service.core.login import SECOND
from counterfoil_service.db import audit_pages
from counterfoil_service.db.prepared import Statement

PAGE = 100
"""Events on a page."""
PAGES = 20
"""Read in each round, by log and filter."""
HOUR = 3_600 * SECOND
_MILLISECONDS = 1e3


async def measure_pages(logs: Sequence[MadeLog], rounds: int) -> list[Series]:
    """The same values are looked for in every log: those that the smallest has most of, so that no page is short."""
    asked = await _filters(logs[0])
    first = {name: Series("page", name, "ms") for name in asked}
    middle = {name: Series("page in the middle", name, "ms") for name in asked}
    for number in range(-1, rounds):
        for log in logs if number % 2 else reversed(logs):
            for name, wanted in asked.items():
                for series, after in ((first[name], None), (middle[name], await _middle(log, wanted))):
                    took = await _read(log, wanted, after)
                    if number >= 0:
                        series.add(log.size, took * _MILLISECONDS)
    return [*first.values(), *middle.values()]


async def _read(log: MadeLog, wanted: EventFilter, after: Cursor | None) -> float:
    """Seconds of the middle one."""
    seal_key, took = log.database.context().keys.seal_mailbox, list[float]()
    for _ in range(PAGES):
        began = time.perf_counter()
        await log.database.read(audit_pages.page, seal_key, wanted, after, PAGE)
        took.append(time.perf_counter() - began)
    return statistics.median(took)


async def _filters(log: MadeLog) -> dict[str, EventFilter]:
    names = ("login_id", "subject", "application_id", "jkt", "source_prefix")
    most = {name: await _most_frequent(log, name) for name in names}
    middle = await _middle(log, EventFilter())
    return {
        "no filter": EventFilter(),
        "one hour": EventFilter(since=middle.time - HOUR, until=middle.time),
        "login": EventFilter(login_id=most["login_id"]),
        "person": EventFilter(subject=most["subject"]),
        "application": EventFilter(application_id=most["application_id"]),
        "device key": EventFilter(jkt=most["jkt"]),
        "event type": EventFilter(name="login.approved"),
        "failures": EventFilter(outcome="failure"),
        "address range": EventFilter(source_prefix=most["source_prefix"]),
        "application and failures": EventFilter(application_id=most["application_id"], outcome="failure"),
    }


async def _most_frequent(log: MadeLog, name: str) -> str:
    sql = f"SELECT {name} FROM audit_events WHERE {name} IS NOT NULL GROUP BY {name} ORDER BY count(*) DESC, {name} LIMIT 1"  # noqa: S608, E501 - our own names
    row = await log.database.read(lambda tx: tx.one(Statement(text(sql)), {}))
    return str(row[0])


async def _middle(log: MadeLog, wanted: EventFilter) -> Cursor:
    """As many of the events that fit are newer as are older."""
    fits = "".join(f" AND {name} = '{value}'" for name, value in wanted.equal.items())
    events = f"FROM audit_events WHERE time >= {wanted.since} AND time < {wanted.until}{fits}"
    order = "ORDER BY time DESC, position DESC LIMIT 1 OFFSET"
    sql = f"SELECT time, position {events} {order} (SELECT count(*) / 2 {events})"
    row = await log.database.read(lambda tx: tx.one(Statement(text(sql)), {}))
    return Cursor(int(row[0]), int(row[1]))
