# SPDX-License-Identifier: Apache-2.0
"""Ways for a mail to leave, behind one small interface."""

from email.message import EmailMessage
from typing import Protocol


class Undeliverable(Exception):  # noqa: N818 - says what happened
    """The other side will never take this mail; `code` is short and free of personal data."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Unsupported(Undeliverable):
    """This one will never take it, whoever the recipient is; another one may."""


class TryLater(Exception):  # noqa: N818 - says what to do
    """It did not work this time, and the other side certainly has not taken the mail: another one may be asked."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class PerhapsTaken(TryLater):
    """It had the whole mail and gave no word: whoever asks another one now may send the mail twice.

    `provider` is the name of who had it, where several may be asked.
    """

    def __init__(self, code: str, provider: str | None = None) -> None:
        super().__init__(code)
        self.provider = provider


class Transport(Protocol):
    """Hands a mail over; at-least-once, so the Message-ID is stable. `name` is one word for people and records."""

    name: str

    async def send(self, message: EmailMessage, recipient: str, seconds: float) -> None:
        """Return within `seconds` once the other side has it; raise Undeliverable, TryLater or PerhapsTaken."""


def mail_id(message: EmailMessage) -> str:
    """The outbox row's id: what stands before the @ of the Message-ID."""
    return str(message["Message-ID"]).strip().removeprefix("<").partition("@")[0]
