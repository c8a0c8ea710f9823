# SPDX-License-Identifier: Apache-2.0
"""A prefix of the log is pruned, by policy alone, and never what somebody still has to get (R134)."""

from typing import Any

import msgspec
import pytest

from counterfoil_service.core.errors import Refusal
from counterfoil_service.db import log
from counterfoil_service.operations.check_bundle import check_bundle
from counterfoil_service.operations.prune_log import PruneLog, prune_log
from counterfoil_service.settings import Settings
from counterfoil_service.settings.sinks import read_sinks
from counterfoil_service.sweeper import Sweeper
from support import acting
from support.auditor import seal
from support.log import grow_log
from support.stage import Stage

DAY = 86_400
SECOND = 1_000_000
SINK = "https://siem.example/events"


async def aged(stage: Stage, *counts: int) -> None:
    """So many sealed entries a day."""
    for count in counts:
        await grow_log(stage.database, count)
        await seal(stage)
        stage.clock.advance(DAY)


async def kept(stage: Stage) -> tuple[int, int]:
    ((first, count),) = await stage.rows("SELECT min(leaf_index), count(*) FROM audit_events")
    return first, count


def days_ago(stage: Stage, days: float) -> int:
    return round(stage.clock.now - days * DAY * SECOND)


def with_settings(stage: Stage, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Settings:
    context = stage.database.context
    settings = msgspec.structs.replace(context().settings, **changes)
    monkeypatch.setattr(stage.database, "context", lambda: msgspec.structs.replace(context(), settings=settings))
    return settings


async def test_only_whole_bundles_older_than_the_moment_go_and_the_log_says_so(stage: Stage) -> None:
    await aged(stage, 300, 300, 300)
    assert await stage.database.write(prune_log, PruneLog(days_ago(stage, 1.5), 100, "by_operator")) == 2
    first, _ = await kept(stage)
    assert first == 512
    told = await stage.rows("SELECT reason, fields FROM audit_events WHERE name = 'audit.pruned'")
    assert told == [("by_operator", '{"below":512}')]
    assert await stage.count("log_tiles") >= 3, "hashes stay"


async def test_nothing_goes_too_early_nor_before_it_is_sealed(stage: Stage) -> None:
    await grow_log(stage.database, 600)
    stage.clock.advance(DAY)
    assert await stage.database.write(prune_log, PruneLog(stage.clock.now, 100, "by_operator")) == 0
    await seal(stage)
    assert await stage.database.write(prune_log, PruneLog(days_ago(stage, 1), 100, "by_operator")) == 0
    assert await stage.database.write(prune_log, PruneLog(stage.clock.now, 1, "by_operator")) == 1


async def test_the_last_sealed_entry_stays_whatever_is_asked(stage: Stage) -> None:
    await seal(stage)
    ((size,),) = await stage.rows("SELECT max(size) FROM checkpoints")
    await grow_log(stage.database, 512 - size)
    assert await seal(stage) == 512
    stage.clock.advance(DAY)
    assert await stage.database.write(prune_log, PruneLog(stage.clock.now, 100, "by_operator")) == 1
    assert await stage.database.write(prune_log, PruneLog(stage.clock.now, 100, "by_operator")) == 0
    assert await stage.database.read(check_bundle, 0) is None


async def test_entries_that_are_pruned_while_the_self_check_reads_are_no_edit(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await aged(stage, 600)
    entries = log.entries

    async def pruned_meanwhile(*arguments: Any) -> Any:
        found = await entries(*arguments)
        if found and found[0].index == 0:
            await acting.execute(stage, "DELETE FROM audit_events WHERE leaf_index < 256")
            return await entries(*arguments)
        return found

    monkeypatch.setattr(log, "entries", pruned_meanwhile)
    assert await stage.database.read(check_bundle, 0) is None


async def test_a_log_whose_beginning_somebody_deleted_is_not_pruned_over(stage: Stage) -> None:
    await aged(stage, 600)
    await acting.execute(stage, "DELETE FROM audit_events WHERE leaf_index < 10")
    with pytest.raises(Refusal, match="nobody pruned it so"):
        await stage.database.write(prune_log, PruneLog(stage.clock.now, 100, "by_operator"))


async def test_what_a_sink_has_not_got_yet_stays(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await aged(stage, 900)
    with_settings(stage, monkeypatch, audit_sinks=read_sinks(f"{SINK}#whsec_{'A' * 32}"))
    everything = PruneLog(stage.clock.now, 100, "by_operator")
    assert await stage.database.write(prune_log, everything) == 0, "a sink that was never met has got nothing"
    columns = "name, next_index, attempts, due_at, created_at"
    await acting.execute(stage, f"INSERT INTO audit_sinks ({columns}) VALUES ('{SINK}', 600, 0, 0, 0)")  # noqa: S608 - ours
    assert await stage.database.write(prune_log, everything) == 2
    assert (await kept(stage))[0] == 512


async def test_the_sweeper_prunes_by_the_retention_in_bounded_steps(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("counterfoil_service.sweeper.BUNDLES", 1)
    await aged(stage, 600, 600)
    sweeper = Sweeper(stage.database, lambda: None)
    assert await sweeper.round()
    assert (await kept(stage))[0] == 0, "without a retention nothing goes"
    with_settings(stage, monkeypatch, audit_retention=30 * DAY)
    stage.clock.advance(28.5 * DAY)
    assert await sweeper.round()
    assert (await kept(stage))[0] == 512
    told = await stage.rows("SELECT reason FROM audit_events WHERE name = 'audit.pruned'")
    assert told == [("retention",)] * 2


async def test_the_self_check_takes_pruned_entries_for_granted_and_no_other_absence(stage: Stage) -> None:
    await aged(stage, 600)
    await stage.database.write(prune_log, PruneLog(stage.clock.now, 1, "by_operator"))
    assert await stage.database.read(check_bundle, 0) is None
    assert await stage.database.read(check_bundle, 1) is None
    await acting.execute(stage, "DELETE FROM audit_events WHERE leaf_index = 300")
    assert await stage.database.read(check_bundle, 1) == 300
