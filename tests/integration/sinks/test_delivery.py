# SPDX-License-Identifier: Apache-2.0
"""What holds for any receiver: nothing is lost or out of order, and nobody held up, whatever happens [R140]."""

import asyncio
import logging

import pytest

from counterfoil_service.audit.sinks import worker as worker_module
from counterfoil_service.core.leaf import MAX_BYTES
from counterfoil_service.operations.claim_entries import LEASE_SECONDS, claim_entries
from counterfoil_service.operations.settle_delivery import Deferred, Delivered, SettleDelivery, settle_delivery
from support import acting
from support.processes import free_port
from support.receivers import HANG, WebhookReceiver, listening
from support.sinks import deliver, happen, row, seal, sealed, webhook, worker
from support.stage import Stage

LOGINS, EVENTS_A_LOGIN = 1000, 6


async def test_a_sink_begins_at_the_end_of_the_log_and_one_that_comes_back_has_missed_nothing(stage: Stage) -> None:
    receiver = WebhookReceiver()
    await happen(stage)
    begin = len(await sealed(stage))
    async with listening(receiver.connected) as port:
        await worker(stage, webhook(port))
        await happen(stage)
        assert await deliver(await worker(stage, webhook(port))) == 0, "the worker of a test delivers when it is made"
        assert receiver.entries == await sealed(stage, begin)
        await happen(stage, 2)
        await deliver(await worker(stage, webhook(port)))
    assert receiver.entries == await sealed(stage, begin)
    assert await stage.count("audit_sinks") == 1


async def test_workers_of_many_replicas_take_turns_and_keep_the_order(stage: Stage) -> None:
    receiver = WebhookReceiver()
    async with listening(receiver.connected) as port:
        replicas = [await worker(stage, webhook(port)) for _ in range(3)]

        async def deliver_on(number: int) -> None:
            while (await row(stage, webhook(port))).next_index < 300:
                await replicas[number].work()
                await asyncio.sleep(0)

        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            for number in range(3):
                group.create_task(deliver_on(number))
            for _ in range(10):
                await happen(stage, 30)
        for replica in replicas:
            await deliver(replica)
    assert receiver.entries == await sealed(stage)
    assert len({post.id for post in receiver.posts}) == len(receiver.posts), "nobody sent what another one sent"


async def test_who_dies_between_sending_and_settling_is_followed_by_one_who_sends_the_same(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(*_: object) -> None:
        raise ZeroDivisionError

    receiver = WebhookReceiver()
    async with listening(receiver.connected) as port:
        dying, successor = [await worker(stage, webhook(port)) for _ in range(2)]
        await happen(stage)
        with monkeypatch.context() as dead:
            dead.setattr(worker_module, "settle_delivery", die)
            with pytest.raises(ZeroDivisionError):
                await dying.work()
        await happen(stage)
        assert not await successor.work(), "while the lease of the dead one lasts"
        stage.clock.advance(LEASE_SECONDS)
        await deliver(successor)
        first, second, _ = receiver.posts
        assert (first.id, first.body) == (second.id, second.body)
        assert len(receiver.taken) == 3
        assert list(dict.fromkeys(receiver.entries)) == await sealed(stage)


async def test_one_of_many_gets_the_turn_and_a_late_word_changes_nothing_any_more(stage: Stage) -> None:
    receiver = WebhookReceiver()
    async with listening(receiver.connected) as port:
        made, sink = await worker(stage, webhook(port)), webhook(port)
        name = sink.partition("#")[0]
        await happen(stage)
        claims = await asyncio.gather(*(stage.database.write(claim_entries, name) for _ in range(8)))
        (slow,) = [claim for claim in claims if claim is not None]
        stage.clock.advance(LEASE_SECONDS)
        second = await stage.database.write(claim_entries, name)
        assert second is not None
        late: list[Delivered | Deferred] = [Delivered(3), Deferred("http_500", stage.clock.now), Delivered(99)]
        for state in ("while another one sends", "once it has sent"):
            before = await row(stage, sink)
            for outcome in late:
                assert not await stage.database.write(settle_delivery, SettleDelivery(slow, outcome)), state
            assert await row(stage, sink) == before
            if state == "while another one sends":
                assert await stage.database.write(settle_delivery, SettleDelivery(second, Delivered(2)))
        await deliver(made)
        assert receiver.entries == await sealed(stage, 2)


async def test_a_sink_that_is_dead_for_a_thousand_logins_holds_up_nobody_and_gets_all_of_them(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "POLL_SECONDS", 0.01)
    port, receiver, rounds = free_port(), WebhookReceiver(), 5
    made = await worker(stage, webhook(port))
    running = asyncio.create_task(made.run())
    for number in range(rounds):
        assert (await stage.start(f"person{number}@example.com")).device_code
        await happen(stage, LOGINS * EVENTS_A_LOGIN // rounds)
        stage.clock.advance(61)
        await asyncio.sleep(0.02)
    entries = await sealed(stage)
    assert len(entries) == await stage.count("audit_events") > LOGINS * EVENTS_A_LOGIN
    down = await row(stage, webhook(port))
    assert down.attempts > 1
    assert (down.next_index, down.problem) == (0, "ConnectionRefusedError")
    async with listening(receiver.connected, port=port), asyncio.timeout(60):
        stage.clock.advance(300)
        while (await row(stage, webhook(port))).next_index < len(entries):  # noqa: ASYNC110 - it is the worker's doing
            await asyncio.sleep(0.01)
        made.stop()
        await running
    assert receiver.entries == entries


async def test_a_worker_that_is_told_to_leave_finishes_what_it_sends_and_begins_nothing(sqlite_stage: Stage) -> None:
    receiver = WebhookReceiver(replies=[HANG])
    async with listening(receiver.connected) as port, asyncio.timeout(20):
        made = await worker(sqlite_stage, webhook(port))
        await happen(sqlite_stage, 150)
        running = asyncio.create_task(made.run())
        await receiver.asked.wait()
        made.stop()
        receiver.let_go.set()
        await running
        assert len(receiver.posts) == 1
        assert (await row(sqlite_stage, webhook(port))).next_index == 100


async def test_a_batch_has_at_most_half_a_mebibyte(sqlite_stage: Stage) -> None:
    receiver = WebhookReceiver()
    async with listening(receiver.connected) as port:
        made = await worker(sqlite_stage, webhook(port))
        await happen(sqlite_stage, 20, "N" * (MAX_BYTES - 1000))
        await deliver(made)
    assert receiver.entries == await sealed(sqlite_stage)
    assert max(len(post.body) for post in receiver.posts) < 600_000
    assert len(receiver.posts) == 3


async def test_nothing_is_sent_over_a_row_that_was_changed_into_none_of_ours(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = WebhookReceiver()
    async with listening(receiver.connected) as port:
        made, sink = await worker(stage, webhook(port)), webhook(port)
        await happen(stage)
        await acting.execute(stage, "UPDATE audit_events SET fields = 'x' || fields WHERE leaf_index = 1")
        assert not await made.work()
        assert (await row(stage, sink)).problem == "altered_entry"
        told = [record.message for record in caplog.records if record.levelno == logging.CRITICAL]
        assert "entry 1" in told[0]
        assert "audit verify" in told[0]
        assert receiver.posts == []
        await acting.execute(stage, "UPDATE audit_events SET fields = substr(fields, 2) WHERE leaf_index = 1")
        stage.clock.advance(2)
        await deliver(made)
    assert receiver.entries == await sealed(stage)


async def test_entries_that_somebody_deleted_are_told_and_hold_up_no_others(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = WebhookReceiver()
    async with listening(receiver.connected) as port:
        made = await worker(stage, webhook(port))
        await happen(stage, 4)
        last = len(await sealed(stage)) - 1
        for index in (0, 2, last):
            await acting.execute(stage, f"DELETE FROM audit_events WHERE leaf_index = {index}")  # noqa: S608 - ours
        await deliver(made)
        assert "3 entries from 0 on are not in the log any more" in caplog.text
        await acting.execute(stage, "DELETE FROM audit_events WHERE leaf_index IS NOT NULL")
        await happen(stage, 2)
        await deliver(made)
    assert receiver.entries[-2:] == await sealed(stage)
    assert (await row(stage, webhook(port))).next_index == last + 3


async def test_what_no_checkpoint_covers_is_not_sent(sqlite_stage: Stage) -> None:
    stage, receiver = sqlite_stage, WebhookReceiver()
    async with listening(receiver.connected) as port:
        made = await worker(stage, webhook(port))
        await happen(stage)
        await acting.execute(stage, "DELETE FROM checkpoints")
        assert not await made.work()
        assert receiver.posts == []
        await acting.ask(stage)
        assert not await made.work()


async def test_a_database_that_does_not_answer_is_asked_again(
    sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker_module, "POLL_SECONDS", 0.01)
    stage, receiver = sqlite_stage, WebhookReceiver()
    async with listening(receiver.connected) as port, asyncio.timeout(20):
        made = await worker(stage, webhook(port))
        await happen(stage)
        monkeypatch.setattr("counterfoil_service.db.sqlite.MAX_QUEUE", 0)
        running = asyncio.create_task(made.run())
        while "does not answer" not in caplog.text:  # noqa: ASYNC110 - it is the worker's doing
            await asyncio.sleep(0.01)
        monkeypatch.undo()
        await receiver.asked.wait()
        made.stop()
        await running
    assert receiver.entries == await sealed(stage)


async def test_workers_run_with_the_service_and_only_where_there_are_sinks(sqlite_stage: Stage) -> None:
    assert sqlite_stage.service._others == []
    await seal(sqlite_stage)
    assert await sqlite_stage.count("audit_sinks") == 0
