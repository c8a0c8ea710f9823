# SPDX-License-Identifier: Apache-2.0
"""Where the mail that an attack provokes is read: an SMTP server of our own, or the folder of a `file:` transport."""

import asyncio
import email
import email.policy
import time
from abc import ABC, abstractmethod
from email.message import EmailMessage
from pathlib import Path

from support.mailserver import Letter, MailServer

_LOOK_SECONDS = 0.05


class Mailboxes(ABC):
    """Everybody's."""

    @abstractmethod
    def letters(self, address: str) -> list[Letter]:
        """All links to sign in by that came for somebody, oldest first; notices of new devices left out."""

    async def letter(self, address: str, count: int = 1, seconds: float = 20) -> Letter:
        """The newest one, once there are so many."""
        found = await self.wait(address, count, seconds)
        assert len(found) >= count, f"no mail to {address} came within {seconds} s: does mail reach this tool?"
        return found[-1]

    async def wait(self, address: str, count: int, seconds: float) -> list[Letter]:
        """What has come once there are so many, or the time is over."""
        deadline = time.monotonic() + seconds
        while len(found := self.letters(address)) < count and time.monotonic() < deadline:  # noqa: ASYNC110 - nobody tells a folder
            await asyncio.sleep(_LOOK_SECONDS)
        return found


class Sink(Mailboxes):
    """A mail server, to which the deployment's MAIL_URL points."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    def letters(self, address: str) -> list[Letter]:
        """As it came over the wire."""
        return [letter for letter in self._server.letters_to(address) if letter.accepted]


class Folder(Mailboxes):
    """One .eml file for each mail."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def letters(self, address: str) -> list[Letter]:
        """As the files say."""
        found = (_read(path) for path in sorted(self._folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns))
        return [letter for letter in found if address in letter.recipients and not letter.is_notice]


def _read(path: Path) -> Letter:
    raw = path.read_bytes()
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    recipients = [address.addr_spec for address in message["To"].addresses]
    return Letter(str(message["From"]), recipients, raw, message, accepted=True)
