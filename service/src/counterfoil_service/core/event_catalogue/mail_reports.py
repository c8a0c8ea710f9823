# SPDX-License-Identifier: Apache-2.0
"""What mail providers told of mails, addresses that get none for it, and webhooks that nobody could believe."""

from typing import Final

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.event_catalogue.entry import ACTING, AUTHENTICATION_OTHER, STAFF, Entry, Field, example
from counterfoil_service.core.mail_report import PROVIDERS

PROVIDER: Final = Field("the mail provider that told it", values=PROVIDERS)
PROVIDERS_WORD: Final = "the provider's own word for why, where it has one"
_REPORTED: Final = {
    "provider": PROVIDER,
    "kind": Field("change for the notice of a changed device", values=("change",)),
}

MAIL_REPORTS: Final[dict[EventName, Entry]] = {
    EventName.MAIL_DELIVERED: Entry(
        purpose="The provider says that the recipient's mail server took the mail.",
        fields=_REPORTED,
        open_reasons=PROVIDERS_WORD,
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.MAIL_DELIVERED, "la", fields={"provider": "resend"}),
    ),
    EventName.MAIL_BOUNCED: Entry(
        purpose="The provider says that the mail came back for good.",
        fields=_REPORTED,
        open_reasons=PROVIDERS_WORD,
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(
            EventName.MAIL_BOUNCED, "la", outcome="failure", reason="HardBounce", fields={"provider": "postmark"}
        ),
    ),
    EventName.MAIL_COMPLAINED: Entry(
        purpose="The provider says that the recipient called the mail unwanted.",
        fields=_REPORTED,
        open_reasons=PROVIDERS_WORD,
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.MAIL_COMPLAINED, "la", outcome="failure", reason="abuse", fields={"provider": "ses"}),
    ),
    EventName.SUPPRESSION_ADDED: Entry(
        purpose="After such a report the mailbox gets no more mail.",
        fields={"provider": PROVIDER},
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.SUPPRESSION_ADDED, "la", fields={"provider": "postmark"}),
    ),
    EventName.SUPPRESSION_LIFTED: Entry(
        purpose="An operator lets a mailbox have mail again, and says why.",
        fields=ACTING,
        personal=frozenset({"address", "stated_reason"}),
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(
            EventName.SUPPRESSION_LIFTED,
            "",
            fields={"operator": "cli"},
            personal={"address": "ada@example.com", "stated_reason": "the mailbox was full and is not any more"},
        ),
    ),
    EventName.WEBHOOK_REFUSED: Entry(
        purpose="A webhook could not be verified. One event for each provider and minute of a process, at most.",
        fields={
            "provider": Field("whose it was said to be", values=PROVIDERS),
            "refused": Field("how many there were since the last such event", "number"),
        },
        reasons=("not_signed", "signature", "stale", "credentials", "topic", "signature_version", "certificate"),
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        alert=True,
        example=example(
            EventName.WEBHOOK_REFUSED,
            "",
            outcome="failure",
            reason="signature",
            fields={"provider": "mailgun", "refused": 1},
        ),
    ),
}
