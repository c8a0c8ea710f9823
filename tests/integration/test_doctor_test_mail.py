# SPDX-License-Identifier: Apache-2.0
"""`doctor --send-test`: a real mail by the real settings, told by whom it was taken or why not."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from counterfoil_service.cli import doctor_mail
from counterfoil_service.cli.doctor_mail import send_test
from counterfoil_service.settings import Secret
from support.mailserver import MailServer
from support.processes import RunningService
from support.receivers import KEY, listening
from support.stage import settings_for

GRACE = "grace@example.com"


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


def told(here: RunningService, address: str = GRACE) -> tuple[int, str, str]:
    """Exit status, verdict and text of the test mail."""
    done = here.cli("doctor", "--send-test", address, "--json")
    assert "Traceback" not in done.stderr
    (found,) = [each for each in json.loads(done.stdout)["findings"] if each["subject"] == "test mail"]
    return done.returncode, found["verdict"], found["text"]


def test_a_test_mail_arrives_and_nobody_is_asked_to_sign_in(tmp_path: Path, mail: MailServer) -> None:
    here = RunningService(tmp_path, mail_url=mail.url, mail_from="Shop <sign-in@id.example>")
    status, verdict, text = told(here)
    assert (status, verdict) == (0, "ok")
    assert text.startswith(f"taken by {urlsplit(mail.url).hostname}; look for “Test mail of Counterfoil”")
    letter = mail.letter_to(GRACE)
    assert letter.sender == "sign-in@id.example"
    assert letter.link == f"{here.public_url}/check-mail"
    assert not (tmp_path / "counterfoil.db").exists(), "not even a database was needed"


def test_a_mail_that_is_refused_is_an_error_by_the_server_s_word(tmp_path: Path, mail: MailServer) -> None:
    mail.refusal = "550 5.1.1 No such mailbox"
    status, verdict, text = told(RunningService(tmp_path, mail_url=mail.url))
    assert (status, verdict, "did not take it: the mail server replied 550" in text) == (1, "error", True)


def test_a_server_that_is_down_and_one_that_is_not_set_up_are_errors(tmp_path: Path) -> None:
    secret = "smtp://grace:correct-horse@127.0.0.1:1"
    status, verdict, text = told(RunningService(tmp_path, mail_url=secret))
    assert (status, verdict, "correct-horse" in text) == (1, "error", False)
    assert told(RunningService(tmp_path, mail_url="none:"))[:2] == (1, "error")


@pytest.mark.parametrize(
    "address", ["", "grace", "grace@", "a@b.example,c@d.example", "a@b.example\r\nBcc: c@d.example"]
)
def test_what_is_no_address_gets_no_mail(tmp_path: Path, mail: MailServer, address: str) -> None:
    status, verdict, text = told(RunningService(tmp_path, mail_url=mail.url), address)
    assert (status, verdict, text.startswith("none was sent: ")) == (1, "error", True)
    assert mail.letters_to(address) == []


def test_a_folder_takes_it_too(tmp_path: Path) -> None:
    status, _, text = told(RunningService(tmp_path, mail_url=f"file:{tmp_path / 'mail'}"))
    assert (status, text.startswith("taken by file; ")) == (0, True)
    (written,) = (tmp_path / "mail").glob("*.eml")
    assert b"check-mail" in written.read_bytes()


async def test_a_folder_whose_name_holds_a_comma_is_written_as_the_rule_says(tmp_path: Path) -> None:
    mail_url = Secret(f"file:{tmp_path}/ours%2C%20theirs%25")
    settings = settings_for(f"sqlite:///{tmp_path}/x.db", tmp_path, mail_url=mail_url)
    assert (await send_test(settings, GRACE)).verdict == "ok"
    assert len(list((tmp_path / "ours, theirs%").glob("*.eml"))) == 1


def test_it_is_written_with_the_operator_s_templates(tmp_path: Path) -> None:
    (tmp_path / "own" / "mail").mkdir(parents=True)
    (tmp_path / "own" / "mail" / "test.txt").write_text("Acme tries this:\n\n{{ link }}\n", "utf-8")
    settings = settings_for(
        f"sqlite:///{tmp_path}/x.db", tmp_path, mail_url=Secret(f"file:{tmp_path / 'mail'}"), templates=tmp_path / "own"
    )
    assert asyncio.run(send_test(settings, GRACE)).verdict == "ok"
    (letter,) = (tmp_path / "mail").glob("*.eml")
    assert b"Acme tries this:" in letter.read_bytes()
    (tmp_path / "own" / "mail" / "test.txt").write_text("{{ link.nobody }}", "utf-8")
    found = asyncio.run(send_test(settings, GRACE))
    assert (found.verdict, found.text) == ("error", "none was sent: a template of yours fails (UndefinedError)")


async def test_a_server_that_hangs_is_left_in_time_and_perhaps_has_the_mail(
    tmp_path: Path, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_mail, "SEND_SECONDS", 1)
    mail.hanging = True
    settings = settings_for(f"sqlite:///{tmp_path}/x.db", tmp_path, mail_url=Secret(mail.url))
    found = await send_test(settings, GRACE)
    mail.hanging = False
    assert found.verdict == "error"
    assert found.text == (
        "nobody knows whether 127.0.0.1 took it: the mail server did not answer in time; "
        "look there before you send another"
    )
    assert mail.letters_to(GRACE), "it has it, though it never said so"


async def test_who_took_the_mail_and_hung_up_perhaps_has_it_and_is_named(tmp_path: Path) -> None:
    async def hang_up(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))

    async with listening(hang_up) as port:
        mail_url = f"smtp://localhost:1,hook+http://127.0.0.1:{port}/#{KEY}"
        settings = settings_for(f"sqlite:///{tmp_path}/x.db", tmp_path, mail_url=Secret(mail_url))
        found = await send_test(settings, GRACE)
    assert found.verdict == "error"
    assert found.text.startswith("hook 127.0.0.1 perhaps has it: ")
    assert found.text.endswith("look there before you send another")
    assert "did not take it" not in found.text


async def test_of_two_servers_the_one_that_took_it_is_named(tmp_path: Path, mail: MailServer) -> None:
    settings = settings_for(
        f"sqlite:///{tmp_path}/x.db",
        tmp_path,
        mail_url=Secret(f"smtp://127.0.0.1:1,smtp://localhost:{mail.port}"),
    )
    found = await send_test(settings, GRACE)
    assert (found.verdict, found.text.partition(";")[0]) == ("ok", "taken by localhost")


def test_a_provider_is_named_without_its_key() -> None:
    key = "c2VjcmV0LTMtc2VjcmV0LTMtc2VjcmV0LTM="
    urls = f"smtps://user:secret-1@mail.example:465, resend://secret-2,hook+https://a.example/secret-4#whsec_{key}"
    named = doctor_mail._takers(urls)
    assert named.startswith("mail.example or resend or hook")
    assert "secret" not in named + doctor_mail._shown(urls, "hook") + doctor_mail._shown(urls, "resend")
    assert key not in named
