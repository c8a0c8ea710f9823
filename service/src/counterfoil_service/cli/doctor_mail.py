# SPDX-License-Identifier: Apache-2.0
"""The parts of `doctor` that reach out: the sender's DNS [R118], and a test mail on request."""

import asyncio
import os
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parseaddr
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from counterfoil_service.app import system_clock
from counterfoil_service.core import email_address, identifiers
from counterfoil_service.core.application import OWN
from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.login import SECOND
from counterfoil_service.core.mail_dns import Judgement, examine, why_not
from counterfoil_service.core.mail_words import trouble
from counterfoil_service.languages.folder import read_templates
from counterfoil_service.settings import Settings
from counterfoil_service.settings.mail_providers import read_mail_providers

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver

DNS_SECONDS = 15
"""For all look-ups together."""
LOOK_UP_SECONDS = 4
SEND_SECONDS = 45
"""As long as the outbox lets one mail take."""
_LOCAL = frozenset({"file", "console"})
_SUBJECT = "DNS"
_TEST = "test mail"


class NoAnswer(Exception):  # noqa: N818 - says what happened
    """No resolver answered."""


async def check_dns(settings: Settings, server: tuple[str, int] | None = None) -> list[Judgement]:
    """What the sender's domain says of itself; nothing where no mail leaves. `server`: another than the system's."""
    if all(provider.kind in _LOCAL for provider in read_mail_providers(settings.mail_url.reveal())):
        return []
    domain = parseaddr(settings.sender)[1].rpartition("@")[2].rstrip(".").lower()
    if (reason := why_not(domain)) is not None:
        text = f"{domain} {reason}, so there is nothing to check; mail to others needs a domain of yours in MAIL_FROM"
        return [Judgement("ok", _SUBJECT, text)]
    try:
        async with asyncio.timeout(DNS_SECONDS):
            return await _examined(domain, settings.dkim_selector, _resolver(server))
    except (NoAnswer, TimeoutError) as error:
        why = str(error) or "too slow"
        text = f"no resolver answers ({why}), so SPF, DKIM and DMARC of {domain} were not checked"
        return [Judgement("warning", _SUBJECT, text)]


async def send_test(settings: Settings, address: str) -> Judgement:
    """Hand a test mail to whoever takes mail by these settings, and say who did, or why nobody; no login is made."""
    from counterfoil_service.languages.templates import FAILURES
    from counterfoil_service.mail.transports import TryLater, Undeliverable
    from counterfoil_service.mail.transports.open import open_transport

    mail_url = settings.mail_url.reveal()
    transport = open_transport(mail_url, system_clock)
    if transport is None:
        return Judgement("error", _TEST, "none was sent: no mail is set up; set COUNTERFOIL_MAIL_URL")
    try:
        recipient = email_address.parse(address).mailing
        message = _test_mail(settings, recipient)
        async with asyncio.timeout(SEND_SECONDS):
            taker = await transport.send(message, recipient)
    except (Refusal, ValueError, Undeliverable, TryLater, TimeoutError, *FAILURES) as error:
        return Judgement("error", _TEST, _trouble_of(error, mail_url))
    return Judgement("ok", _TEST, f"taken by {_shown(mail_url, taker)}; look for “{message['Subject']}”, in spam, too")


def _trouble_of(error: Exception, mail_url: str) -> str:
    from counterfoil_service.mail.transports import PerhapsTaken, TryLater, Undeliverable

    match error:
        case Refusal():
            return f"none was sent: {error.description}"
        case PerhapsTaken():
            taker = _shown(mail_url, error.provider) if error.provider else _takers(mail_url)
            return f"{taker} perhaps has it: {trouble(error.code)}; look there before you send another"
        case Undeliverable() | TryLater():
            return f"{_takers(mail_url)} did not take it: {trouble(error.code)}; check COUNTERFOIL_MAIL_URL"
        case TimeoutError():
            whose = _takers(mail_url)
            return f"nobody knows whether {whose} took it: {trouble('timeout')}; look there before you send another"
        case ValueError():
            return f"none was sent: {error}; check COUNTERFOIL_MAIL_FROM"
        case _:
            return f"none was sent: a template of yours fails ({type(error).__name__})"


def _test_mail(settings: Settings, recipient: str) -> EmailMessage:
    from counterfoil_service.mail.message import Letter
    from counterfoil_service.mail.render import MailTemplates, render_test_mail

    now, host = system_clock(), urlsplit(settings.public_url).netloc
    domain = parseaddr(settings.sender)[1].rpartition("@")[2]
    letter = Letter(
        application_name=OWN.name,
        device_label=None,
        link=f"{settings.public_url}/check-mail",
        recipient=recipient,
        sender=settings.sender,
        message_id=f"<{identifiers.ulid(now, os.urandom)}@{domain}>",
        sent_at=datetime.fromtimestamp(now / SECOND, UTC),
        issuer_host=host,
    )
    return render_test_mail(letter, MailTemplates(read_templates(settings.templates).mail))


def _takers(mail_url: str) -> str:
    return " or ".join(provider.shown for provider in read_mail_providers(mail_url))


def _shown(mail_url: str, taker: str) -> str:
    """Of the one who took it: a server by its host, `smtp_2` being the second of its kind."""
    kind, _, place = taker.partition("_")
    alike = [provider for provider in read_mail_providers(mail_url) if provider.kind == kind]
    return alike[int(place or 1) - 1].shown


async def _examined(domain: str, selector: str, resolver: "Resolver") -> list[Judgement]:
    steps = examine(domain, selector)
    name = next(steps)
    while True:
        texts = await _texts(name, resolver)
        try:
            name = steps.send(texts)
        except StopIteration as end:
            judged: list[Judgement] = end.value
            return judged


def _resolver(server: tuple[str, int] | None) -> "Resolver":
    from dns.asyncresolver import Resolver
    from dns.resolver import NoResolverConfiguration

    try:
        resolver = Resolver(configure=server is None)
    except NoResolverConfiguration:
        raise NoAnswer("none is configured") from None
    if server is not None:
        resolver.nameservers, resolver.port = [server[0]], server[1]
    resolver.lifetime = LOOK_UP_SECONDS
    return resolver


async def _texts(name: str, resolver: "Resolver") -> list[str]:
    """Those of a name's TXT records, each in one piece; none where there is no such name, or it can be none."""
    from dns import exception
    from dns import name as names
    from dns import resolver as errors

    try:
        answer = await resolver.resolve(names.from_text(name), "TXT", search=False)
    except (errors.NXDOMAIN, errors.NoAnswer):
        return []
    except (errors.NoNameservers, exception.Timeout, OSError) as error:
        raise NoAnswer(type(error).__name__) from None
    except (exception.DNSException, UnicodeError):
        return []
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]
