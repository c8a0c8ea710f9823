# SPDX-License-Identifier: Apache-2.0
"""A running service that pushes its log over TLS, and an operator who looks after it from the command line."""

import contextlib
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from click import Command
from click.testing import CliRunner

from counterfoil_service.cli.applications import applications
from counterfoil_service.cli.audit import audit
from counterfoil_service.cli.doctor import doctor
from support.background import LoopThread, wait_until
from support.certificates import Authority
from support.processes import RunningService
from support.receivers import KEY, Connected, SyslogReceiver, WebhookReceiver, listening
from support.sinks import syslog, webhook


@contextlib.contextmanager
def standing_by(loop: LoopThread, connected: Connected, authority: Authority) -> Iterator[int]:
    """A TLS receiver beside the test; its port."""
    server = listening(connected, authority.server())
    port = loop.run(server.__aenter__())
    try:
        yield port
    finally:
        loop.run(server.__aexit__(None, None, None))


def test_the_log_leaves_a_running_service_and_commands_tell_how_far_it_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, hooked, logged = Authority(tmp_path / "ca"), WebhookReceiver(), SyslogReceiver()
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with (
        LoopThread() as loop,
        standing_by(loop, hooked.connected, authority) as first,
        standing_by(loop, logged.connected, authority) as second,
    ):
        sinks = webhook(first, scheme="https"), syslog(second, "syslog+tls")
        names = [sink.partition("#")[0] for sink in sinks]
        with RunningService(tmp_path / "service", audit_sinks=",".join(sinks)) as service:
            monkeypatch.chdir(service.folder)
            told = partial(printed, service)
            told(applications, "add", "one", "--client-id", "one")
            wait_until(lambda: hooked.entries, "the webhook to come")
            wait_until(lambda: logged.messages, "syslog to come")
            assert b"application.added" in logged.messages[-1]

            hooked.replies = [410]
            told(applications, "add", "two", "--client-id", "two")
            wait_until(lambda: "CRITICAL" in service.log, "the service to say that a receiver wants no more")
            wait_until(lambda: len(logged.messages) > 1, "the other one to get it all the same")
            shown = {each["name"]: each for each in json.loads(told(audit, "sinks", "--json"))}
            assert [shown[name]["problem"] for name in names] == ["gone", None]
            assert [shown[name]["next_attempt"] is None for name in names] == [True, False]
            assert shown[names[0]]["behind"] >= 1
            assert all(each["configured"] for each in shown.values())
            rows = [line.split() for line in told(audit, "sinks").splitlines()]
            assert [cells[1:] for cells in rows if names[0] in cells] == [
                [str(shown[names[0]][each]) for each in ("next_index", "behind", "attempts", "problem")]
            ]
            findings = [each for each in json.loads(told(doctor, "--json"))["findings"] if "SINKS" in each["subject"]]
            assert {each["verdict"]: "gone" in each["text"] for each in findings} == {"warning": True, "ok": False}

            before = len(hooked.entries)
            assert "Entry 0 is the next one" in told(audit, "sinks", "rewind", names[0], "0")
            wait_until(lambda: 0 in dict(hooked.entries[before:]), "everything once more")
            service.settings["audit_sinks"] = ""
            assert "not in COUNTERFOIL_AUDIT_SINKS any more" in told(audit, "sinks")
    assert KEY.removeprefix("whsec_") not in service.log


def printed(service: RunningService, command: Command, *arguments: str) -> str:
    """What a command prints beside the service, in this process; it must succeed."""
    done = CliRunner().invoke(command, arguments, env=dict(service.environ))
    assert done.exit_code == 0, done.output
    return done.stdout
