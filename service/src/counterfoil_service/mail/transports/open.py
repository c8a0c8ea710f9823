# SPDX-License-Identifier: Apache-2.0
"""The way out that a MAIL_URL names. What each kind needs is imported when it is used: SMTP alone costs 60 ms."""

import ssl
from pathlib import Path
from urllib.parse import unquote

from counterfoil_service.db.engine import Clock
from counterfoil_service.mail.transports import Transport
from counterfoil_service.mail.transports.chain import Chain
from counterfoil_service.observing import Observer
from counterfoil_service.settings.mail_providers import HTTP_KINDS, MailProvider, read_mail_providers


def open_transport(mail_url: str, clock: Clock, observer: Observer | None = None) -> Chain | None:
    """Its providers in their order, None for `none:`. `clock` is in microseconds UTC."""
    providers = read_mail_providers(mail_url)
    if not providers:
        return None
    # Reading the system's CAs takes tens of milliseconds, so they are read once.
    tls = ssl.create_default_context() if HTTP_KINDS & {provider.kind for provider in providers} else None
    return Chain([_transport(provider, tls, clock) for provider in providers], clock, observer=observer)


def _transport(provider: MailProvider, tls: ssl.SSLContext | None, clock: Clock) -> Transport:
    match provider.kind:
        case "console":
            from counterfoil_service.mail.transports.console import ConsoleTransport

            return ConsoleTransport()
        case "file":
            from counterfoil_service.mail.transports.file import FileTransport

            return FileTransport(Path(unquote(provider.url.reveal().partition(":")[2])))
        case "smtp":
            from urllib.parse import urlsplit

            from counterfoil_service.mail.transports.smtp import SmtpTransport

            return SmtpTransport(urlsplit(provider.url.reveal()))
        case _:
            from counterfoil_service.mail.transports.http_apis import api_of
            from counterfoil_service.mail.transports.http_transport import HttpTransport

            return HttpTransport(api_of(provider), tls, clock)
