# SPDX-License-Identifier: Apache-2.0
"""The pages of the sign-in by browser, brought onto a phone the way a person gets there."""

import uuid
from collections.abc import Callable

from journeys.desktop import SyncDesktop
from support.mailserver import MailServer
from support.phone import Phone
from support.processes import RunningService


class BrowserGallery:
    """Brings one page at a time."""

    def __init__(self, service: RunningService, mail: MailServer) -> None:
        self._service = service
        self._mail = mail

    @property
    def pages(self) -> dict[str, Callable[[Phone], object]]:
        """Each page's name and how to get there."""
        return {
            "sign-in": self._sign_in,
            "wrong-address": self._wrong_address,
            "waiting": self._waiting,
            "one-tap": self._one_tap,
            "nothing-waits": self._nothing_waits,
            "sign-in-stopped": self._sign_in_stopped,
            "sign-in-refused": self._sign_in_refused,
            "account": self._account,
            "account-new": self._account_new,
            "sign-in-again": self._sign_in_again,
            "signed-out": self._signed_out,
        }

    def _sign_in(self, phone: Phone) -> None:
        assert phone.open(f"{self._service.public_url}/sign-in") == 200

    def _type(self, phone: Phone, address: str) -> int:
        phone.run(phone.page.get_by_label("Your e-mail address").fill(address))
        return phone.press("Send me a link")

    def _wrong_address(self, phone: Phone) -> None:
        self._sign_in(phone)
        assert self._type(phone, "ada@127.0.0.1") == 422

    def _waiting(self, phone: Phone) -> None:
        self._asked(phone)

    def _asked(self, phone: Phone) -> str:
        self._sign_in(phone)
        address = f"ada-{uuid.uuid4().hex[:4]}@example.com"
        assert self._type(phone, address) == 200
        return address

    def _one_tap(self, phone: Phone) -> None:
        letter = self._mail.letter_to(self._asked(phone))
        assert phone.open(letter.link) == 200

    def _nothing_waits(self, phone: Phone) -> None:
        assert phone.open(f"{self._service.public_url}/sign-in/{'0' * 26}") == 410

    def _sign_in_stopped(self, phone: Phone) -> None:
        letter = self._mail.letter_to(self._asked(phone))
        waiting = phone.page.url
        assert phone.open(letter.link) == 200
        assert phone.press("Reject") == 200
        assert phone.open(waiting) == 410

    def _sign_in_refused(self, phone: Phone) -> None:
        """An application that nobody has registered sends a browser here."""
        assert phone.open(f"{self._service.public_url}/oauth/authorize?client_id=nobody") == 400

    def _account_new(self, phone: Phone) -> str:
        address = self._asked(phone)
        assert phone.open(self._mail.letter_to(address).link) == 200
        assert phone.press("Sign in") == 200
        assert phone.heading == "Your account"
        return address

    def _account(self, phone: Phone) -> None:
        """Of somebody with more devices, one of which says nothing of itself, and a session that has ended."""
        address = self._account_new(phone)
        for count, label in enumerate(("Ada's laptop", "", "Work computer"), 2):
            desktop = SyncDesktop.with_new_key(self._service.public_url)
            asked = desktop.ask(address, label=label)
            letter = self._mail.wait_for(address, count)[-1]
            assert phone.approve(letter.link, asked.user_code) == 200
            asked.session()
            desktop.close()
        assert phone.open(f"{self._service.public_url}/account") == 200
        assert phone.press("End: Desk App on Work computer") == 200

    def _sign_in_again(self, phone: Phone) -> None:
        self._account_new(phone)
        assert phone.open(f"{self._service.public_url}/sign-in?prompt=login") == 200

    def _signed_out(self, phone: Phone) -> None:
        self._account_new(phone)
        assert phone.press("Sign out here") == 200
