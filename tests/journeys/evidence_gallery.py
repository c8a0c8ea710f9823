# SPDX-License-Identifier: Apache-2.0
"""The pages that evidence brings about, brought onto a phone the way a person gets there."""

import uuid
from collections.abc import Callable

from counterfoil_client import MemoryStore, Session
from journeys.desktop import SyncDesktop, let_the_token_end
from journeys.machines import CLONE, GUEST, LAPTOP, TOWER, Machine
from support.background import wait_until
from support.mailserver import Letter, MailServer
from support.phone import Phone
from support.processes import RunningService

LABEL = "Ada's laptop"
HOME = "http://127.0.0.1/callback"


class EvidenceGallery:
    """Brings one page at a time."""

    def __init__(self, service: RunningService, mail: MailServer) -> None:
        self._service = service
        self._mail = mail

    @property
    def pages(self) -> dict[str, Callable[[Phone], object]]:
        """Each page's name and how to get there."""
        return {
            "link-known": self._known,
            "link-changed": self._changed,
            "link-same-device": self._same_device,
            "notice-changed": self._notice_changed,
        }

    def _known(self, phone: Phone) -> None:
        self._again(phone, Machine(LAPTOP))

    def _changed(self, phone: Phone) -> None:
        self._again(phone, Machine(TOWER))

    def _again(self, phone: Phone, later: Machine) -> None:
        """A second sign-in with the same key, maybe from elsewhere."""
        store, address = MemoryStore(), _address()
        before = SyncDesktop(self._service.public_url, store, surroundings=Machine(LAPTOP))
        self._signed_in(phone, before, address)
        before.close()
        desktop = SyncDesktop(self._service.public_url, store, surroundings=later)
        desktop.ask(address, label=LABEL, wait=False)
        assert phone.open(self._mail.wait_for(address, 2)[-1].link) == 200
        desktop.close()

    def _same_device(self, phone: Phone) -> None:
        client_id, address = f"vault-{uuid.uuid4().hex[:8]}", _address()
        self._service.told(
            "applications", "add", "Vault", "--client-id", client_id, "--same-device-only", "--redirect-uri", HOME
        )
        desktop = SyncDesktop(self._service.public_url, MemoryStore(), client_id)
        desktop.ask(address, label=LABEL, wait=False, redirect="loopback")
        assert phone.open(self._mail.letter_to(address).link) == 200
        desktop.close()

    def _notice_changed(self, phone: Phone) -> None:
        machine, address = Machine(GUEST), _address()
        desktop = SyncDesktop(self._service.public_url, MemoryStore(), surroundings=machine)
        session = self._signed_in(phone, desktop, address)
        self._mail.notice_to(address)
        machine.is_now = CLONE
        let_the_token_end(session)
        desktop.sub(session)
        notice = wait_until(lambda: of_a_change(self._mail.notice_to(address)), "the notice of a change")
        assert phone.open(notice.link) == 200
        desktop.close()

    def _signed_in(self, phone: Phone, desktop: SyncDesktop, address: str) -> Session:
        asked = desktop.ask(address, label=LABEL)
        assert phone.approve(self._mail.letter_to(address).link, asked.user_code) == 200
        return asked.session()


def of_a_change(letter: Letter) -> Letter | None:
    """The letter, if it tells of one."""
    return letter if str(letter.message["Subject"]).startswith("A device of yours has changed") else None


def _address() -> str:
    return f"ada-{uuid.uuid4().hex[:4]}@example.com"
