# SPDX-License-Identifier: Apache-2.0
"""The fingerprint beside the key: copied keys, cloned images, upgrades, and a service that wants to know nothing."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from counterfoil_client import FileStore, Session, SessionEnded
from journeys.conftest import OpenDesktop
from journeys.databases import rows
from journeys.desktop import ClientKind, Desktop, let_the_token_end
from journeys.evidence_gallery import of_a_change
from journeys.explained import explained, let_the_mail_be_read, settled
from journeys.machines import CLONE, GUEST, LAPTOP, TOWER, Machine
from support.background import wait_until
from support.mailserver import MailServer
from support.phone import Phone
from support.processes import RunningService

CHANGED = "may be another computer now"


def signed_in(
    service: RunningService, terminal: Desktop, mail: MailServer, phone: Phone, address: str
) -> tuple[Session, str]:
    """A whole sign-in by typed code; the session and its login."""
    before = len(mail.letters_to(address))
    asked = terminal.ask(address)
    letter = mail.wait_for(address, before + 1)[-1]
    let_the_mail_be_read(service, asked.login_id)
    assert phone.approve(letter.link, asked.user_code) == 200
    session = asked.session()
    settled(service, asked.login_id)
    return session, asked.login_id


def refreshed(terminal: Desktop, session: Session) -> None:
    """Its next pair of tokens."""
    let_the_token_end(session)
    assert terminal.sub(session) == session.subject


def test_a_key_and_a_session_copied_to_another_machine_are_refused_and_end(
    service: RunningService,
    mail: MailServer,
    phone: Phone,
    desktop: OpenDesktop,
    either_kind: ClientKind,
    address: str,
    tmp_path: Path,
) -> None:
    home, loot = tmp_path / "home", tmp_path / "loot"
    owner = desktop(service, either_kind, store=FileStore(home), surroundings=Machine(LAPTOP))
    session, login_id = signed_in(service, owner, mail, phone, address)
    refreshed(owner, session)
    shutil.copytree(home, loot)

    thief = desktop(service, either_kind, store=FileStore(loot), surroundings=Machine(TOWER))
    assert thief.jkt == owner.jkt
    stolen = thief.load()
    assert stolen is not None
    let_the_token_end(stolen)
    with pytest.raises(SessionEnded):
        thief.sub(stolen)
    assert owner.is_out(session)
    explained(service, login_id, "copied_to_another_machine")

    before = len(mail.letters_to(address))
    asked = thief.ask(address, label="Ada's laptop", wait=False)
    letter = mail.wait_for(address, before + 1)[-1]
    let_the_mail_be_read(service, asked.login_id)
    assert CHANGED in " ".join(letter.text.split())
    phone.open(letter.link)
    assert CHANGED in phone.text
    assert phone.press("Reject") == 200
    explained(service, asked.login_id, "asked_by_another_machine")


def test_a_cloned_virtual_machine_goes_on_and_its_person_hears_of_it_and_can_end_it(
    service: RunningService, mail: MailServer, phone: Phone, desktop: OpenDesktop, either_kind: ClientKind, address: str
) -> None:
    machine = Machine(GUEST)
    terminal = desktop(service, either_kind, surroundings=machine)
    session, login_id = signed_in(service, terminal, mail, phone, address)
    mail.notice_to(address)
    machine.is_now = CLONE
    refreshed(terminal, session)
    notice = wait_until(lambda: of_a_change(mail.notice_to(address)), "the notice of a change")
    settled(service, login_id)
    refreshed(terminal, session)
    assert phone.open(notice.link) == 200
    assert phone.heading == "A device has changed at Desk App"
    assert phone.press("End this session") == 200
    assert terminal.is_out(session)
    explained(service, login_id, "cloned_virtual_machine")


def test_an_upgrade_a_journey_and_a_second_screen_are_nobodys_business(
    service: RunningService, mail: MailServer, phone: Phone, desktop: OpenDesktop, client_kind: ClientKind, address: str
) -> None:
    machine = Machine(LAPTOP)
    terminal = desktop(service, client_kind, surroundings=machine, app_version="1.0")
    session, login_id = signed_in(service, terminal, mail, phone, address)
    for changes in ({"os_version": "26.04"}, {"timezone": "Asia/Tokyo"}, {"display": "2 uhd"}, {"memory": "64 GiB"}):
        machine.is_now = replace(machine.is_now, **changes)
        refreshed(terminal, session)
    explained(service, login_id, "drifted_device")
    sql = "SELECT kind FROM outbox WHERE login_id = ? ORDER BY id"
    assert rows(service.settings["database_url"], sql, login_id) == [("link",), ("notice",)]


def test_where_either_side_switched_it_off_nothing_is_read_or_kept(
    service: RunningService, mail: MailServer, phone: Phone, desktop: OpenDesktop, either_kind: ClientKind, address: str
) -> None:
    machine = Machine(LAPTOP)
    terminal = desktop(service, either_kind, surroundings=machine, fingerprint=False)
    session, login_id = signed_in(service, terminal, mail, phone, address)
    machine.is_now = TOWER
    refreshed(terminal, session)
    assert machine.times_read == 0
    kept = (
        "SELECT l.fingerprint, d.fingerprint FROM logins l, devices d, sessions s WHERE l.id = ? AND s.login_id = l.id"
    )
    url = service.settings["database_url"]
    assert set(rows(url, f"{kept} AND d.id = s.device_id", login_id)) == {(None, None)}  # the text is ours

    client_id = f"private-{either_kind}"
    if not rows(url, "SELECT id FROM applications WHERE id = ?", client_id):
        service.told("applications", "add", "Private", "--client-id", client_id, "--fingerprint", "off")
    careless = desktop(service, either_kind, client_id=client_id, surroundings=Machine(LAPTOP))
    session, login_id = signed_in(service, careless, mail, phone, f"p{address}")
    refreshed(careless, session)
    assert set(rows(url, f"{kept} AND d.id = s.device_id", login_id)) == {(None, None)}
