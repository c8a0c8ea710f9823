# SPDX-License-Identifier: Apache-2.0
"""Reports of an operator's own mail system: Standard Webhooks, with types of ours."""

from counterfoil_service.core.mail_report import (
    MAIL_ID,
    WEIGHTS,
    Accepted,
    MailReport,
    document_of,
    text_within,
    within,
)
from counterfoil_service.settings.secret import Secret
from counterfoil_service.web.mail_hooks.incoming import Incoming
from counterfoil_service.web.mail_hooks.standard import signed_id


class Hook:
    """Satisfies `Scheme`."""

    def __init__(self, key: Secret) -> None:
        self._key = key

    async def accept(self, incoming: Incoming) -> Accepted:
        """The report of a signed message."""
        identifier = signed_id(incoming, self._key, "webhook")
        return Accepted("hook", identifier, decode(incoming.body))


def decode(body: bytes) -> MailReport | None:
    """`{"type": "mail.bounced", "data": {"mail_id": "…", "reason": "5.1.1"}}`; `reason` may be left out."""
    document = document_of(body)
    states = {f"mail.{state}": state for state in WEIGHTS}
    state = states.get(text_within(document, "type"))
    return MailReport.told(state, within(document, "data", MAIL_ID), within(document, "data", "reason"))
