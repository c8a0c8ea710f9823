# SPDX-License-Identifier: Apache-2.0
"""The main job: a terminal asks, a phone approves, and the session belongs to the key that asked."""

import json
import re
from pathlib import Path

from journeys.conftest import OpenDesktop
from journeys.databases import Engine, execute, sessions_of
from journeys.desktop import CLIENT_ID, ClientKind
from journeys.verified import verified
from support.background import wait_until
from support.mailserver import MailServer
from support.phone import Browser, Phone
from support.processes import RunningService

EXAMPLE = Path(__file__).with_name("explained_sign_in.txt")


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
    with browser.phone(java_script_enabled=False) as phone:
        assert phone.approve(mail.letter_to(address).link, asked.user_code) == 200
        assert phone.heading == "Return to your device"
    assert asked.session().subject


def test_an_operator_reads_the_story_of_a_sign_in(
    service: RunningService, mail: MailServer, phone: Phone, desktop: OpenDesktop, address: str, engine: Engine
) -> None:
    asked = desktop(service).ask(address)
    letter = mail.letter_to(address)
    wait_until(lambda: "took the mail" in service.told("audit", "explain", asked.login_id), "the server's word on it")
    url = service.settings["database_url"]
    execute(url, f"UPDATE outbox SET ended_at = ended_at - 34000000 WHERE login_id = '{asked.login_id}'")  # noqa: S608 - ours
    phone.approve(letter.link, asked.user_code)
    session = asked.session()

    told = wait_until(lambda: _whole(service.told("audit", "explain", asked.login_id)), "the story's last line")
    told = re.sub(r"^\d\d:\d\d:\d\d", "HH:MM:SS", told, flags=re.MULTILINE)
    told = re.sub(r"\d+ s after", "N s after", told)
    for value, name in ((session.session_id, "SESSION"), (address, "ADDRESS")):
        told = told.replace(value, f"<{name}>")
    assert told == EXAMPLE.read_text("utf-8"), engine


def _whole(told: str) -> str | None:
    """Once the notice has left, nothing more happens by itself."""
    return told if "took the notice" in told else None
