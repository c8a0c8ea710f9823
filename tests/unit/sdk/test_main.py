# SPDX-License-Identifier: Apache-2.0
"""The terminal sign-in: a contract for the programs that read its lines."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from counterfoil_client import Client, FileStore, MemoryStore
from counterfoil_client import __main__ as command
from counterfoil_client._fake_sessions import FakeSessions
from counterfoil_client._fingerprint.profile import ATTRIBUTES, Profile
from counterfoil_client.session import Progress
from counterfoil_client.testing import FakeService

BASE = ["--issuer", "https://id.example", "--client-id", "desktop", "--email", "ada@example.com"]


@pytest.fixture
def fake() -> FakeService:
    return FakeService()


def decide(monkeypatch: pytest.MonkeyPatch, reporter: type[Any], action: Any) -> None:
    real = reporter.progress

    def progress(self: Any, step: Progress) -> None:
        real(self, step)
        action(step)

    monkeypatch.setattr(reporter, "progress", progress)


def events(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in capsys.readouterr().out.splitlines()]


def test_a_program_reads_one_event_per_line(
    fake: FakeService, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    decide(monkeypatch, command.JsonLines, lambda _: fake.approve(fake.last_login.login_id))
    assert command.main([*BASE, "--json", "--device-label", "laptop"], fake.client()) == 0
    started, progress, signed_in = events(capsys)
    login = fake.last_login
    assert started == {
        "event": "started",
        "user_code": login.user_code,
        "login_id": login.login_id,
        "expires_at": started["expires_at"],
    }
    assert started["expires_at"].endswith("Z")
    assert set(progress) == {"event", "state", "attempt", "retry_in", "seconds_left"}
    assert (progress["event"], progress["state"], progress["attempt"]) == ("progress", "waiting", 1)
    assert signed_in == {
        "event": "signed_in",
        "subject": login.subject,
        "session_id": f"session-of-{login.login_id}",
        "login_id": login.login_id,
    }
    assert login.device_label == "laptop"


def test_a_failure_is_an_event_with_type_and_hint(
    fake: FakeService, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    decide(monkeypatch, command.JsonLines, lambda _: fake.lock(fake.last_login.login_id))
    assert command.main([*BASE, "--json"], fake.client()) == 1
    failed = events(capsys)[-1]
    assert (failed["event"], failed["error"]) == ("failed", "LoginLocked")
    assert failed["hint"]


@pytest.mark.parametrize("extra", [[], ["--json"]])
def test_ctrl_c_cancels_the_login(
    fake: FakeService, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], extra: list[str]
) -> None:
    def interrupt(_: Progress) -> None:
        raise KeyboardInterrupt

    for reporter in (command.JsonLines, command.Words):
        decide(monkeypatch, reporter, interrupt)
    assert command.main([*BASE, *extra], fake.client()) == 1
    assert fake.last_login.state == "cancelled"
    output = capsys.readouterr()
    assert "LoginCancelled" in output.out if extra else "cancelled" in output.err


def test_a_person_reads_words_and_trouble_is_told_once(
    fake: FakeService, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def come_and_go(step: Progress) -> None:
        if step.attempt == 1:
            fake.go_offline()
        if step.attempt == 3:
            fake.go_online()
        if step.attempt == 4:
            fake.approve(fake.last_login.login_id)

    decide(monkeypatch, command.Words, come_and_go)
    assert command.main(BASE, fake.client()) == 0
    out = capsys.readouterr().out
    assert fake.last_login.user_code in out
    assert out.count("does not answer") == 1
    assert out.count("Waiting again.") == 1
    assert f"Signed in as {fake.last_login.subject}." in out


@pytest.mark.parametrize("extra", [[], ["--json"]])
def test_no_token_is_printed(
    fake: FakeService, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], extra: list[str]
) -> None:
    tokens = {"access_token": "SECRET-A", "refresh_token": "SECRET-R"}
    real = Client.start_login

    def start(self: Client, *args: Any, **options: Any) -> Any:
        login = real(self, *args, **options)
        fake.approve(login.login_id)
        return login

    monkeypatch.setattr(Client, "start_login", start)
    real_open = FakeSessions.open
    monkeypatch.setattr(FakeSessions, "open", lambda self, session: {**real_open(self, session), **tokens})
    assert command.main([*BASE, *extra], fake.client()) == 0
    output = capsys.readouterr()
    assert "SECRET" not in output.out + output.err
    assert fake.last_login.device_code not in output.out + output.err


def test_a_missing_address_is_asked_for_beside_the_events(
    fake: FakeService, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("ada@example.com\n"))
    decide(monkeypatch, command.JsonLines, lambda _: fake.approve(fake.last_login.login_id))
    assert command.main([*BASE[:4], "--json"], fake.client()) == 0
    output = capsys.readouterr()
    assert output.err == "E-mail address: "
    assert fake.last_login.email == "ada@example.com"


def test_no_address_at_all_is_an_error_not_a_traceback(
    fake: FakeService, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert command.main([*BASE[:4], "--json"], fake.client()) == 1
    assert events(capsys) == [
        {
            "event": "failed",
            "error": "ConfigurationError",
            "message": "email must be one line of 1 to 320 printable characters",
            "hint": "Correct the argument named in the message.",
        }
    ]


def type_in(monkeypatch: pytest.MonkeyPatch, fake: FakeService, *lines: str) -> None:
    """What a person types; RIGHT stands for the digits of the mail, WRONG for others."""
    typed = iter(lines)

    def readline() -> str:
        right = fake.last_login.mail_code
        wrong = f"{(int(right) + 1) % 10**8:08d}"
        return next(typed).replace("RIGHT", right).replace("WRONG", wrong)

    monkeypatch.setattr("sys.stdin.readline", readline, raising=False)


@pytest.mark.parametrize("extra", [[], ["--json"]])
def test_the_digits_of_the_mail_are_asked_for_until_they_are_right(
    fake: FakeService, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], extra: list[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    type_in(monkeypatch, fake, "WRONG\n", "1234\n", "RIGHT\n")
    assert command.main([*BASE, "--mail-code", *extra], fake.client()) == 0
    output = capsys.readouterr()
    assert output.err.count("Digits of the mail") == 3
    assert fake.last_login.mail_code not in output.out + output.err
    told = output.out if extra else output.err
    assert told.count("newest mail and type its eight digits again") == 2
    if extra:
        lines = [msgspec.json.decode(line) for line in output.out.splitlines()]
        assert [line["event"] for line in lines] == ["started", "wrong_code", "wrong_code", "progress", "signed_in"]
        assert [line["tries_left"] for line in lines[1:3]] == [4, None]
        assert set(lines[1]) == {"event", "tries_left", "message", "hint"}


def test_five_wrong_digits_end_the_command(
    fake: FakeService, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    type_in(monkeypatch, fake, *["WRONG\n"] * 5)
    assert command.main([*BASE, "--mail-code", "--json"], fake.client()) == 1
    failed = events(capsys)[-1]
    assert (failed["event"], failed["error"]) == ("failed", "LoginLocked")


@pytest.mark.parametrize("line", ["\n", ""], ids=["enter", "end of input"])
def test_a_person_may_use_the_link_instead(
    fake: FakeService, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(line))
    decide(monkeypatch, command.JsonLines, lambda _: fake.approve(fake.last_login.login_id))
    assert command.main([*BASE, "--mail-code", "--json"], fake.client()) == 0
    assert events(capsys)[-1]["event"] == "signed_in"


def test_the_key_is_kept_unless_told_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_data_dir", lambda name: str(tmp_path / name))
    kept = command._client(command._parser().parse_args(BASE))
    forgotten = command._client(command._parser().parse_args([*BASE, "--ephemeral-key"]))
    assert isinstance(kept._store, FileStore)
    assert isinstance(forgotten._store, MemoryStore)


def test_the_session_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_data_dir", lambda name: str(tmp_path / name))
    client = command._client(command._parser().parse_args(BASE))
    assert isinstance(client._keeper._store, MemoryStore)
    assert client._keeper._store is not client._store


@pytest.mark.parametrize("extra", [[], ["--json"]])
def test_a_person_sees_what_is_read_of_this_machine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], extra: list[str]
) -> None:
    monkeypatch.setattr(command, "collect", lambda: Profile(machine="6f1d0b7c", hostname="ada-pc"))
    assert command.main(["fingerprint", *extra]) == 0
    output = capsys.readouterr()
    assert output.err == ""
    if extra:
        found = msgspec.json.decode(output.out)
        assert (found["machine"], found["hostname"], found["display"]) == ("6f1d0b7c", "ada-pc", None)
        assert set(ATTRIBUTES) - set(found) == {"app", "key_storage"}, "those are the application's to say"
    else:
        lines = output.out.splitlines()
        assert "machine      6f1d0b7c" in lines
        assert "display      -" in lines
        assert len(lines) == len(ATTRIBUTES) - 2


def test_what_is_read_is_shown_by_the_module_as_a_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "counterfoil_client", "fingerprint", "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert msgspec.json.decode(done.stdout)["os"]


def test_the_module_runs_as_a_command() -> None:
    arguments = ["--issuer", "http://id.example", "--client-id", "desktop", "--email", "a@b.example", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "counterfoil_client", *arguments, "--ephemeral-key"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert msgspec.json.decode(done.stdout)["error"] == "ConfigurationError"
    assert done.stderr == ""
