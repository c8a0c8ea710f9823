# SPDX-License-Identifier: Apache-2.0
"""An operator has entries sent again: the same bytes under the same ids, none skipped, and it is written down."""

import asyncio

import pytest

from counterfoil_service.core.errors import Refusal
from counterfoil_service.db import log
from counterfoil_service.operations.claim_entries import claim_entries
from counterfoil_service.operations.describe_sinks import describe_sinks
from counterfoil_service.operations.rewind_sink import RewindSink, rewind_sink
from support import acting
from support.receivers import HANG, WebhookReceiver, listening
from support.sinks import deliver, happen, row, sealed, webhook, worker
from support.stage import Stage


def named(port: int) -> str:
    return webhook(port).partition("#")[0]


async def rewind(stage: Stage, name: str, index: int) -> None:
    await stage.database.write(rewind_sink, RewindSink(name, index))


async def test_what_is_sent_again_is_what_was_sent_and_the_log_tells_of_it(stage: Stage) -> None:
    receiver = WebhookReceiver()
    async with listening(receiver.connected) as port:
        made = await worker(stage, webhook(port))
        await happen(stage, 150)
        await deliver(made)
        before = list(receiver.posts)
        await rewind(stage, named(port), 0)
        await deliver(made)
        again = receiver.posts[len(before) :]
        assert [(post.id, post.body) for post in again] == [(post.id, post.body) for post in before]
        await rewind(stage, named(port), 120)
        await happen(stage, 1)
        await deliver(made)
        entries = await sealed(stage)
        assert receiver.entries[-len(entries) + 120 :] == entries[120:]
    rows = await stage.rows("SELECT fields FROM audit_events WHERE name = 'audit.exported' ORDER BY position")
    assert rows == [(f'{{"format":"jsonl","from_index":{index},"operator":"cli"}}',) for index in (0, 120)]


async def test_one_that_had_stopped_goes_on(stage: Stage) -> None:
    receiver = WebhookReceiver(replies=[410])
    async with listening(receiver.connected) as port:
        made = await worker(stage, webhook(port))
        await happen(stage)
        await made.work()
        (state,) = await stage.database.read(describe_sinks)
        assert (state.row.problem, state.behind) == ("gone", len(await sealed(stage)))
        assert state.waiting_since == stage.clock.now
        await rewind(stage, named(port), state.row.next_index)
        assert (await row(stage, webhook(port))).problem is None
        await deliver(made)
        assert receiver.entries == await sealed(stage)
        (state,) = await stage.database.read(describe_sinks)
        assert (state.behind, state.waiting_since) == (0, None)


async def test_what_is_under_way_does_not_undo_it(stage: Stage) -> None:
    receiver = WebhookReceiver()
    async with listening(receiver.connected) as port, asyncio.timeout(20):
        made = await worker(stage, webhook(port))
        await happen(stage)
        await deliver(made)
        first = len(await sealed(stage))
        await happen(stage)
        receiver.replies = [HANG]
        receiver.asked.clear()
        sending = asyncio.create_task(made.work())
        await receiver.asked.wait()
        await rewind(stage, named(port), 0)
        receiver.let_go.set()
        await sending
        assert (await row(stage, webhook(port))).next_index == 0
        await deliver(made)
        assert receiver.entries[first:] == (await sealed(stage))[first:] + await sealed(stage)


async def test_no_entry_is_skipped_and_no_other_sink_or_entry_is_there(stage: Stage) -> None:
    with pytest.raises(Refusal, match="none was configured yet"):
        await rewind(stage, "https://siem.example", 0)
    made = await worker(stage, webhook(9))
    await happen(stage)
    before = await row(stage, webhook(9))
    with pytest.raises(Refusal, match="entry 0 is its next one already"):
        await rewind(stage, named(9), 1)
    with pytest.raises(Refusal, match=r"no sink 'https://siem.example': there is http://127.0.0.1:9/events"):
        await rewind(stage, "https://siem.example", 0)
    await stage.database.transact(lambda tx: log.remove_below(tx, 2))
    with pytest.raises(Refusal, match="begins with entry 2 now: older ones were pruned"):
        await rewind(stage, named(9), 0)
    assert await row(stage, webhook(9)) == before
    assert await stage.rows("SELECT * FROM audit_events WHERE name = 'audit.exported'") == []
    assert await stage.database.write(claim_entries, named(9)) is not None
    assert not await made.work()
    await acting.execute(stage, "DELETE FROM audit_sinks")
    assert not await made.work()
