# SPDX-License-Identifier: Apache-2.0
"""Ways for a mail to leave, behind one small interface."""

from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit


class Undeliverable(Exception):  # noqa: N818 - says what happened
    """The other side will never take this mail; `code` is short and free of personal data."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class TryLater(Exception):  # noqa: N818 - says what to do
    """It did not work this time."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Transport(Protocol):
    """Hands a mail over; at-least-once, so the Message-ID is stable."""

    async def send(self, message: EmailMessage, recipient: str) -> None:
        """Return once the other side has taken it; raise Undeliverable or TryLater."""


def open_transport(mail_url: str) -> Transport | None:
    """The transport of a MAIL_URL, None for `none:`. Its modules are imported when used: SMTP alone costs 60 ms."""
    scheme, _, rest = mail_url.partition(":")
    match scheme:
        case "none":
            return None
        case "console":
            from counterfoil_service.mail.transports.console import ConsoleTransport

            return ConsoleTransport()
        case "file":
            from counterfoil_service.mail.transports.file import FileTransport

            return FileTransport(Path(rest))
        case _:
            from counterfoil_service.mail.transports.smtp import SmtpTransport

            return SmtpTransport(urlsplit(mail_url))
