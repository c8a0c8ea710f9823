# SPDX-License-Identifier: Apache-2.0
"""Rooms without phones, and applications that trust no typed code: digits in the mail, and the same device only."""

import re
import time

import httpx2
import pytest

from counterfoil_client import LoginLocked, WrongCode
from journeys.conftest import OpenDesktop, OpenService
from journeys.databases import rows
from journeys.desktop import ClientKind
from journeys.explained import explained, let_the_mail_be_read
from journeys.test_same_machine_return import goes_home
from support.background import LoopThread
from support.device import Device
from support.mailserver import Letter, MailServer
from support.phone import Phone

HERE = "I am on the computer where I started"
ROOM, VAULT = "room-app", "vault-app"
WITH_CODES = ("applications", "add", "Room", "--client-id", ROOM, "--mail-code")
SAME_DEVICE = ("applications", "add", "Vault", "--client-id", VAULT, "--same-device-only")


def digits(letter: Letter) -> str:
    """The eight digits of a mail."""
    (found,) = re.findall(r"^(\d{4} \d{4})\r?$", letter.text, re.MULTILINE)
    return str(found)


def wrong(code: str, step: int) -> str:
    """Other digits than these."""
    return f"{(int(code.replace(' ', '')) + step) % 10**8:08d}"


def test_the_digits_of_the_mail_sign_in_a_desktop_that_waits_and_five_wrong_ones_lock_it(
    new_service: OpenService, mail: MailServer, desktop: OpenDesktop, address: str, either_kind: ClientKind
) -> None:
    with new_service() as service:
        service.told(*WITH_CODES)
        terminal = desktop(service, either_kind, client_id=ROOM)
        asked = terminal.ask(address)
        code = digits(mail.letter_to(address))
        let_the_mail_be_read(service, asked.login_id)
        with pytest.raises(WrongCode) as missed:
            terminal.submit(asked, wrong(code, 1))
        assert missed.value.tries_left == 4
        terminal.submit(asked, code)
        session = asked.session(10)
        assert terminal.sub(session) == session.subject
        explained(service, asked.login_id, "digits_of_the_mail")
        assert code.replace(" ", "") not in service.log

        other = desktop(service, either_kind, client_id=ROOM)
        unlucky = other.ask(f"b{address}")
        code = digits(mail.letter_to(f"b{address}"))
        let_the_mail_be_read(service, unlucky.login_id)
        for left in (4, 3, 2, 1):
            with pytest.raises(WrongCode) as missed:
                other.submit(unlucky, wrong(code, left))
            assert missed.value.tries_left == left
        with pytest.raises(LoginLocked):
            other.submit(unlucky, wrong(code, 9))
        assert type(unlucky.error(10)) is LoginLocked
        explained(service, unlucky.login_id, "five_wrong_mail_codes")


def test_whoever_reads_the_mail_but_has_not_the_key_gets_nothing_by_the_digits(
    new_service: OpenService, mail: MailServer, desktop: OpenDesktop, loop: LoopThread, address: str
) -> None:
    with new_service() as service:
        service.told(*WITH_CODES)
        asked = desktop(service, client_id=ROOM).ask(address)
        letter = mail.letter_to(address)
        let_the_mail_be_read(service, asked.login_id)
        form = {"client_id": ROOM, "device_code": asked.device_code, "mail_code": digits(letter)}
        answer = loop.run(_posted(service.public_url, form))
        assert answer == "invalid_grant"
        assert asked.waits
        explained(service, asked.login_id, "digits_without_the_key")


def test_an_application_of_one_device_takes_no_code_and_brings_its_person_home(
    new_service: OpenService,
    mail: MailServer,
    laptop: Phone,
    desktop: OpenDesktop,
    address: str,
    either_kind: ClientKind,
) -> None:
    with new_service() as service:
        service.told(*SAME_DEVICE, "--redirect-uri", "http://127.0.0.1/callback")
        terminal = desktop(service, either_kind, client_id=VAULT)
        asked = terminal.ask(address, redirect="loopback")
        letter = mail.letter_to(address)
        let_the_mail_be_read(service, asked.login_id)
        assert laptop.open(letter.link) == 200
        assert "Only on the computer where you started" in laptop.text
        assert "Code on the device" not in laptop.text
        typed = laptop.run(
            laptop.page.request.post(
                f"{service.public_url}/l",
                form={
                    "secret": letter.secret,
                    "action": "approve",
                    "user_code": asked.user_code,
                },
            )
        )
        assert typed.status == 422
        assert asked.waits
        assert laptop.press(HERE) == 200
        assert laptop.heading == "You are signed in"
        goes_home(laptop, asked)
        assert terminal.sub(asked.session(10))
        explained(service, asked.login_id, "same_device_only")
        assert rows(
            service.settings["database_url"], "SELECT approved_by FROM logins WHERE id = ?", asked.login_id
        ) == [(None,)]


async def _posted(issuer: str, form: dict[str, str]) -> str:
    device = Device(issuer, lambda: time.time_ns() // 1000)
    async with httpx2.AsyncClient(base_url=issuer, trust_env=False) as client:
        return str((await device.post(client, "/oauth/mail_code", form)).json().get("error"))
