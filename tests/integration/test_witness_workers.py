# SPDX-License-Identifier: Apache-2.0
"""Witnesses that are slow or dead hold nothing up, and those that can be none are refused at the start [R130]."""

import asyncio
import logging
from pathlib import Path

import pytest

from counterfoil_service.db import log
from counterfoil_service.settings import SettingsError, Witness
from support import acting
from support.cosigning import PACE, cosigners, grow, introduce, worker_of
from support.stage import START, OpenStage, Stage
from support.witness import LoopbackWitness, http_reply


async def test_a_witness_that_is_gone_is_left_alone_for_longer_and_longer(
    sqlite_stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    await grow(sqlite_stage)
    async with LoopbackWitness(sqlite_stage.clock) as witness:
        worker = worker_of(sqlite_stage, witness)
    for pause in (PACE, 4, 8, 16, 32, 60, 60):
        assert await worker.work()
        sqlite_stage.clock.advance(pause - 1)
        assert not await worker.work()
        sqlite_stage.clock.advance(1)
    assert [record.getMessage() for record in caplog.records] == [
        "witness witness.example/w does not cosign: no answer (ConnectionRefusedError)"
    ]


async def test_trouble_that_comes_back_is_told_again_and_begins_with_a_short_pause(
    sqlite_stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with LoopbackWitness(sqlite_stage.clock) as witness:
        introduce(sqlite_stage, witness)
        worker = worker_of(sqlite_stage, witness)
        for reply in (http_reply(500), None, None, http_reply(500)):
            witness.reply = reply
            await grow(sqlite_stage, 1)
            sqlite_stage.clock.advance(PACE)
            assert await worker.work()
        assert [message.rpartition(" ")[2] for message in caplog.messages] == ["500", "again", "500"]
        sqlite_stage.clock.advance(PACE)
        assert await worker.work()


async def test_a_service_seals_and_is_cosigned_beside_witnesses_that_are_slow_dead_and_lying(
    database_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    names = ("slow", "dead", "lying", "honest")
    many = [LoopbackWitness(lambda: START, f"{name}.example", name.encode().ljust(32)) for name in names]
    slow, dead, lying, honest = many
    async with slow, dead, lying, honest:
        settings = tuple(each.setting for each in many)
        async with open_stage(database_url, tmp_path, audit_witnesses=settings, audit_delay=1) as stage:
            for each in many:
                introduce(stage, each)
            slow.silent, lying.bent = True, "not {}".format
            dead.close()
            await grow(stage)
            async with asyncio.timeout(9), stage.service.workers():
                await acting.ask(stage)
                while (  # noqa: ASYNC110 - the workers tell nobody
                    await stage.database.read(log.waiting) or None in await cosigners(stage, honest)
                ):
                    await asyncio.sleep(0.02)
            assert slow.requests
            assert await cosigners(stage, slow, dead, lying) == [None] * 3


NO_KEYS = {
    "no key": "is none",
    "witness.example/w+1a2b3c4d": "is none",
    "witness.example/w+00000000+BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA": "is none",
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k": "is of type 4",
}


@pytest.mark.parametrize("vkey", NO_KEYS)
async def test_a_key_that_is_none_is_refused_at_the_start(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage, vkey: str
) -> None:
    witnesses = (Witness(vkey, "https://witness.example"),)
    with pytest.raises(SettingsError, match=f"COUNTERFOIL_AUDIT_WITNESSES: .*{NO_KEYS[vkey]}"):
        async with open_stage(sqlite_url, tmp_path, audit_witnesses=witnesses):
            pass


async def test_one_key_under_two_names_and_a_url_that_is_not_ascii_are_refused_at_the_start(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    key, alias = (LoopbackWitness(lambda: 0, name).vkey for name in ("one.example", "other.example"))
    twice = (Witness(key, "https://one.example"), Witness(alias, "https://other.example"))
    strange = (Witness(key, "https://zeugnis-für-alle.example"),)
    for witnesses, why in ((twice, "name it once"), (strange, "Punycode")):
        with pytest.raises(SettingsError, match=why):
            async with open_stage(sqlite_url, tmp_path, audit_witnesses=witnesses):
                pass
