# SPDX-License-Identifier: Apache-2.0
"""A real SMTP server on loopback that keeps what it is given, and that can be as unwilling as real ones are."""

import asyncio
import email
import email.policy
import re
import threading
from dataclasses import dataclass
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller

from support.background import wait_until
from support.processes import free_port

_LINK = re.compile(r"https?://\S+")


@dataclass
class Letter:
    """One mail as it came over the wire. `accepted` is False for one whose end the server never confirmed."""

    sender: str
    recipients: list[str]
    raw: bytes
    message: EmailMessage
    accepted: bool = False

    @property
    def text(self) -> str:
        """The text part."""
        part = self.message.get_body(("plain",))
        assert part is not None
        content: str = part.get_content()
        return content

    @property
    def link(self) -> str:
        """The one link of the text part."""
        links = _LINK.findall(self.text)
        assert len(links) == 1, links
        return str(links[0])

    @property
    def is_notice(self) -> bool:
        """Whether it tells of a new device, and carries no link to sign in by."""
        return "/n/" in self.link

    @property
    def secret(self) -> str:
        """The last part of the link."""
        return self.link.rpartition("/")[2]


class MailServer:
    """Everybody's mailbox. `refusal` is the reply to each recipient while it is set; `hanging` never ends a mail."""

    def __init__(self, host: str = "127.0.0.1", port: int | None = None) -> None:
        self.host = host
        self.port = port or free_port()
        self.url = f"smtp://{host}:{self.port}"
        self.letters: list[Letter] = []
        self.refusal: str | None = None
        self.refused: list[str] = []
        self.hanging = False
        self._lock = threading.Lock()
        self._controller: Controller | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen, on the same port each time."""
        self._controller = Controller(self, hostname=self.host, port=self.port)
        self._controller.start()

    def stop(self) -> None:
        """Be down."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def letters_to(self, address: str) -> list[Letter]:
        """All links to sign in by that came for somebody, oldest first."""
        return [letter for letter in self._all_to(address) if not letter.is_notice]

    def notice_to(self, address: str, seconds: float = 15) -> Letter:
        """The newest notice of a new device for somebody, once there is one."""

        def accepted() -> list[Letter]:
            return [letter for letter in self._all_to(address) if letter.is_notice and letter.accepted]

        return wait_until(accepted, f"a notice to {address}", seconds)[-1]

    def _all_to(self, address: str) -> list[Letter]:
        with self._lock:
            return [letter for letter in self.letters if address in letter.recipients]

    def letter_to(self, address: str, seconds: float = 15) -> Letter:
        """The newest accepted mail for somebody, once there is one."""
        return self.wait_for(address, 1, seconds)[-1]

    def wait_for(self, address: str, count: int, seconds: float = 15) -> list[Letter]:
        """The accepted mails for somebody, once there are so many."""

        def enough() -> list[Letter] | None:
            accepted = [letter for letter in self.letters_to(address) if letter.accepted]
            return accepted if len(accepted) >= count else None

        return wait_until(enough, f"{count} mail(s) to {address}", seconds)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        """Take the recipient, or say what a test wants said."""
        if self.refusal is not None:
            with self._lock:
                self.refused.append(address)
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the mail."""
        raw = bytes(envelope.content)
        message = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        letter = Letter(str(envelope.mail_from), [str(to) for to in envelope.rcpt_tos], raw, message)
        with self._lock:
            self.letters.append(letter)
        if self.hanging:
            await asyncio.Event().wait()
        letter.accepted = True
        return "250 OK"
