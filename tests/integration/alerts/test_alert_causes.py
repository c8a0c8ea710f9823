# SPDX-License-Identifier: Apache-2.0
"""Each alert is raised with the event that is its cause, once for as long as nobody has looked into it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from counterfoil_service.audit import sealer
from counterfoil_service.core import alerting
from counterfoil_service.core.alert_words import ALERT_WORDS
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.event_catalogue import CATALOGUE
from counterfoil_service.db import alerts, audit
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.operations.acknowledge_alerts import AcknowledgeAlerts, acknowledge_alerts
from counterfoil_service.operations.rewind_sink import RewindSink, rewind_sink
from counterfoil_service.settings.alert_targets import read_alert_targets
from support.alarms import CAUSES, alarmed, alerts_of, cloned, dead_sink, flood, report, stolen_code, stolen_token
from support.machines import LAPTOP, UPGRADED, described
from support.receivers import WebhookReceiver, listening
from support.sinks import deliver, happen, row, webhook, worker
from support.stage import Stage
from support.tokens import renew, sign_in

HOUR = 3600


@pytest.fixture
async def alarmed_stage(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """On each engine."""
    monkeypatch.setattr(sealer, "CHECK_EVERY", 1)
    async with alarmed(database_url, tmp_path) as stage:
        yield stage


def test_what_the_catalogue_marks_has_a_cause_a_subject_and_words_and_nothing_else_has() -> None:
    marked = {name for name, entry in CATALOGUE.items() if entry.alert}
    assert marked == set(alerting.ABOUT) == set(ALERT_WORDS)
    assert {name.value for name in marked} == set(CAUSES) == set(alerting.KINDS)


@pytest.mark.parametrize("kind", sorted(CAUSES))
async def test_an_alert_comes_with_its_real_cause(alarmed_stage: Stage, kind: str) -> None:
    about = await CAUSES[kind](alarmed_stage)
    ((found, _, *references),) = await alerts_of(alarmed_stage, kind)
    if about is not None:
        assert found == about
    events = await alarmed_stage.rows(f"SELECT login_id, session_id, subject FROM audit_events WHERE name = '{kind}'")  # noqa: S608 - ours
    assert tuple(references) == events[0]
    everything = repr(await alarmed_stage.rows("SELECT * FROM alerts"))
    assert not [secret for secret in ("@", "192.0.2", "hush", "whsec") if secret in everything]


async def test_a_sign_in_and_a_drifting_device_cost_no_statement_and_raise_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts: list[str] = []
    bind = Statement.bind

    def noted(self: Statement, *arguments: Any) -> Any:
        sql, values = bind(self, *arguments)
        texts.append(sql)
        return sql, values

    monkeypatch.setattr(Statement, "bind", noted)
    signed = await sign_in(stage, device_fingerprint=described(LAPTOP))
    await renew(stage, signed, device_fingerprint=described(UPGRADED))
    changed = await stage.rows("SELECT fields FROM audit_events WHERE name = 'device.changed'")
    assert len(changed) == 1
    assert len(texts) > 20
    assert [sql for sql in texts if "alert" in sql] == []


async def test_a_flood_of_one_cause_is_one_alert_that_counts_and_two_victims_are_two(alarmed_stage: Stage) -> None:
    stage = alarmed_stage
    signed = [await sign_in(stage, address) for address in ("ada@example.com", "bob@example.com")]
    for each in signed:
        for _ in range(20):
            await stolen_token(stage, each)
    rows = await alerts_of(stage, "session.key_mismatch")
    assert sorted((about, times) for about, times, *_ in rows) == sorted((each.session_id, 20) for each in signed)


@pytest.mark.parametrize("cause", [flood, report])
async def test_many_logins_to_one_mailbox_are_one_alert_and_another_mailbox_is_another(
    alarmed_stage: Stage, cause: Any
) -> None:
    stage, kind = alarmed_stage, {flood: "mailbox.flooded", report: "login.reported"}[cause]
    for address in ("ada@example.com", "bob@example.com", "ada@example.com"):
        await cause(stage, address)
        stage.clock.advance(1000)
    rows = await alerts_of(stage, kind)
    assert len(rows) == len({about for about, *_ in rows}) == 2
    told = await stage.rows(f"SELECT count(*) FROM audit_events WHERE name = '{kind}'")  # noqa: S608 - ours
    assert [(sum(times for _, times, *_ in rows),)] == told
    (mailboxes,) = zip(*await stage.rows("SELECT DISTINCT mailbox FROM logins"), strict=True)
    assert not [each for each in mailboxes if bytes(each).hex().startswith(rows[0][0])]


async def test_no_attacker_makes_alerts_without_an_end_and_what_is_beyond_is_counted(
    alarmed_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever makes logins of their own has a reference for each of them."""
    monkeypatch.setattr(alerts, "MOST_UNSEEN", 5)
    logins = [await stolen_code(alarmed_stage, f"person{number}@example.com") for number in range(9)]
    found = {about: (times, *of) for about, times, *of in await alerts_of(alarmed_stage, "login.key_mismatch")}
    assert found.pop("others desk-app") == (4, None, None, None), "it is about many"
    assert {about: times for about, (times, *_) in found.items()} == dict.fromkeys(logins[:5], 1)
    await stolen_token(alarmed_stage)
    assert len(await alerts_of(alarmed_stage, "session.key_mismatch")) == 1, "one kind does not drown another"


async def raise_one(tx: Transaction, login_id: str, context: Context) -> None:
    event = AuditEvent(name=EventName.LOGIN_KEY_MISMATCH, outcome="failure", reason="other_key", login_id=login_id)
    await audit.append(tx, context, event)


async def test_who_fills_the_list_hides_no_victim_from_those_who_are_told(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts, "MOST_UNSEEN", 3)
    async with alarmed(database_url, tmp_path, alerts=read_alert_targets("mailto:sec@example.com")) as stage:
        pushed = list[int]()
        for number in range(120):
            await stage.database.write(raise_one, f"login-{number}")
            pushed.append(await stage.count("alert_pushes"))
        times = [number + 1 for number, count in enumerate(pushed) if count > (pushed[number - 1] if number else 0)]
        assert times == [1, 2, 3, 3 + 1, 3 + 10, 3 + 100]
        for _ in range(12):
            await stage.database.write(raise_one, "login-1")
        assert await stage.count("alert_pushes") == pushed[-1], "the same about the same is told once"


async def test_fifty_at_one_moment_make_one_alert_and_none_is_lost(alarmed_stage: Stage) -> None:
    stage = alarmed_stage
    await asyncio.gather(*(stage.database.write(raise_one, "some-login") for _ in range(50)))
    assert [row[:2] for row in await alerts_of(stage, "login.key_mismatch")] == [("some-login", 50)]


async def test_an_alert_is_there_exactly_where_its_event_is(alarmed_stage: Stage) -> None:
    async def fail(tx: Transaction, login_id: str, context: Context) -> None:
        await raise_one(tx, login_id, context)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await alarmed_stage.database.write(fail, "some-login")
    assert await alarmed_stage.count("alerts") == await alarmed_stage.count("alert_pushes") == 0
    assert await alarmed_stage.rows("SELECT 1 FROM audit_events WHERE name = 'login.key_mismatch'") == []


async def test_once_acknowledged_the_same_again_is_a_new_alert(alarmed_stage: Stage) -> None:
    stage = alarmed_stage
    for _ in range(2):
        await stage.database.write(raise_one, "some-login")
    ((alert,),) = await stage.rows("SELECT id FROM alerts")
    racing = [stage.database.write(raise_one, "some-login") for _ in range(10)]
    await asyncio.gather(*racing, stage.database.write(acknowledge_alerts, AcknowledgeAlerts((alert,), "looked")))
    await stage.database.write(raise_one, "some-login")
    rows = await stage.rows("SELECT times, acknowledged_at FROM alerts")
    assert len(rows) == 2
    assert sum(times for times, _ in rows) == 13
    assert [acknowledged is None for _, acknowledged in rows].count(True) == 1


async def test_a_sink_is_told_once_however_long_it_is_dead_and_again_only_once_it_was_well(
    alarmed_stage: Stage,
) -> None:
    stage, receiver = alarmed_stage, WebhookReceiver()
    async with listening(receiver.connected) as port:
        sink = webhook(port, "/events?token=hush")
        made = await worker(stage, sink)
        for outage in (1, 2):
            receiver.replies = [503] * 25
            await happen(stage)
            for attempt in range(1, 26):
                assert not await made.work()
                stage.clock.now = (await row(stage, sink)).due_at
                told = await stage.rows("SELECT fields, reason FROM audit_events WHERE name = 'audit.sink_failed'")
                assert len(told) == (outage if attempt >= 10 else outage - 1), attempt
            assert told[-1][1] == "http_503"
            assert "hush" not in repr(told)
            await happen(stage, 1)
            await deliver(made)
    assert await alerts_of(stage, "audit.sink_failed") == [(f"http://127.0.0.1:{port}/events", 2, None, None, None)]


async def test_an_hour_of_few_attempts_is_long_too_and_who_wants_nothing_more_is_told_at_once(
    alarmed_stage: Stage,
) -> None:
    stage, receiver = alarmed_stage, WebhookReceiver(replies=[503] * 2, headers="Retry-After: 3600\r\n")
    async with listening(receiver.connected) as port:
        made = await worker(stage, webhook(port))
        await happen(stage)
        assert not await made.work()
        assert await alerts_of(stage, "audit.sink_failed") == []
        stage.clock.advance(HOUR)
        assert not await made.work()
        assert len(await alerts_of(stage, "audit.sink_failed")) == 1
        stage.clock.advance(HOUR)
        await deliver(made)
        receiver.replies = [410]
        await happen(stage)
        assert not await made.work()
        assert [each[1] for each in await alerts_of(stage, "audit.sink_failed")] == [2]
        await stage.database.write(rewind_sink, RewindSink(webhook(port).partition("#")[0], 0))
        assert (await row(stage, webhook(port))).told_at is None


async def test_a_dead_sink_and_a_changed_device_are_about_the_sink_and_the_device(alarmed_stage: Stage) -> None:
    assert (await alerts_of(alarmed_stage, "audit.sink_failed")) == []
    sink, device = await dead_sink(alarmed_stage), await cloned(alarmed_stage)
    assert [each[0] for each in await alerts_of(alarmed_stage, "audit.sink_failed")] == [sink]
    assert [each[0] for each in await alerts_of(alarmed_stage, "device.changed")] == [device]
