# SPDX-License-Identifier: Apache-2.0
"""Reports of Mailgun: HMAC-SHA-256 over a time and a token, which stand in the body beside the event.

The event itself is not signed, so a token is good for one message alone: whoever comes by a message that was
delivered cannot put another event beside its signature. (documentation.mailgun.com, Securing Webhooks)
"""

import hmac
from typing import Any

from counterfoil_service.core.login import SECOND
from counterfoil_service.core.mail_report import (
    MAIL_ID,
    Accepted,
    DeliveryState,
    MailReport,
    document_of,
    id_within,
    text_within,
    within,
)
from counterfoil_service.settings.secret import Secret
from counterfoil_service.web.mail_hooks.incoming import Incoming, Unverified, check_time, seconds_of

OLDEST = 9 * 3600 * SECOND
"""It tries again for eight hours, and nowhere promises to sign anew; that the token counts once is what holds."""


class Mailgun:
    """Satisfies `Scheme`. `key` is the account's HTTP webhook signing key."""

    def __init__(self, key: Secret) -> None:
        self._key = key

    async def accept(self, incoming: Incoming) -> Accepted:
        """The report, its signature checked before any of it is looked at."""
        document = document_of(incoming.body)
        timestamp, token, signature = (
            text_within(document, "signature", name) for name in ("timestamp", "token", "signature")
        )
        if not timestamp or not token or not signature:
            raise Unverified("not_signed")
        sent_at = seconds_of(timestamp)
        expected = hmac.digest(self._key.reveal().encode(), f"{timestamp}{token}".encode(), "sha256").hex()
        if not hmac.compare_digest(signature.encode(), expected.encode()):
            raise Unverified("signature")
        check_time(sent_at, incoming.now, oldest=OLDEST)
        event = within(document, "event-data")
        return Accepted("mailgun", _event_id(event), decode(event), nonce=token)


def decode(event: Any) -> MailReport | None:  # noqa: ANN401 - JSON of any shape
    """From `event-data`, by `event` and, where it failed, `severity` and `reason`."""
    states: dict[str, DeliveryState] = {
        "delivered": "delivered",
        "failed": _failed(event),
        "rejected": "failed",
        "complained": "complained",
    }
    state = states.get(text_within(event, "event"))
    return MailReport.told(state, _mail_id(event), within(event, "reason"))


def _mail_id(event: Any) -> object:  # noqa: ANN401 - JSON of any shape
    """The variable; else what our own Message-ID tells, as mail that came by SMTP has none."""
    variable = within(event, "user-variables", MAIL_ID)
    return id_within(text_within(event, "message", "headers", "message-id")) if variable is None else variable


def _failed(event: Any) -> DeliveryState:  # noqa: ANN401 - JSON of any shape
    reason, kind = text_within(event, "reason"), text_within(event, "delivery-status", "bounce-type")
    if text_within(event, "severity") != "permanent":
        return "deferred"
    if reason.startswith("suppress-"):
        return "suppressed"
    # It gave up after many tries, or was blocked for the sender's sake: neither says that there is no such mailbox.
    return "bounced" if kind == "hard" or (reason == "bounce" and kind != "soft") else "failed"


def _event_id(event: Any) -> str:  # noqa: ANN401 - JSON of any shape
    """Its ids are unique within a day only."""
    return f"{text_within(event, 'id')} {within(event, 'timestamp')}"
