# SPDX-License-Identifier: Apache-2.0
"""The mail about a new device: scanners end nothing by reading it, its person ends the session by one button."""

import httpx2

from journeys.conftest import OpenDesktop
from journeys.databases import rows
from journeys.desktop import ClientKind
from journeys.explained import explained, let_the_mail_be_read
from support.mailserver import MailServer
from support.phone import Phone
from support.processes import RunningService

SCANS = 20


def test_a_notice_ends_a_strangers_session_and_no_scanner_does(
    service: RunningService, mail: MailServer, phone: Phone, desktop: OpenDesktop, either_kind: ClientKind, address: str
) -> None:
    terminal = desktop(service, either_kind)
    asked = terminal.ask(address)
    letter = mail.letter_to(address)
    let_the_mail_be_read(service, asked.login_id)
    phone.approve(letter.link, asked.user_code)
    session = asked.session()
    notice = mail.notice_to(address)
    assert "Ada's laptop" in notice.text
    assert asked.user_code not in notice.raw.decode()

    with httpx2.Client(trust_env=False) as scanner:
        for _ in range(SCANS):
            assert scanner.get(notice.link).status_code == 200
            assert scanner.head(notice.link).status_code == 200
    assert terminal.sub(session) == session.subject

    assert phone.open(notice.link) == 200
    assert phone.press("End this session") == 200
    assert terminal.is_out(session)
    assert terminal.load() is None
    assert phone.open(notice.link) == 410
    explained(service, asked.login_id, "ended_by_the_notice")


def test_a_device_is_told_of_once_until_somebody_reports_it(
    service: RunningService, mail: MailServer, phone: Phone, desktop: OpenDesktop, address: str
) -> None:
    terminal = desktop(service)
    noticed: list[list[tuple[str]]] = []
    for _ in range(3):
        asked = terminal.ask(address)
        phone.approve(mail.wait_for(address, len(noticed) + 1)[-1].link, asked.user_code)
        session = asked.session()
        sql = "SELECT kind FROM outbox WHERE session_id = ?"
        noticed.append(rows(service.settings["database_url"], sql, session.session_id))
        if len(noticed) == 2:
            phone.open(mail.notice_to(address).link)
            assert phone.press("End this session") == 200
    assert noticed == [[("notice",)], [], [("notice",)]]
