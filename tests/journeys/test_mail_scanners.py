# SPDX-License-Identifier: Apache-2.0
"""Programs open links before people do. None of them may spend a link, and none may sign anybody in."""

import http.client
from urllib.parse import urlencode, urlsplit

import pytest

from counterfoil_client import LoginDenied
from journeys.codes import random_code, wrong_code
from journeys.conftest import OpenDesktop
from journeys.databases import event_names, sessions_of
from journeys.explained import explained, let_the_mail_be_read
from support.mailserver import MailServer
from support.phone import Browser, Phone
from support.processes import RunningService
from support.scanner import Habit, press_everything

AGENTS = ["", "curl/8.5", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) SafeLinks", "BarracudaCentral", "Mozilla/5.0"]
NOT_CODES = ["", " ", "123456", "WDJBM", "WDJBMJX", "ÄÖÜBCD", "<script>", "B" * 40, "AEIOUY"]
PRESSES = 12
HABITS: dict[Habit, tuple[int, str]] = {
    "first": (3, "scanner_that_presses_the_first_button"),
    "last": (2, "scanner_that_presses_the_last_button"),
    "in turn": (3, "scanner_that_presses_in_turn"),
}
"""Three wrong codes; a rejection and the report that its page offers; a wrong code before both."""


def test_a_scanner_that_looks_and_types_nonsense_leaves_the_link_to_its_reader(
    service: RunningService, mail: MailServer, phone: Phone, desktop: OpenDesktop, address: str
) -> None:
    asked = desktop(service).ask(address)
    letter = mail.letter_to(address)
    let_the_mail_be_read(service, asked.login_id)

    for agent in AGENTS:
        for method in ("GET", "HEAD"):
            for _ in range(10):
                assert _fetch(service, method, letter.link, agent) == 200
    for text in NOT_CODES:
        assert _approve(service, letter.secret, text) == 422
    for _ in range(2):
        assert _approve(service, letter.secret, wrong_code(asked.user_code)) == 422

    assert asked.waits
    assert phone.approve(letter.link, asked.user_code) == 200
    assert asked.session().subject
    names = event_names(service.settings["database_url"], asked.login_id)
    assert names.count("login.link_opened") == 101
    assert names.count("login.code_mismatch") == 2
    explained(service, asked.login_id, "scanner_that_looks")


@pytest.mark.parametrize("habit", list(HABITS))
def test_a_scanner_that_presses_every_button_gets_no_desktop_in(
    service: RunningService, mail: MailServer, browser: Browser, desktop: OpenDesktop, address: str, habit: Habit
) -> None:
    asked = desktop(service).ask(address)
    link = mail.letter_to(address).link
    let_the_mail_be_read(service, asked.login_id, -60)

    with browser.phone() as scanner:
        pressed = scanner.run(press_everything(scanner.page, link, habit, random_code, PRESSES))

    presses, text = HABITS[habit]
    assert pressed == presses
    assert isinstance(asked.error(), LoginDenied)
    assert sessions_of(service.settings["database_url"], asked.login_id) == 0
    explained(service, asked.login_id, text)


def _fetch(service: RunningService, method: str, link: str, agent: str) -> int:
    return _request(service, method, urlsplit(link).path, agent)


def _approve(service: RunningService, secret: str, code: str) -> int:
    form = {"secret": secret, "action": "approve", "user_code": code}
    return _request(service, "POST", "/l", "Mozilla/5.0", urlencode(form))


def _request(service: RunningService, method: str, path: str, agent: str, body: str | None = None) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=15)
    headers = {"User-Agent": agent} if agent else {}
    if body is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()
