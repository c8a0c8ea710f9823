# SPDX-License-Identifier: Apache-2.0
"""Every page a person can meet, brought onto a phone the way a person gets there."""

import uuid
from collections.abc import Callable

from journeys.browser_gallery import BrowserGallery
from journeys.codes import wrong_code
from journeys.databases import DEEP_LINK
from journeys.desktop import Asked, SyncDesktop
from journeys.evidence_gallery import EvidenceGallery
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
    def pages(self) -> dict[str, Callable[[Phone], object]]:
        """Each page's name and how to get there."""
        return {
            "link": self._link,
            "link-here": self._link_here,
            "hand-over": self._hand_over,
            "wrong-code": self._wrong_code,
            "approved": self._approved,
            "rejected": self._rejected,
            "reported": self._reported,
            "dead": self._dead,
            "too-many-tries": self._too_many_tries,
            "check-mail": self._check_mail,
            "error": self._error,
            "notice": self._notice,
            "notice-ended": self._notice_ended,
            "notice-dead": self._notice_dead,
            **EvidenceGallery(self._service, self._mail).pages,
            **BrowserGallery(self._service, self._mail).pages,
        }

    def _opened(self, phone: Phone, redirect: str | None = None) -> tuple[Asked, Letter]:
        address = f"ada-{uuid.uuid4().hex[:4]}@example.com"
        asked = self._desktop.ask(address, label=LABEL, wait=False, redirect=redirect)
        letter = self._mail.letter_to(address)
        assert phone.open(letter.link) == 200
        return asked, letter

    def _link(self, phone: Phone) -> None:
        self._opened(phone)

    def _link_here(self, phone: Phone) -> None:
        self._opened(phone, DEEP_LINK)

    def _hand_over(self, phone: Phone) -> None:
        self._link_here(phone)
        assert phone.press("I am on the computer where I started") == 200

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

    def _reported(self, phone: Phone) -> None:
        self._rejected(phone)
        assert phone.press("I did not ask for this – report it") == 200  # noqa: RUF001 - the page's own dash

    def _dead(self, phone: Phone) -> None:
        assert phone.open(f"{self._service.public_url}/l/{'A' * 43}") == 410

    def _too_many_tries(self, phone: Phone) -> None:
        asked, _ = self._opened(phone)
        for status in (422, 422, 410):
            phone.type_code(wrong_code(asked.user_code))
            assert phone.press("Sign in") == status

    def _check_mail(self, phone: Phone) -> None:
        assert phone.open(f"{self._service.public_url}/check-mail") == 200

    def _notice(self, phone: Phone) -> None:
        address = f"ada-{uuid.uuid4().hex[:4]}@example.com"
        desktop = SyncDesktop.with_new_key(self._service.public_url)
        asked = desktop.ask(address, label=LABEL)
        assert phone.approve(self._mail.letter_to(address).link, asked.user_code) == 200
        assert phone.open(self._mail.notice_to(address).link) == 200
        desktop.close()

    def _notice_ended(self, phone: Phone) -> None:
        self._notice(phone)
        assert phone.press("End this session") == 200

    def _notice_dead(self, phone: Phone) -> None:
        assert phone.open(f"{self._service.public_url}/n/{'A' * 43}") == 410

    def _error(self, phone: Phone) -> None:
        """A form that somebody tampered with: a field twice."""
        asked, _ = self._opened(phone)
        phone.type_code(asked.user_code)
        phone.run(phone.page.evaluate("document.forms[0].append(document.forms[0].elements.secret.cloneNode())"))
        assert phone.press("Sign in") == 400
