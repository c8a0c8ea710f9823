# SPDX-License-Identifier: Apache-2.0
"""Witnesses that are mistaken or lying, or no witnesses at all: nothing of theirs is kept [R130]."""

import logging
from base64 import b64encode
from collections.abc import AsyncIterator, Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from counterfoil_service.audit import ask_witness
from counterfoil_service.audit.witnesses import LONGEST_PAUSE_SECONDS
from counterfoil_service.db import log
from counterfoil_service.operations.cosigned_checkpoint import newest_cosigned_checkpoint
from support import acting
from support.cosigning import cosigners, grow, introduce, worker_of
from support.stage import START, Stage
from support.witness import LoopbackWitness, http_reply, size_reply

OTHER_ROOT = b64encode(bytes(32)).decode()


@pytest.fixture
async def witness(sqlite_stage: Stage) -> AsyncIterator[LoopbackWitness]:
    """Knows the stage's log, which has some entries."""
    async with LoopbackWitness(sqlite_stage.clock) as opened:
        introduce(sqlite_stage, opened)
        await grow(sqlite_stage)
        yield opened


async def is_not_believed(
    stage: Stage, witness: LoopbackWitness, caplog: pytest.LogCaptureFixture, why: str, level: int = logging.WARNING
) -> None:
    """It is asked again and again, but nothing is stored, the log tells once, and one honest answer mends it all."""
    worker = worker_of(stage, witness)
    caplog.set_level(logging.INFO)
    for _ in range(3):
        assert await worker.work()
        assert not await worker.work(), "it is left alone for a while"
        stage.clock.advance(LONGEST_PAUSE_SECONDS)
    assert await stage.count("cosignatures") == 0
    assert await stage.database.read(newest_cosigned_checkpoint) is None
    (record,) = caplog.records
    assert (record.levelno, why in record.getMessage()) == (level, True), record.getMessage()
    assert witness.url not in caplog.text
    witness.reply, witness.silent, witness.seconds_off, witness.bent = None, False, 0, str
    witness.signing_key = witness.own_key
    assert await worker.work()
    assert None not in await cosigners(stage, witness)
    assert caplog.messages[1:] == ["witness witness.example/w cosigns again"]


BENT: list[Callable[[str], str]] = [
    lambda text: text.replace(text.split("\n")[2], OTHER_ROOT),
    lambda text: text.replace("\n", "\n1", 1),
    lambda text: f"other.{text}",
    lambda text: text[:-1],
    lambda text: f"{text}more\n",
]


@pytest.mark.parametrize("bent", BENT, ids=["root", "size", "origin", "newline", "extension"])
async def test_a_cosignature_of_anything_but_this_very_checkpoint_is_not_kept(
    sqlite_stage: Stage, witness: LoopbackWitness, caplog: pytest.LogCaptureFixture, bent: Callable[[str], str]
) -> None:
    witness.bent = bent
    await is_not_believed(sqlite_stage, witness, caplog, "not by its key, or not of this checkpoint")


async def test_a_cosignature_by_another_key_under_the_same_name_is_not_kept(
    sqlite_stage: Stage, witness: LoopbackWitness, caplog: pytest.LogCaptureFixture
) -> None:
    witness.signing_key = Ed25519PrivateKey.from_private_bytes(bytes([9] * 32))
    await is_not_believed(sqlite_stage, witness, caplog, "not by its key, or not of this checkpoint")


@pytest.mark.parametrize("seconds_off", [-301, 301, -START // 1_000_000, 10**9])
async def test_a_cosignature_of_another_time_is_not_kept(
    sqlite_stage: Stage, witness: LoopbackWitness, caplog: pytest.LogCaptureFixture, seconds_off: int
) -> None:
    witness.seconds_off = seconds_off
    await is_not_believed(sqlite_stage, witness, caplog, "its clock is more than 300 seconds from ours")


@pytest.mark.parametrize("seconds_off", [-300, 300])
async def test_a_clock_that_is_minutes_off_is_good_enough(
    sqlite_stage: Stage, witness: LoopbackWitness, seconds_off: int
) -> None:
    witness.seconds_off = seconds_off
    await worker_of(sqlite_stage, witness).work()
    assert await cosigners(sqlite_stage, witness) == [START // 1_000_000 + seconds_off]


REPLIES = {
    "nothing": (b"", "no answer (NotHttpError)"),
    "no HTTP": (b"\x00\xff\r\n\r\n", "no answer (NotHttpError)"),
    "half an answer": (b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\nhalf", "no answer"),
    "an empty answer": (http_reply(200), "not by its key"),
    "prose": (http_reply(200, "— witness.example/w is closed\n".encode()), "not by its key"),
    "binary": (http_reply(200, bytes(range(256))), "not by its key"),
    "a head of a megabyte": (http_reply(200, X_Long="x" * 1_000_000), "no answer (NotHttpError)"),
    "400": (http_reply(400), "it answered 400"),
    "403": (http_reply(403), "it does not trust this log's key"),
    "404": (http_reply(404), "it does not know this log"),
    "500": (http_reply(500, b"Traceback"), "it answered 500"),
    "409 without a size": (http_reply(409), "409 without another size"),
    "409 with the very size that was sent": (size_reply(0), "409 without another size"),
    "409 with a number that no log has": (size_reply(2**63), "409 without another size"),
    "409 for ever": (size_reply(1), "409 without another size"),
}


@pytest.mark.parametrize("reply", REPLIES)
async def test_an_odd_answer_is_no_cosignature(
    sqlite_stage: Stage, witness: LoopbackWitness, caplog: pytest.LogCaptureFixture, reply: str
) -> None:
    witness.reply, why = REPLIES[reply]
    await is_not_believed(sqlite_stage, witness, caplog, why)
    assert len(witness.requests) <= 8, "two questions at most, each time"


@pytest.mark.parametrize("reply", [http_reply(422), size_reply(10**6)])
async def test_whoever_claims_to_have_seen_another_log_raises_the_alarm_and_stops_nothing(
    sqlite_stage: Stage, witness: LoopbackWitness, caplog: pytest.LogCaptureFixture, reply: bytes
) -> None:
    witness.reply = reply
    await is_not_believed(sqlite_stage, witness, caplog, "refuses this log", logging.CRITICAL)


async def test_a_log_whose_tiles_do_not_show_its_growth_raises_the_alarm_and_sends_nothing(
    sqlite_stage: Stage, witness: LoopbackWitness, caplog: pytest.LogCaptureFixture
) -> None:
    await worker_of(sqlite_stage, witness).work()
    await grow(sqlite_stage)
    await acting.execute(sqlite_stage, "DELETE FROM log_tiles")
    assert await worker_of(sqlite_stage, witness).work()
    (record,) = caplog.records
    assert (record.levelno, len(witness.requests)) == (logging.CRITICAL, 1)
    assert "our own tiles" in record.getMessage()


@pytest.mark.parametrize("status", [302, 308])
async def test_a_redirect_is_followed_nowhere(
    sqlite_stage: Stage, witness: LoopbackWitness, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    async with LoopbackWitness(sqlite_stage.clock) as elsewhere:
        introduce(sqlite_stage, elsewhere)
        witness.reply = http_reply(status, Location=f"{elsewhere.url}/add-checkpoint")
        await is_not_believed(sqlite_stage, witness, caplog, f"it answered {status}")
        assert elsewhere.requests == []


async def test_lines_of_other_keys_around_the_right_one_are_passed_over(
    sqlite_stage: Stage, witness: LoopbackWitness
) -> None:
    right = await right_line(sqlite_stage, witness)
    strange = (await newest_note(sqlite_stage)).rpartition("\n\n")[2]
    witness.reply = http_reply(200, f"{strange}{right}{strange}".encode())
    await worker_of(sqlite_stage, witness).work()
    assert await sqlite_stage.rows("SELECT line FROM cosignatures") == [(right,)]


async def test_eight_kibibytes_of_an_answer_are_read_and_no_more(
    sqlite_stage: Stage, witness: LoopbackWitness, caplog: pytest.LogCaptureFixture
) -> None:
    right = (await right_line(sqlite_stage, witness)).encode()
    witness.reply = http_reply(200, right.ljust(8193, b"\n"))
    await is_not_believed(sqlite_stage, witness, caplog, "not by its key")
    await grow(sqlite_stage)
    witness.seen.clear()
    witness.reply = http_reply(200, (await right_line(sqlite_stage, witness)).encode().ljust(8192, b"\n"))
    await worker_of(sqlite_stage, witness).work()
    assert None not in await cosigners(sqlite_stage, witness)


async def newest_note(stage: Stage) -> str:
    newest = await stage.database.read(log.latest_checkpoint)
    assert newest is not None
    return newest.note


async def right_line(stage: Stage, witness: LoopbackWitness) -> str:
    return witness.add_checkpoint(witness.REQUEST_LINE, f"old 0\n\n{await newest_note(stage)}")


async def test_a_witness_that_tells_now_this_size_and_now_that_is_not_asked_for_ever(
    sqlite_stage: Stage, witness: LoopbackWitness, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(witness, "_answer", lambda *_: size_reply(1 + len(witness.requests) % 2))
        assert await worker_of(sqlite_stage, witness).work()
    assert [record.getMessage().partition(": ")[2] for record in caplog.records] == [
        "it told two sizes, one after the other"
    ]
    assert [request.partition("\n")[0] for request in witness.requests] == ["old 0", "old 2"]


async def test_interim_answers_without_end_are_not_waited_out(
    sqlite_stage: Stage, witness: LoopbackWitness, caplog: pytest.LogCaptureFixture
) -> None:
    witness.reply = b"HTTP/1.1 103 Early Hints\r\n\r\n" * 20 + http_reply(404)
    await is_not_believed(sqlite_stage, witness, caplog, "no answer (NotHttpError)")


async def test_a_witness_that_never_answers_is_given_up(
    sqlite_stage: Stage,
    witness: LoopbackWitness,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ask_witness, "ANSWER_SECONDS", 0.1)
    witness.silent = True
    await is_not_believed(sqlite_stage, witness, caplog, "no answer (TimeoutError)")
