# SPDX-License-Identifier: Apache-2.0
"""Reports of Resend: signed by Svix, one event each (resend.com/docs/webhooks/event-types)."""

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
from counterfoil_service.web.mail_hooks.incoming import Incoming
from counterfoil_service.web.mail_hooks.standard import signed_id

_STATES: Final[dict[str, DeliveryState]] = {
    "email.delivered": "delivered",
    "email.delivery_delayed": "deferred",
    "email.bounced": "bounced",
    "email.complained": "complained",
    "email.suppressed": "suppressed",
    "email.failed": "failed",
}


class Resend:
    """Satisfies `Scheme`. `key` is the endpoint's signing secret, `whsec_…`."""

    def __init__(self, key: Secret) -> None:
        self._key = key

    async def accept(self, incoming: Incoming) -> Accepted:
        """The report of a signed message; the id of a message stays when it is sent again."""
        identifier = signed_id(incoming, self._key, "svix", "webhook")
        return Accepted("resend", identifier, decode(incoming.body))


def decode(body: bytes) -> MailReport | None:
    """By `type`; a bounce is for good unless its `bounce.type` says otherwise."""
    document = document_of(body)
    state = _STATES.get(text_within(document, "type"))
    bounce = within(document, "data", "bounce")
    if state == "bounced":
        state = _bounced(bounce)
    word = text_within(bounce, "subType") or text_within(bounce, "type")
    return MailReport.told(state, _tagged(within(document, "data", "tags")), word)


def _bounced(bounce: Any) -> DeliveryState:  # noqa: ANN401 - JSON of any shape
    if text_within(bounce, "type") not in {"", "Permanent"}:
        return "deferred"
    # Its own list kept it from sending at all: that tells nothing new about the address.
    return "suppressed" if text_within(bounce, "subType") == "Suppressed" else "bounced"


def _tagged(tags: Any) -> object:  # noqa: ANN401 - JSON of any shape
    """An object in webhooks; a list of names and values, as in the request that sent the mail, is read too."""
    if isinstance(tags, list):
        return next((within(tag, "value") for tag in tags if within(tag, "name") == MAIL_ID), None)
    return within(tags, MAIL_ID)
