# SPDX-License-Identifier: Apache-2.0
"""The main job: a terminal asks, a phone approves, and the session belongs to the key that asked."""

import json

from journeys.conftest import OpenDesktop
from journeys.databases import sessions_of
from journeys.desktop import CLIENT_ID, ClientKind
from journeys.explained import explained, let_the_mail_be_read, settled, typed
from journeys.verified import verified
from support.mailserver import MailServer
from support.phone import Browser, Phone
from support.processes import RunningService


def test_a_phone_approves_and_the_terminal_holds_tokens_bound_to_its_key(
    service: RunningService, mail: MailServer, phone: Phone, desktop: OpenDesktop, client_kind: ClientKind, address: str
) -> None:
    terminal = desktop(service, client_kind)
    asked = terminal.ask(address)
    letter = mail.letter_to(address)
    assert letter.link.startswith(f"{service.public_url}/l/")

    assert phone.open(letter.link) == 200
    assert phone.heading == "Sign in to Desk App?"
    assert "Ada's laptop" in phone.text
    assert asked.user_code.replace("-", "") not in phone.html.replace("-", "").upper()
    assert asked.waits
    phone.type_code(asked.user_code.lower())
    assert phone.press("Sign in") == 200
    assert phone.heading == "Return to your device"

    session = asked.session()
    claims = verified(service, session.access_token)
    assert claims["cnf"] == {"jkt": terminal.jkt}
    assert claims["sub"] == session.subject
    assert claims["sid"] == session.session_id
    assert claims["client_id"] == CLIENT_ID
    assert claims["amr"] == ["pop", "swk", "mca"]
    assert address not in json.dumps(claims)
    assert sessions_of(service.settings["database_url"], asked.login_id) == 1
    assert phone.open(letter.link) == 410


def test_the_page_needs_no_script(
    service: RunningService, mail: MailServer, browser: Browser, desktop: OpenDesktop, address: str
) -> None:
    asked = desktop(service).ask(address)
    letter = mail.letter_to(address)
    let_the_mail_be_read(service, asked.login_id)
    with browser.phone(java_script_enabled=False) as phone:
        assert phone.approve(letter.link, asked.user_code) == 200
        assert phone.heading == "Return to your device"
        assert asked.session().subject
        settled(service, asked.login_id)  # a notice that is still on its way would not be sent any more
        assert phone.press("Stop it and report it") == 200
    explained(service, asked.login_id, "reported_after_it_was_collected")


def test_an_operator_reads_the_story_of_a_sign_in(
    service: RunningService, mail: MailServer, phone: Phone, desktop: OpenDesktop, address: str
) -> None:
    asked = desktop(service).ask(address)
    letter = mail.letter_to(address)
    let_the_mail_be_read(service, asked.login_id)
    phone.approve(letter.link, asked.user_code)
    assert asked.session().subject

    explained(service, asked.login_id, "sign_in_on_a_phone")
    explain = ("audit", "explain", asked.login_id)
    assert service.told(*explain) == typed(service, *explain), "as a command in a process of its own tells it"
