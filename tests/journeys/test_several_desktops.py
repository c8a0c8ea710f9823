# SPDX-License-Identifier: Apache-2.0
"""Several desktops, one mailbox; and one desktop whose code was stolen."""

from journeys.conftest import OpenDesktop
from journeys.crowd import Started, client_of, device_of, poll
from journeys.databases import event_names, sessions_of
from journeys.desktop import Asked
from journeys.explained import explained, let_the_mail_be_read
from support.background import LoopThread
from support.mailserver import MailServer
from support.phone import Browser, Phone
from support.processes import RunningService


def test_each_link_completes_its_own_desktop_only(
    service: RunningService, mail: MailServer, browser: Browser, desktop: OpenDesktop, address: str
) -> None:
    first = desktop(service, "sync").ask(address, label="Kitchen")
    first_link = mail.letter_to(address).link
    second = desktop(service, "async").ask(address, label="Study")
    second_link = mail.wait_for(address, 2)[1].link
    for asked in (first, second):
        let_the_mail_be_read(service, asked.login_id)

    with browser.phone() as phone:
        phone.open(second_link)
        assert "Study" in phone.text
        phone.type_code(first.user_code)
        assert phone.press("Sign in") == 422
        phone.type_code(second.user_code)
        assert phone.press("Sign in") == 200
        second_session = second.session()
        assert first.waits
        assert phone.approve(first_link, first.user_code) == 200
    first_session = first.session()
    assert first_session.subject == second_session.subject
    assert first_session.session_id != second_session.session_id
    explained(service, first.login_id, "first_of_two_desktops")
    explained(service, second.login_id, "second_of_two_desktops")


def test_a_stolen_device_code_is_worth_nothing(
    service: RunningService, mail: MailServer, phone: Phone, desktop: OpenDesktop, loop: LoopThread, address: str
) -> None:
    url = service.settings["database_url"]
    asked = desktop(service).ask(address, wait=False)
    letter = mail.letter_to(address)
    let_the_mail_be_read(service, asked.login_id)
    phone.approve(letter.link, asked.user_code)

    for _ in range(3):
        assert loop.run(_poll_as_thief(service, asked)) == (400, "invalid_grant")
    assert sessions_of(url, asked.login_id) == 0
    assert event_names(url, asked.login_id).count("login.key_mismatch") == 3

    asked.wait()
    assert asked.session().subject
    assert loop.run(_poll_as_thief(service, asked)) == (400, "invalid_grant")
    assert sessions_of(url, asked.login_id) == 1
    explained(service, asked.login_id, "stolen_device_code")


async def _poll_as_thief(service: RunningService, asked: Asked) -> tuple[int, str]:
    stolen = Started(device_of(service.public_url), asked.device_code, asked.user_code, asked.login_id)
    async with client_of(service.address) as client:
        answer = await poll(client, stolen)
    return answer.status_code, str(answer.json()["error"])
