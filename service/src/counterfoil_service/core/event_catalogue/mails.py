# SPDX-License-Identifier: Apache-2.0
"""What became of a mail with a link, or of a notice about a sign-in."""

from typing import Final

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.event_catalogue.entry import AUTHENTICATION_OTHER, STAFF, Entry, Field, example
from counterfoil_service.core.event_catalogue.mail_reports import PROVIDER, PROVIDERS_WORD

_ATTEMPT: Final = {
    "attempt": Field("which attempt it was", "number"),
    "kind": Field("change for the notice of a changed device", values=("change",)),
}
_PROVIDER: Final = {
    "provider": Field(
        "who took it, or perhaps did where it is deferred: smtp, resend, mailgun, postmark, ses, hook, file, console; "
        "the second of a kind is smtp_2"
    ),
}
_TOLD: Final = {"provider": PROVIDER}
_SERVERS_WORD: Final = (
    "smtp_NNN, the mail server's reply code (RFC 5321 §4.2), such a code of another provider (postmark_406), "
    "or the name of the error"
)

MAILS: Final[dict[EventName, Entry]] = {
    EventName.MAIL_QUEUED: Entry(
        purpose="A mail waits to be sent. A reason tells what a notice is about, or that no mail can leave.",
        reasons=("new_device", "changed_device", "no_transport"),
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.MAIL_QUEUED, "la"),
    ),
    EventName.MAIL_SENT: Entry(
        purpose="A mail server took the mail, or told later that it had. Whether anybody read it is not known.",
        fields=_ATTEMPT | _PROVIDER,
        reasons=("reported",),
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.MAIL_SENT, "la", fields={"attempt": 1, "provider": "smtp"}),
    ),
    EventName.MAIL_DEFERRED: Entry(
        purpose="The mail could not be handed over, or, says the provider, not yet delivered; it is tried again.",
        fields=_ATTEMPT | _PROVIDER,
        reasons=("no_transport", "timeout", "folder_not_writable"),
        open_reasons=f"{_SERVERS_WORD}; {PROVIDERS_WORD}",
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.MAIL_DEFERRED, "la", outcome="failure", reason="smtp_451", fields={"attempt": 2}),
    ),
    EventName.MAIL_FAILED: Entry(
        purpose="The mail was given up, by this service or, as it says, by the provider.",
        fields=_ATTEMPT | _TOLD,
        reasons=(
            *("login_ended", "device_forgotten", "too_late", "user_erased", "suppressed", "cannot_unseal"),
            *("not_writable", "smtputf8_not_supported", "relayed"),
        ),
        open_reasons=f"{_SERVERS_WORD}; {PROVIDERS_WORD}",
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.MAIL_FAILED, "la", outcome="failure", reason="smtp_550", fields={"attempt": 1}),
    ),
    EventName.MAIL_SUPPRESSED: Entry(
        purpose="No mail was sent, by this service or, as it says, by the provider; whoever asked was not told so.",
        fields={"kind": _ATTEMPT["kind"], **_TOLD},
        reasons=("user_disabled", "not_invited", "suppressed", "over_budget"),
        open_reasons=PROVIDERS_WORD,
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.MAIL_SUPPRESSED, "la", outcome="failure", reason="not_invited"),
    ),
}
