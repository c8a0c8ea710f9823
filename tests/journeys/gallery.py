# SPDX-License-Identifier: Apache-2.0
"""Every page a person can meet, brought onto a phone the way a person gets there."""

import uuid
from collections.abc import Callable

from journeys.codes import wrong_code
from journeys.desktop import Asked, SyncDesktop
from support.mailserver import Letter, MailServer
from support.phone import Phone
from support.processes import RunningService

LABEL = "Ada's laptop"


class Gallery:
    """Brings one page at a time."""

    def __init__(self, service: RunningService, mail: MailServer, desktop: SyncDesktop) -> None:
        self._service = service
        self._mail = mail
        self._desktop = desktop

    @property
    def pages(self) -> dict[str, Callable[[Phone], None]]:
        """Each page's name and how to get there."""
        return {
            "link": self._link,
            "wrong-code": self._wrong_code,
            "approved": self._approved,
            "rejected": self._rejected,
            "dead": self._dead,
            "too-many-tries": self._too_many_tries,
            "check-mail": self._check_mail,
            "error": self._error,
        }

    def _opened(self, phone: Phone) -> tuple[Asked, Letter]:
        address = f"ada-{uuid.uuid4().hex[:4]}@example.com"
        asked = self._desktop.ask(address, label=LABEL, wait=False)
        letter = self._mail.letter_to(address)
        assert phone.open(letter.link) == 200
        return asked, letter

    def _link(self, phone: Phone) -> None:
        self._opened(phone)

    def _wrong_code(self, phone: Phone) -> None:
        asked, _ = self._opened(phone)
        phone.type_code(wrong_code(asked.user_code))
        assert phone.press("Sign in") == 422

    def _approved(self, phone: Phone) -> None:
        asked, _ = self._opened(phone)
        phone.type_code(asked.user_code)
        assert phone.press("Sign in") == 200

    def _rejected(self, phone: Phone) -> None:
        self._opened(phone)
        assert phone.press("Reject") == 200

    def _dead(self, phone: Phone) -> None:
        assert phone.open(f"{self._service.public_url}/l/{'A' * 43}") == 410

    def _too_many_tries(self, phone: Phone) -> None:
        asked, _ = self._opened(phone)
        for status in (422, 422, 410):
            phone.type_code(wrong_code(asked.user_code))
            assert phone.press("Sign in") == status

    def _check_mail(self, phone: Phone) -> None:
        assert phone.open(f"{self._service.public_url}/check-mail") == 200

    def _error(self, phone: Phone) -> None:
        """A form that somebody tampered with: a field twice."""
        asked, _ = self._opened(phone)
        phone.type_code(asked.user_code)
        phone.run(phone.page.evaluate("document.forms[0].append(document.forms[0].elements.secret.cloneNode())"))
        assert phone.press("Sign in") == 400
