# SPDX-License-Identifier: Apache-2.0
"""An application that takes known devices only: what a refused one is told, and the two ways to let it in."""

import json

from counterfoil_client import DeviceNotEnrolled, Session
from journeys.conftest import OpenDesktop, OpenService
from journeys.databases import rows
from journeys.desktop import Asked, Desktop
from journeys.explained import explained, let_the_mail_be_read
from support.mailserver import MailServer
from support.phone import Phone
from support.processes import RunningService

VAULT = "vault-app"
REFUSING = ("applications", "add", "Vault", "--client-id", VAULT, "--new-devices", "refuse")
HERE = "I am on the computer where I started"


def test_a_new_device_waits_for_an_operator_or_for_a_known_one(
    new_service: OpenService, mail: MailServer, phone: Phone, laptop: Phone, desktop: OpenDesktop, address: str
) -> None:
    with new_service() as service:
        service.told(*REFUSING, "--redirect-uri", "http://127.0.0.1/callback")
        first, second = (desktop(service, kind, client_id=VAULT) for kind in ("sync", "async"))

        _is_refused(service, first, mail, phone, address)
        (waiting,) = json.loads(service.told("devices", "list", address, "--json"))
        assert (waiting["state"], waiting["key"]) == ("waiting", first.jkt)
        assert "is known from now on" in service.told("devices", "enrol", waiting["id"])
        session, _ = _signed_in(service, first, mail, phone, address)

        before = len(mail.letters_to(address))
        asked = second.ask(address, label="Ada's tablet", redirect="loopback")
        letter = mail.wait_for(address, before + 1)[-1]
        let_the_mail_be_read(service, asked.login_id)
        laptop.open(letter.link)
        assert laptop.press(HERE) == 502
        assert type(asked.error()) is DeviceNotEnrolled
        laptop.hosts.discard(asked.redirect_uri.removesuffix("/callback"))
        explained(service, asked.login_id, "device_that_is_not_enrolled_at_home")

        listed = first.call(session, f"{service.public_url}/me/devices").json()["devices"]
        (tablet,) = [each for each in listed if each["state"] == "waiting"]
        assert tablet["label"] == "Ada's tablet"
        enrolled = first.call(session, f"{service.public_url}/me/devices/{tablet['id']}", {"action": "enrol"})
        assert enrolled.status_code == 204, enrolled.text
        later, enrolled_login = _signed_in(service, second, mail, phone, address)
        assert second.sub(later) == session.subject
        explained(service, enrolled_login.login_id, "device_that_was_enrolled")
        url = service.settings["database_url"]
        sql = "SELECT name FROM audit_events WHERE name = ? ORDER BY position"
        assert len(rows(url, sql, "device.refused")) == 2
        assert len(rows(url, sql, "device.enrolled")) == 2


def _is_refused(service: RunningService, terminal: Desktop, mail: MailServer, phone: Phone, address: str) -> None:
    asked = terminal.ask(address)
    letter = mail.letter_to(address)
    let_the_mail_be_read(service, asked.login_id)
    assert phone.approve(letter.link, asked.user_code) == 200
    error = asked.error()
    assert type(error) is DeviceNotEnrolled
    assert "enrol this device" in error.hint
    explained(service, asked.login_id, "device_that_is_not_enrolled")


def _signed_in(
    service: RunningService, terminal: Desktop, mail: MailServer, phone: Phone, address: str
) -> tuple[Session, Asked]:
    before = len(mail.letters_to(address))
    asked = terminal.ask(address)
    letter = mail.wait_for(address, before + 1)[-1]
    let_the_mail_be_read(service, asked.login_id)
    assert phone.approve(letter.link, asked.user_code) == 200
    return asked.session(), asked
