# SPDX-License-Identifier: Apache-2.0
"""SMTP submission (RFC 6409). TLS is required everywhere but on loopback: opportunistic TLS can be stripped."""

from email.message import EmailMessage
from typing import Any
from urllib.parse import SplitResult, unquote

import aiosmtplib

from counterfoil_service.mail.transports import TryLater, Undeliverable
from counterfoil_service.settings.parsers import LOOPBACK_HOSTS

TIMEOUT_SECONDS = 20
_PORTS = {"smtp": 587, "smtps": 465}
_PERMANENT = range(500, 600)


def _options(url: SplitResult) -> dict[str, Any]:
    options: dict[str, Any] = {
        "hostname": url.hostname,
        "port": url.port or _PORTS[url.scheme],
        "username": unquote(url.username) if url.username else None,
        "password": unquote(url.password) if url.password else None,
        "use_tls": url.scheme == "smtps",
        "timeout": TIMEOUT_SECONDS,
    }
    if url.scheme == "smtp":
        # None is aiosmtplib's "if offered": good enough where the bytes never leave the machine.
        options["start_tls"] = None if url.hostname in LOOPBACK_HOSTS else True
    return options


async def greet(url: SplitResult) -> None:
    """Connect, log in and leave; raises OSError with a short text when that fails."""
    try:
        async with aiosmtplib.SMTP(**_options(url)):
            return
    except aiosmtplib.SMTPException as error:
        raise OSError(type(error).__name__) from None


class SmtpTransport:
    """Satisfies `Transport`: one connection a mail, so that a dead one is nobody's second problem."""

    def __init__(self, url: SplitResult) -> None:
        self._options = _options(url)

    async def send(self, message: EmailMessage, recipient: str) -> None:
        """Hand the mail to the server."""
        try:
            await aiosmtplib.send(message, recipients=[recipient], **self._options)
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _outcome(max((refused.code for refused in error.recipients), default=450)) from None
        except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError) as error:
            raise _outcome(error.code) from None
        except aiosmtplib.SMTPResponseException as error:
            # Greeting, log-in, STARTTLS: trouble of the server or of our account, not of this mail.
            raise TryLater(f"smtp_{error.code}") from None
        except aiosmtplib.SMTPNotSupported:
            raise Undeliverable("smtputf8_not_supported") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise TryLater(type(error).__name__) from None


def _outcome(code: int) -> Exception:
    name = f"smtp_{code}"
    return Undeliverable(name) if code in _PERMANENT else TryLater(name)
