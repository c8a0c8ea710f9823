# SPDX-License-Identifier: Apache-2.0
"""Reports of Amazon SES, which come as messages of an SNS topic (SES Developer Guide, Contents of event data)."""

import logging
from typing import Any, Final

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
from counterfoil_service.web.mail_hooks.incoming import Incoming
from counterfoil_service.web.mail_hooks.sns import Topic

log = logging.getLogger(__name__)

_STATES: Final[dict[str, DeliveryState]] = {
    "Delivery": "delivered",
    "DeliveryDelay": "deferred",
    "Bounce": "bounced",
    "Complaint": "complained",
    "Reject": "failed",
    "Rendering Failure": "failed",
}
_OWN_LISTS: Final = frozenset({"Suppressed", "OnAccountSuppressionList"})


class Ses:
    """Satisfies `Scheme`. The topic's subscription is confirmed as soon as it asks."""

    def __init__(self, topic: Topic) -> None:
        self._topic = topic

    async def accept(self, incoming: Incoming) -> Accepted:
        """The report of a message of our topic; its other messages are of no use to anybody but us."""
        message = await self._topic.verified(incoming)
        report = decode(message.message) if message.kind == "Notification" else None
        if message.kind == "SubscriptionConfirmation":
            await self._topic.confirm(message)
        elif message.kind == "UnsubscribeConfirmation":
            log.warning("Amazon SNS ended the subscription of mail reports; subscribe again to go on")
        return Accepted("ses", message.id, report)


def decode(body: bytes | str) -> MailReport | None:
    """By `eventType`, or `notificationType` where no configuration set publishes the events."""
    event = document_of(body)
    kind = text_within(event, "eventType") or text_within(event, "notificationType")
    state, word = _STATES.get(kind), None
    if kind == "Bounce":
        state, word = _bounced(within(event, "bounce"))
    elif kind == "Complaint":
        sub_type = text_within(event, "complaint", "complaintSubType")
        state = "suppressed" if sub_type in _OWN_LISTS else "complained"
        word = text_within(event, "complaint", "complaintFeedbackType") or sub_type
    elif kind == "DeliveryDelay":
        word = text_within(event, "deliveryDelay", "delayType")
    return MailReport.told(state, _mail_id(within(event, "mail")), word)


def _bounced(bounce: Any) -> tuple[DeliveryState, str]:  # noqa: ANN401 - JSON of any shape
    sub_type = text_within(bounce, "bounceSubType")
    if text_within(bounce, "bounceType") != "Permanent":
        return "deferred", sub_type
    return ("suppressed" if sub_type in _OWN_LISTS else "bounced"), sub_type


def _mail_id(mail: Any) -> object:  # noqa: ANN401 - JSON of any shape
    """The tag; else what stands before the @ of our own Message-ID, as not every way of publishing tells tags."""
    tag = within(mail, "tags", MAIL_ID)
    if isinstance(tag, list) and tag:
        return tag[0]
    headers = within(mail, "headers")
    for header in headers if isinstance(headers, list) else []:
        if text_within(header, "name").lower() == "message-id":
            return id_within(text_within(header, "value"))
    return None
