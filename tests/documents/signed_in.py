# SPDX-License-Identifier: Apache-2.0
"""People with a device of the SDK, and a mailbox that they read without a browser."""

from types import TracebackType
from typing import Self

import httpx2

from counterfoil_client import Client, MemoryStore, PendingLogin, Session, SessionEnded
from support.mailserver import MailServer
from support.processes import RunningService

SECONDS = 30


class Person:
    """One device of a person; several of one person are several of these."""

    def __init__(self, service: RunningService, address: str, label: str = "a-desktop") -> None:
        self.address = address
        self.label = label
        self._issuer = service.public_url
        self._client = Client(self._issuer, "desk-app", store=MemoryStore(), fingerprint=False)
        self.session: Session | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def ask(self) -> PendingLogin:
        """Ask for a link."""
        return self._client.start_login(self.address, device_label=self.label)

    def approve(self, link: str, code: str) -> int:
        """What the link page's form sends; the status of the answer."""
        form = {"secret": link.rpartition("/")[2], "action": "approve", "user_code": code}
        with httpx2.Client(trust_env=False) as http:
            return http.post(f"{self._issuer}/l", data=form).status_code

    def is_signed_in(self) -> bool:
        """Whether the service takes this device for that person, now."""
        assert self.session is not None, "this device never signed in"
        try:
            with httpx2.Client(auth=self.session.auth, trust_env=False) as http:
                return http.get(f"{self._issuer}/oauth/userinfo").status_code == httpx2.codes.OK
        except SessionEnded:
            return False


def sign_in(person: Person, mail: MailServer) -> None:
    """The whole way, once; raises what the SDK raises."""
    before = len(mail.letters_to(person.address))
    login = person.ask()
    letter = mail.wait_for(person.address, before + 1)[-1]
    assert person.approve(letter.link, login.user_code) == httpx2.codes.OK
    person.session = login.wait(timeout=SECONDS)
