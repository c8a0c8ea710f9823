# SPDX-License-Identifier: Apache-2.0
"""SMTP submission (RFC 6409). TLS is required everywhere but on loopback: opportunistic TLS can be stripped."""

import asyncio
from email.message import EmailMessage
from typing import Any
from urllib.parse import SplitResult, unquote

import aiosmtplib

from counterfoil_service.mail.transports import PerhapsTaken, TryLater, Undeliverable, Unsupported
from counterfoil_service.settings.parsers import LOOPBACK_HOSTS

TIMEOUT_SECONDS = 20
_PORTS = {"smtp": 587, "smtps": 465}
_PERMANENT = range(500, 600)
# RFC 4954 §6: it wants a log-in, another one, or encryption before it.
_ABOUT_OUR_ACCOUNT = {530, 534, 535, 538}


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


class _Client(aiosmtplib.SMTP):
    """One that knows how far it got."""

    handing_over = False
    taken = False

    async def data(self, *arguments: Any, **options: Any) -> aiosmtplib.SMTPResponse:  # noqa: ANN401 - the library's
        """From here on a lost connection leaves open whether the server has the mail (RFC 1047)."""
        self.handing_over = True
        response = await super().data(*arguments, **options)
        self.taken = True
        return response


class SmtpTransport:
    """Satisfies `Transport`: one connection a mail, so that a dead one is nobody's second problem."""

    name = "smtp"

    def __init__(self, url: SplitResult) -> None:
        self._options = _options(url)

    async def send(self, message: EmailMessage, recipient: str, seconds: float) -> None:
        """Hand the mail to the server."""
        client = _Client(**self._options)
        try:
            async with asyncio.timeout(seconds):
                await _hand_over(client, message, recipient)
        except (aiosmtplib.SMTPException, OSError) as error:
            if not client.taken:
                raise _trouble(error, perhaps=client.handing_over) from None
        finally:
            client.close()


async def _hand_over(client: _Client, message: EmailMessage, recipient: str) -> None:
    # Not as a context manager: it would say QUIT, and wait for an answer, when the time is over already.
    await client.connect()
    await client.send_message(message, recipients=[recipient])
    await client.quit()


def _trouble(error: aiosmtplib.SMTPException | OSError, *, perhaps: bool) -> Exception:
    """What an error means; `perhaps` where the message was on its way already. An answer is always a server's word."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            return _outcome(max((refused.code for refused in error.recipients), default=450))
        case aiosmtplib.SMTPRecipientRefused() | aiosmtplib.SMTPDataError():
            return _outcome(error.code)
        case aiosmtplib.SMTPResponseException():
            # Greeting, log-in, STARTTLS, sender: trouble of the server or of our account, not of this mail.
            return TryLater(f"smtp_{error.code}")
        case aiosmtplib.SMTPNotSupported():
            return Unsupported("smtputf8_not_supported")
    return (PerhapsTaken if perhaps else TryLater)(type(error).__name__)


def _outcome(code: int) -> Exception:
    name = f"smtp_{code}"
    return Undeliverable(name) if code in _PERMANENT and code not in _ABOUT_OUR_ACCOUNT else TryLater(name)
