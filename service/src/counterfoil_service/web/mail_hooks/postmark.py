# SPDX-License-Identifier: Apache-2.0
"""Reports of Postmark, which signs nothing: it gives a name and a password, by Basic authentication (RFC 7617).

(postmarkapp.com/developer/webhooks/webhooks-overview, …/api/bounce-api for the types)
"""

import base64
import binascii
import hmac
from typing import Any, Final

from counterfoil_service.core.mail_report import (
    MAIL_ID,
    Accepted,
    DeliveryState,
    MailReport,
    document_of,
    text_within,
    within,
)
from counterfoil_service.settings.secret import Secret
from counterfoil_service.web.mail_hooks.incoming import Incoming, Unverified

_BOUNCES: Final[dict[str, DeliveryState]] = {
    "HardBounce": "bounced",
    "BadEmailAddress": "bounced",
    "Transient": "deferred",
    "SoftBounce": "deferred",
    "DnsError": "deferred",
    "SpamComplaint": "complained",
    "ManuallyDeactivated": "suppressed",
    "Unsubscribe": "suppressed",
    "SpamNotification": "failed",
    "VirusNotification": "failed",
    "Blocked": "failed",
    "Unconfirmed": "failed",
    "DMARCPolicy": "failed",
    "SMTPApiError": "failed",
    "TemplateRenderingFailed": "failed",
    "Unknown": "failed",
}
"""By `Type`. What is missing is no bounce, such as an automatic reply."""


class Postmark:
    """Satisfies `Scheme`. `credentials` are `USER:PASSWORD`."""

    def __init__(self, credentials: Secret) -> None:
        self._credentials = credentials

    async def accept(self, incoming: Incoming) -> Accepted:
        """The report of whoever knows the password."""
        scheme, _, value = incoming.headers.get("authorization", "").partition(" ")
        try:
            given = base64.b64decode(value.strip(), validate=True)
        except (binascii.Error, ValueError):
            given = b""
        if scheme.lower() != "basic" or not given:
            raise Unverified("not_signed")
        if not hmac.compare_digest(given, self._credentials.reveal().encode()):
            raise Unverified("credentials")
        document = document_of(incoming.body)
        return Accepted("postmark", _event_id(document), decode(document))


def decode(document: Any) -> MailReport | None:  # noqa: ANN401 - JSON of any shape
    """By `RecordType` and, for a bounce, `Type`."""
    word = text_within(document, "Type")
    state: DeliveryState | None = None
    match text_within(document, "RecordType"):
        case "Delivery":
            state = "delivered"
        case "Bounce":
            state = _BOUNCES.get(word)
        case "SpamComplaint":
            state = "complained"
        case "SubscriptionChange" if within(document, "SuppressSending") is True:
            state, word = "suppressed", text_within(document, "SuppressionReason")
    return MailReport.told(state, within(document, "Metadata", MAIL_ID), word)


def _event_id(document: Any) -> str:  # noqa: ANN401 - JSON of any shape
    """Bounces and complaints have an id; the rest is told apart by its message, kind and time."""
    names = ("RecordType", "ID", "Type", "MessageID", "Recipient", "DeliveredAt", "ChangedAt")
    return " ".join(str(within(document, name)) for name in names)
