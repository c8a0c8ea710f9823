# SPDX-License-Identifier: Apache-2.0
"""The log by syslog over TCP and TLS: what counts as delivered is what a receiver has read to the end [R140]."""

import asyncio
import ssl
from pathlib import Path
from urllib.parse import unquote

import pytest

from counterfoil_service.audit.sinks import syslog as sender
from counterfoil_service.settings import SettingsError
from counterfoil_service.settings.sinks import read_sinks
from support import acting
from support.certificates import Authority
from support.receivers import SyslogReceiver, closing_without_a_word, listening
from support.sinks import deliver, happen, row, seal, sealed, syslog, worker
from support.stage import OpenStage, Stage
from unit.core.exports.test_syslog import Frame

HOSTILE = 'a\r\n<104>1 - - - - - x|y=z\\"] [evil@1 a="b"] \u202egpj.exe\u2066\u2028\x1b[31m\0 100%'


def told(message: bytes) -> dict[str, str]:
    """What a strict reader of RFC 5424 makes of one message."""
    (pairs,) = Frame(message).elements.values()
    return {name: unquote(value) for name, value in pairs}


def entries_of(receiver: SyslogReceiver) -> list[tuple[int, str]]:
    found = [told(message) for message in receiver.messages]
    return [(int(each["position"]), each["id"]) for each in found]


@pytest.mark.parametrize("secured", [False, True], ids=["tcp", "tls"])
async def test_every_entry_arrives_in_order_as_a_message_of_its_own(
    sqlite_stage: Stage, tmp_path: Path, *, secured: bool
) -> None:
    authority, receiver, stage = Authority(tmp_path / "ca"), SyslogReceiver(), sqlite_stage
    async with listening(receiver.connected, authority.server() if secured else None) as port:
        sink = syslog(port, "syslog+tls" if secured else "syslog+tcp")
        made = await worker(stage, sink, authority.client())
        await acting.ask(stage, device_label=HOSTILE)
        await seal(stage)
        await happen(stage, 250, HOSTILE)
        await deliver(made)
        assert entries_of(receiver) == await sealed(stage)
        assert [len(data) > 0 for data in receiver.connections] == [True] * 4, "one connection a batch"
    assert [each["fields.name"] for each in map(told, receiver.messages[-250:])] == [HOSTILE] * 250
    assert all(len(message.decode().removeprefix("\ufeff").splitlines()) == 1 for message in receiver.messages)
    everything = b"".join(receiver.connections)
    assert not [each for each in (b"ada@", b"example.com", b"192.0.2") if each in everything]


@pytest.mark.parametrize("secured", [False, True], ids=["tcp", "tls"])
async def test_what_a_receiver_left_unread_when_it_died_comes_again(
    sqlite_stage: Stage, tmp_path: Path, *, secured: bool
) -> None:
    authority, receiver, stage = Authority(tmp_path / "ca"), SyslogReceiver(dies_after=[1, 9000, 200_000]), sqlite_stage
    receiver.pace = 4096
    async with listening(receiver.connected, authority.server() if secured else None) as port:
        sink = syslog(port, "syslog+tls" if secured else "syslog+tcp")
        made = await worker(stage, sink, authority.client())
        await happen(stage, 100, "N" * 5000)
        for attempt in (1, 2, 3):
            assert not await made.work()
            failed = await row(stage, sink)
            assert (failed.next_index, failed.attempts) == (0, attempt)
            assert failed.problem in {"ConnectionResetError", "BrokenPipeError"}
            stage.clock.now = failed.due_at
        assert receiver.dies_after == []
        await deliver(made)
        assert entries_of(receiver) == await sealed(stage)


async def test_a_receiver_that_takes_what_it_never_reads_has_got_nothing(
    sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that hangs: its machine takes the connection and acknowledges every byte."""
    monkeypatch.setattr(sender, "TIMEOUT_SECONDS", 0.1)

    async def hang(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with listening(hang) as port, asyncio.timeout(10):
        made = await worker(sqlite_stage, syslog(port))
        await happen(sqlite_stage)
        assert not await made.work()
        failed = await row(sqlite_stage, syslog(port))
    assert (failed.next_index, failed.problem) == (0, "TimeoutError")


async def test_a_receiver_that_closes_at_once_has_got_nothing(sqlite_stage: Stage) -> None:
    async def close(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with listening(close) as port, asyncio.timeout(20):
        made = await worker(sqlite_stage, syslog(port))
        await happen(sqlite_stage, 100, "N" * 5000)
        for _ in range(5):
            assert not await made.work()
            failed = await row(sqlite_stage, syslog(port))
            assert failed.next_index == 0
            sqlite_stage.clock.now = failed.due_at


@pytest.mark.parametrize(("dies", "problem"), [(False, "TimeoutError"), (True, "ConnectionResetError")])
async def test_a_receiver_that_has_closed_its_side_while_the_rest_is_under_way_has_got_nothing(
    sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch, problem: str, *, dies: bool
) -> None:
    monkeypatch.setattr(sender, "TIMEOUT_SECONDS", 10 if dies else 0.3)

    async def close_its_side(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write_eof()
        await asyncio.sleep(0.2 if dies else 60)

    async with listening(close_its_side, window=4096) as port, asyncio.timeout(20):
        made = await worker(sqlite_stage, syslog(port))
        await happen(sqlite_stage, 100, "N" * 5000)
        assert not await made.work()
        failed = await row(sqlite_stage, syslog(port))
        assert (failed.next_index, failed.problem) == (0, problem)


async def test_nothing_is_sent_to_whom_no_certificate_vouches_for(sqlite_stage: Stage, tmp_path: Path) -> None:
    authority, receiver = Authority(tmp_path / "ca"), SyslogReceiver()
    asking = authority.server()
    asking.verify_mode = ssl.CERT_REQUIRED
    asking.load_verify_locations(authority.file)
    for context, problem in (
        (authority.server("logs.example"), "certificate: "),
        (Authority(tmp_path / "other").server(), "certificate: "),
        (asking, ""),  # what a receiver tells that wants a certificate of ours may be lost with the connection
    ):
        async with listening(receiver.connected, context) as port:
            sink = syslog(port, "syslog+tls")
            made = await worker(sqlite_stage, sink, authority.client())
            await happen(sqlite_stage)
            assert not await made.work()
            failed = await row(sqlite_stage, sink)
            assert failed.problem is not None
            assert failed.problem.startswith(problem)
    assert [data for data in receiver.connections if data] == []


async def test_a_tls_receiver_that_only_closes_the_connection_must_have_shown_that_it_let_us_in(
    sqlite_stage: Stage, tmp_path: Path
) -> None:
    """GnuTLS sends no close_notify: rsyslog's receivers close like that."""
    authority = Authority(tmp_path / "ca")
    older, silent, usual = authority.server(), authority.server(), authority.server()
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    silent.num_tickets = 0
    for context, taken in ((older, True), (silent, False), (usual, True)):
        with closing_without_a_word(context) as port:
            sink = syslog(port, "syslog+tls")
            made = await worker(sqlite_stage, sink, authority.client())
            await happen(sqlite_stage)
            assert await made.work() == taken
            assert (await row(sqlite_stage, sink)).problem == (None if taken else "SSLEOFError")


@pytest.mark.parametrize(
    "sink",
    [
        "syslog+tcp://127.0.0.1:1?enterprise=32473",
        "syslog+tcp://127.0.0.1:1?enterprise=9999999999",
        f"syslog+tcp://{'a' * 64}.example:1?enterprise=54321",
        "https://127.0.0.1:1/\u00e4#whsec_" + "QUJD" * 8,
    ],
)
async def test_a_sink_to_which_nothing_could_be_sent_is_refused_at_the_start(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage, sink: str
) -> None:
    with pytest.raises(SettingsError, match="COUNTERFOIL_AUDIT_SINKS") as refused:
        async with open_stage(sqlite_url, tmp_path, audit_sinks=read_sinks(sink)):
            pass
    assert "whsec_" not in str(refused.value)
    assert "127.0.0.1" not in str(refused.value)
