# SPDX-License-Identifier: Apache-2.0
"""The mail that tells of an alert: what happened, how often, to whom by ids alone, and where to look."""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parseaddr
from urllib.parse import urlsplit

from counterfoil_service.core.alert_words import words_of
from counterfoil_service.core.alerting import party_of
from counterfoil_service.core.application import OWN
from counterfoil_service.core.login import SECOND
from counterfoil_service.db.alerts import Alert
from counterfoil_service.languages.templates import FAILURES
from counterfoil_service.mail.render import AlertMail, MailTemplates, render_alert_mail
from counterfoil_service.mail.transports import TryLater, Undeliverable
from counterfoil_service.mail.transports.chain import Chain
from counterfoil_service.operations.claim_pushes import ClaimedPush
from counterfoil_service.operations.settle_push import NeverTold, PushOutcome, TellLater, Told
from counterfoil_service.settings import Settings


class MailPush:
    """Tells one address. `transport` None: no mail is set up, and the alert waits until one is, or for a day."""

    def __init__(
        self, transport: Chain | None, settings: Settings, templates: MailTemplates, console: str, address: str
    ) -> None:
        self._transport = transport
        self._settings = settings
        self._templates = templates
        self._console = console
        self._address = address

    async def send(self, claimed: ClaimedPush, now: int) -> PushOutcome:
        """One mail, under the same Message-ID each time."""
        if self._transport is None:
            return TellLater("no_transport")
        try:
            message = self._message(claimed, now)
        except FAILURES:
            # Without its words: a template of an operator's own failed, or an address of the settings.
            return NeverTold("not_writable")
        try:
            await self._transport.send(message, self._address)
        except Undeliverable as error:
            return NeverTold(error.code)
        except TryLater as error:
            return TellLater(error.code)
        return Told()

    def _message(self, claimed: ClaimedPush, now: int) -> EmailMessage:
        alert, words = claimed.alert, words_of(claimed.alert.kind)
        domain = parseaddr(self._settings.sender)[1].rpartition("@")[2]
        mail = AlertMail(
            application_name=OWN.name,
            device_label=None,
            link=f"{self._console}/{alert.id}",
            recipient=self._address,
            sender=self._settings.sender,
            message_id=f"<{claimed.push.id}@{domain}>",
            sent_at=_moment(now),
            issuer_host=urlsplit(self._settings.public_url).netloc,
            kind=alert.kind,
            title=words.title,
            meaning=words.meaning,
            advice=words.advice,
            times=alert.times,
            raised_at=_moment(alert.raised_at),
            last_at=_moment(alert.last_at),
            facts=_facts(alert),
        )
        return render_alert_mail(mail, self._templates)


def _facts(alert: Alert) -> tuple[tuple[str, str], ...]:
    """Whose it is, by ids: an address in a mail to somebody else would stay there for good."""
    facts = {
        "Event": alert.kind,
        "Reason": alert.reason,
        "Person": alert.subject,
        "Application": alert.application_id,
        "Login": alert.login_id,
        "Session": alert.session_id,
    }
    party = party_of(alert.kind, alert.about)
    if party is not None:
        facts[party[0].capitalize()] = party[1]
    return tuple((name, value) for name, value in facts.items() if value is not None)


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / SECOND, UTC)
