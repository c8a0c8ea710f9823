# SPDX-License-Identifier: Apache-2.0
"""Counts of events are those that somebody would get who counted the log by hand, however it was sealed."""

import asyncio
import json
import random
import uuid
from collections import Counter
from typing import Any

import pytest

from counterfoil_service.audit.sealer import Sealer
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.event_buckets import DAY, FIVE_MINUTES, HOUR, KEPT, WIDTHS
from counterfoil_service.db import audit, event_counts
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.event_counts import Bar, Wanted
from counterfoil_service.operations.forget_old import forget_old
from counterfoil_service.operations.seal_events import Sealed, seal_events
from support import acting
from support.stage import Stage

STEPS = {
    "login.requested": "asked",
    "mail.sent": "mailed",
    "mail.delivered": "delivered",
    "login.link_opened": "opened",
    "login.approved": "approved",
    "login.code_issued": "approved",
}
NAMES = [*(EventName(name) for name in STEPS), EventName.LOGIN_COMPLETED, EventName.MAIL_DEFERRED,
         EventName.SESSION_REFRESHED, EventName.SETTINGS_CHANGED]  # fmt: skip

Counts = dict[tuple[Any, ...], tuple[int, int]]


async def by_hand(stage: Stage) -> Counts:
    """Over the whole log, in its order, from its rows."""
    sql = (
        "SELECT time, name, outcome, application_id, login_id, session_id, fields FROM audit_events"
        " WHERE leaf_index IS NOT NULL ORDER BY leaf_index"
    )
    events, logins, seen = Counter[tuple[Any, ...]](), Counter[tuple[Any, ...]](), set[tuple[str, str]]()
    for time, name, outcome, application, login, session, fields in await stage.rows(sql):
        step = (login, STEPS.get(name, ""))
        first = bool(login) and (name == "login.completed" or bool(session is None and step[1] and step not in seen))
        if session is None:
            seen.add(step)
        for width in WIDTHS:
            kind = (
                width,
                time - time % width,
                name,
                application or "",
                outcome,
                json.loads(fields).get("provider", ""),
            )
            events[kind] += 1
            logins[kind] += first
    return {kind: (events[kind], logins[kind]) for kind in events}


async def kept(stage: Stage) -> Counts:
    rows = await stage.rows("SELECT * FROM event_counts WHERE width > 0")
    return {row[:6]: row[6:] for row in rows}


async def sealing(stage: Stage, limit: int = 1000) -> Sealed:
    return await stage.database.write(seal_events, limit)


async def seal_all(stage: Stage, limit: int = 1000) -> None:
    while (done := await sealing(stage, limit)).count or done.counted:
        pass


async def append_all(tx: Transaction, events: list[tuple[int, AuditEvent]], context: Context) -> None:
    for ago, event in events:
        await audit.append(tx, _at(context, ago), event)


def _at(context: Context, ago: int) -> Context:
    return Context(context.now - ago, context.entropy, context.keys, context.settings)


def at_random(chance: random.Random, count: int) -> list[tuple[int, AuditEvent]]:
    """Few logins and applications, so that much falls together; times up to a day and a half ago."""
    return [
        (
            chance.choice([0, 1, FIVE_MINUTES, HOUR, DAY, chance.randrange(3 * DAY // 2)]),
            AuditEvent(
                name=chance.choice(NAMES),
                outcome=chance.choice(["success", "failure"]),
                login_id=chance.choice([None, "01A", "01B", "01C", f"01{chance.randrange(1000)}"]),
                application_id=chance.choice([None, "desk-app", "it's"]),
                session_id=chance.choice([None, None, "02A"]),
                fields=chance.choice([{}, {"attempt": 1}, {"attempt": 1, "provider": "smtp"}, {"provider": "ses"}]),
            ),
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize("seed", range(5))
async def test_whatever_the_batches_the_counts_are_those_of_the_log(stage: Stage, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(8):
        await stage.database.write(append_all, at_random(chance, chance.randrange(60)))
        for _ in range(chance.randrange(3)):
            await sealing(stage, chance.choice([1, 2, 7, 1000]))
        stage.clock.advance(chance.choice([1, 400, 4000]))
    await seal_all(stage, chance.choice([1, 13, 1000]))
    assert await kept(stage) == await by_hand(stage)
    assert await stage.database.read(event_counts.entries_counted) == await stage.count("audit_events")


async def test_two_sealers_count_nothing_twice_and_leave_nothing_out(stage: Stage) -> None:
    chance = random.Random(7)

    async def seal_on() -> None:
        for _ in range(10):
            await sealing(stage, 9)
            await asyncio.sleep(0)

    async def write_on() -> None:
        for _ in range(10):
            await stage.database.write(append_all, at_random(chance, 20))

    async with asyncio.timeout(60):
        await asyncio.gather(seal_on(), write_on(), seal_on())
        await seal_all(stage)
    assert await kept(stage) == await by_hand(stage)


async def test_a_scanner_that_opens_a_link_fifty_times_is_one_login_that_was_opened(stage: Stage) -> None:
    begun = await acting.ask(stage)
    await sealing(stage)
    opened = AuditEvent(name=EventName.LOGIN_LINK_OPENED, login_id=begun.login_id, application_id="desk-app")
    for number in range(50):
        await stage.database.write(append_all, [(0, opened)])
        if number % 7 == 0:
            await sealing(stage)
    await sealing(stage)
    now = stage.clock()
    (total,) = [each for each in await stage.database.read(event_counts.totals, now - HOUR, now, now)
                if each.name == "login.link_opened"]  # fmt: skip
    assert (total.events, total.logins) == (50, 1)


async def test_a_notice_is_no_mail_with_a_link(stage: Stage) -> None:
    sent = AuditEvent(name=EventName.MAIL_SENT, login_id="01B", session_id="02A", fields={"provider": "smtp"})
    link = AuditEvent(name=EventName.MAIL_SENT, login_id="01A", fields={"provider": "smtp"})
    await stage.database.write(append_all, [(0, sent), (0, link), (0, link)])
    await sealing(stage)
    now = stage.clock()
    (total,) = [each for each in await stage.database.read(event_counts.totals, now - HOUR, now, now) if each.provider]
    assert (total.name, total.provider, total.events, total.logins) == ("mail.sent", "smtp", 3, 1)


async def test_a_login_that_is_approved_and_sent_home_was_approved_once(stage: Stage) -> None:
    names = (EventName.LOGIN_CODE_ISSUED, EventName.LOGIN_APPROVED, EventName.LOGIN_CODE_ISSUED)
    for name in names:
        await stage.database.write(append_all, [(0, AuditEvent(name=name, login_id="01A"))])
        await sealing(stage)
    now = stage.clock()
    assert sum(each.logins for each in await stage.database.read(event_counts.totals, now - HOUR, now, now)) == 1


async def test_what_was_sealed_without_being_counted_is_counted_later_and_before_what_is_new(stage: Stage) -> None:
    """A log from before there were counts, or a replica of an older release that sealed between two of this one."""
    await stage.database.write(append_all, at_random(random.Random(1), 40))
    await seal_all(stage)
    await acting.execute(stage, "DELETE FROM event_counts")
    await stage.database.write(append_all, at_random(random.Random(2), 5))
    first = await sealing(stage, 10)
    assert (first.count, first.counted) == (5, 10)
    await seal_all(stage, 10)
    assert await kept(stage) == await by_hand(stage)


async def test_the_worker_catches_up_at_its_first_round_although_nothing_new_waits(sqlite_stage: Stage) -> None:
    await sqlite_stage.database.write(append_all, at_random(random.Random(1), 1500))
    await seal_all(sqlite_stage)
    await acting.execute(sqlite_stage, "DELETE FROM event_counts")
    sealer = Sealer(sqlite_stage.database, 3600)
    running = asyncio.create_task(sealer.run())
    async with asyncio.timeout(20):
        while await sqlite_stage.database.read(event_counts.entries_counted) < 1500:  # noqa: ASYNC110 - the sealer tells nobody
            await asyncio.sleep(0.01)
    sealer.stop()
    await running
    assert await kept(sqlite_stage) == await by_hand(sqlite_stage)


async def test_pruning_the_log_leaves_its_counts(stage: Stage) -> None:
    await stage.database.write(append_all, at_random(random.Random(3), 30))
    await seal_all(stage)
    before = await kept(stage)
    await acting.execute(stage, "DELETE FROM audit_events WHERE leaf_index < 20")
    await stage.database.write(append_all, [(0, AuditEvent(name=EventName.LOGIN_DENIED))])
    await seal_all(stage)
    after = await kept(stage)
    assert before.items() <= after.items()
    assert await stage.database.read(event_counts.entries_counted) == await _size(stage)


async def test_what_was_pruned_before_it_was_counted_is_passed_over(stage: Stage) -> None:
    await stage.database.write(append_all, at_random(random.Random(3), 30))
    await seal_all(stage)
    await acting.execute(stage, "DELETE FROM event_counts")
    await acting.execute(stage, "DELETE FROM audit_events WHERE leaf_index < 20")
    await seal_all(stage, 4)
    assert await stage.database.read(event_counts.entries_counted) == await _size(stage)
    assert sum(events for kind, (events, _) in (await kept(stage)).items() if kind[0] == DAY) == await _size(stage) - 20


async def _size(stage: Stage) -> int:
    return int((await stage.rows("SELECT max(size) FROM checkpoints"))[0][0])


async def test_an_entry_that_somebody_edited_is_counted_all_the_same(sqlite_stage: Stage) -> None:
    await sqlite_stage.database.write(append_all, at_random(random.Random(3), 3))
    await seal_all(sqlite_stage)
    await acting.execute(sqlite_stage, "DELETE FROM event_counts")
    await acting.execute(sqlite_stage, "UPDATE audit_events SET fields = 'no JSON'")
    await seal_all(sqlite_stage)
    assert await sqlite_stage.database.read(event_counts.entries_counted) == await _size(sqlite_stage)


async def test_narrow_buckets_are_forgotten_and_wide_ones_stay(stage: Stage) -> None:
    await stage.database.write(append_all, at_random(random.Random(4), 50))
    await seal_all(stage)
    counts = await kept(stage)
    for width, days in ((FIVE_MINUTES, 4), (HOUR, 65)):
        stage.clock.advance((days * DAY) // 1_000_000)
        while await stage.database.write(forget_old, 3) >= 3:
            pass
        counts = {kind: count for kind, count in counts.items() if kind[0] != width}
        assert await kept(stage) == counts
    assert await stage.database.read(event_counts.entries_counted) == await stage.count("audit_events")


async def test_a_bucket_that_a_page_may_ask_for_is_not_forgotten(stage: Stage) -> None:
    now = stage.clock()
    await stage.database.write(append_all, [(0, AuditEvent(name=EventName.KEY_ROTATED))])
    await seal_all(stage)
    stage.clock.now = now + KEPT[FIVE_MINUTES]
    await stage.database.write(forget_old, 100)
    assert await stage.rows(f"SELECT sum(events) FROM event_counts WHERE width = {FIVE_MINUTES}") != [(None,)]  # noqa: S608 - a number of ours


async def test_events_that_are_long_over_come_into_no_bucket_that_would_be_deleted_at_once(stage: Stage) -> None:
    old = [(3 * DAY, AuditEvent(name=EventName.KEY_ROTATED)), (70 * DAY, AuditEvent(name=EventName.KEY_ROTATED))]
    await stage.database.write(append_all, old)
    await sealing(stage)
    widths = Counter(kind[0] for kind in await kept(stage) if kind[2] == "key.rotated")
    assert widths[FIVE_MINUTES] <= 1, "that of the start of this service"
    assert widths[HOUR] <= 2
    assert widths[DAY] >= 2


async def test_totals_of_any_stretch_are_those_of_its_five_minutes(stage: Stage) -> None:
    await stage.database.write(append_all, at_random(random.Random(5), 300))
    await seal_all(stage)
    now, chance = stage.clock(), random.Random(6)
    rows = await stage.rows("SELECT time, name FROM audit_events")
    for _ in range(20):
        since, until = sorted((now - chance.randrange(2 * DAY)) // FIVE_MINUTES * FIVE_MINUTES for _ in range(2))
        expected = Counter(name for time, name in rows if since <= time < until)
        found = Counter[str]()
        for each in await stage.database.read(event_counts.totals, since, until, now):
            found[each.name] += each.events
        assert found == expected


async def test_a_series_has_every_bar_also_empty_ones_and_tells_success_from_failure(stage: Stage) -> None:
    start = stage.clock.now = stage.clock() // DAY * DAY + DAY
    opened = AuditEvent(name=EventName.LOGIN_LINK_OPENED, application_id="desk-app")
    locked = AuditEvent(name=EventName.LOGIN_LOCKED, application_id="desk-app", outcome="failure")
    other = AuditEvent(name=EventName.LOGIN_LOCKED, application_id="other", outcome="failure")
    await stage.database.write(append_all, [(0, opened), (-HOUR, locked), (-HOUR - 1, other), (-3 * HOUR, opened)])
    await seal_all(stage)

    async def bars(width: int = HOUR, **wanted: Any) -> list[tuple[int, int]]:
        found = await stage.database.read(event_counts.series, Wanted(**wanted), start, start + 4 * HOUR - 1, width)
        assert [bar.start for bar in found] == list(range(start, start + 4 * HOUR, width))
        assert all(isinstance(bar, Bar) for bar in found)
        return [(bar.successes, bar.failures) for bar in found]

    assert await bars() == [(1, 0), (0, 2), (0, 0), (1, 0)]
    assert await bars(2 * HOUR) == [(1, 2), (1, 0)]
    assert await bars(application_id="other") == [(0, 0), (0, 1), (0, 0), (0, 0)]
    assert await bars(name="login.locked", application_id="desk-app") == [(0, 0), (0, 1), (0, 0), (0, 0)]
    assert await bars(outcome="success") == [(1, 0), (0, 0), (0, 0), (1, 0)]
    ends = await stage.database.read(event_counts.login_ends, start, start + 4 * HOUR, 2 * HOUR)
    assert ends == [Bar(start, 0, 2), Bar(start + 2 * HOUR, 0, 0)]


async def test_a_quote_in_a_filter_is_only_a_quote(stage: Stage) -> None:
    now = stage.clock()
    wanted = Wanted(name="' OR 1=1 --", application_id=uuid.uuid4().hex)
    assert await stage.database.read(event_counts.series, wanted, now, now + 1, DAY) == [Bar(now // DAY * DAY, 0, 0)]
