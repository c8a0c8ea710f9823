# SPDX-License-Identifier: Apache-2.0
"""The link opened on the computer that asked: the browser comes home to the SDK, and attackers get nothing."""

import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Error

from counterfoil_client import LoginDenied
from journeys.conftest import OpenDesktop
from journeys.databases import event_names, sessions_of
from journeys.desktop import Asked, ClientKind
from journeys.explained import explained, let_the_mail_be_read
from journeys.thief import thief_of
from journeys.verified import verified
from support.background import LoopThread, wait_until
from support.mailserver import MailServer
from support.phone import Browser, Phone
from support.processes import RunningService

HERE = "I am on the computer where I started"
THIEF = "ALERT: the device code came with another key"
PROMPT = 5
"""Seconds: far less than a held poll."""


def goes_home(page: Phone, asked: Asked) -> None:
    """The browser met nobody but the service and the listener."""
    home = urlsplit(asked.redirect_uri)
    page.hosts.remove(f"{home.scheme}://{home.netloc}")


def press_here(page: Phone) -> int:
    """Press the third button; the status of what the browser finds, 0 where nobody listens (any more)."""
    try:
        return page.press(HERE)
    except Error as error:
        if not re.search("ERR_CONNECTION_(REFUSED|RESET)", error.message):
            raise
        wait_until(lambda: page.page.url.startswith("chrome-error:"), "the browser to say so")
        return 0


def test_the_browser_lands_on_the_listener_and_a_thief_of_the_device_code_gets_nothing(
    service: RunningService,
    mail: MailServer,
    laptop: Phone,
    desktop: OpenDesktop,
    loop: LoopThread,
    client_kind: ClientKind,
    address: str,
) -> None:
    terminal = desktop(service, client_kind)
    asked = terminal.ask(address, redirect="loopback")
    with thief_of(service, loop, asked.device_code):
        letter = mail.letter_to(address)
        let_the_mail_be_read(service, asked.login_id)
        assert laptop.open(letter.link) == 200
        pressed = time.monotonic()
        assert laptop.press(HERE) == 200
        assert laptop.heading == "You are signed in"
        session = asked.session(PROMPT)
        assert time.monotonic() - pressed < PROMPT
    goes_home(laptop, asked)

    claims = verified(service, session.access_token)
    assert claims["amr"] == ["pop", "swk"], "no code was typed, so no second channel is claimed"
    assert claims["cnf"] == {"jkt": terminal.jkt}
    assert terminal.sub(session) == session.subject
    assert sessions_of(service.settings["database_url"], asked.login_id) == 1
    with pytest.raises(ConnectionRefusedError):
        _knock(asked)
    explained(service, asked.login_id, "back_on_the_same_computer", without=THIEF)


def test_a_victim_who_presses_here_on_her_own_computer_gives_the_attacker_nothing(
    service: RunningService,
    mail: MailServer,
    laptop: Phone,
    desktop: OpenDesktop,
    either_kind: ClientKind,
    address: str,
) -> None:
    asked = desktop(service, either_kind).ask(address, redirect="loopback")
    # His listener is on his own machine: on hers nobody answers.
    assert asked.login._listener is not None
    asked.login._listener.close()
    link = mail.letter_to(address).link
    let_the_mail_be_read(service, asked.login_id)
    for _ in range(3):
        assert laptop.open(link) == 200
        assert not press_here(laptop)
    assert laptop.open(link) == 200
    assert HERE not in laptop.text, "three codes are enough"
    assert asked.waits
    assert laptop.press("Reject") == 200
    goes_home(laptop, asked)

    assert type(asked.error()) is LoginDenied
    url = service.settings["database_url"]
    assert sessions_of(url, asked.login_id) == 0
    assert event_names(url, asked.login_id).count("login.code_issued") == 3
    explained(service, asked.login_id, "pressed_on_another_computer")


def test_a_code_typed_on_a_phone_wins_and_leaves_nothing_to_press(
    service: RunningService,
    mail: MailServer,
    phone: Phone,
    laptop: Phone,
    desktop: OpenDesktop,
    either_kind: ClientKind,
    address: str,
) -> None:
    asked = desktop(service, either_kind).ask(address, redirect="loopback")
    link = mail.letter_to(address).link
    let_the_mail_be_read(service, asked.login_id)
    assert laptop.open(link) == 200
    assert phone.approve(link, asked.user_code) == 200
    session = asked.session(PROMPT)
    assert laptop.press(HERE) == 410
    assert verified(service, session.access_token)["amr"] == ["pop", "swk", "mca"]
    with pytest.raises(ConnectionRefusedError):
        _knock(asked)
    explained(service, asked.login_id, "typed_before_it_was_pressed")


def test_a_code_typed_and_a_button_pressed_at_once_make_one_session(
    service: RunningService,
    mail: MailServer,
    phone: Phone,
    browser: Browser,
    desktop: OpenDesktop,
    client_kind: ClientKind,
    address: str,
) -> None:
    terminal = desktop(service, client_kind)
    asked = terminal.ask(address, redirect="loopback")
    link = mail.letter_to(address).link
    with browser.phone() as computer, ThreadPoolExecutor(2) as hands:
        for page in (phone, computer):
            assert page.open(link) == 200
        phone.type_code(asked.user_code)
        typed, pressed = hands.submit(phone.press, "Sign in"), hands.submit(press_here, computer)
        outcomes = (typed.result(), pressed.result())
        computer.hosts.intersection_update({service.public_url})
    assert outcomes[0] in {200, 410}
    assert outcomes[1] in {200, 410, 502, 0}
    session = asked.session(PROMPT)
    assert sessions_of(service.settings["database_url"], asked.login_id) == 1
    assert terminal.sub(session) == session.subject


def _knock(asked: Asked) -> None:
    """Whether the listener is gone."""
    port = urlsplit(asked.redirect_uri).port
    assert port is not None
    socket.create_connection(("127.0.0.1", port), 5).close()
