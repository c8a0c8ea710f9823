# SPDX-License-Identifier: Apache-2.0
"""What became of a mail, in words: the one with the link, or a notice that came after it."""

import re
from typing import Final

from counterfoil_service.core.actor_words import ERASED, Personal, Teller, begun_by_staff
from counterfoil_service.core.audit_event import AuditEvent, EventName

HELD_BACK: Final = {
    "user_disabled": "the user is disabled",
    "not_invited": "nobody invited this address",
    "suppressed": "mail to this address came back for good or was called unwanted before",
    "over_budget": "the mailbox was over its budget",
}
_UNSENT: Final = {
    "login_ended": "the login had ended before",
    "device_forgotten": "the device had been forgotten before",
    "user_erased": "the user had been erased before",
    "suppressed": "an earlier mail to this address had come back for good or been called unwanted",
    "too_late": "no mail server took it for a day",
    "cannot_unseal": "its link could not be unsealed",
    "not_writable": "it could not be written",
    "relayed": "an operator had been given another link, and its own is dead",
}
_SILENCE: Final = "the mail server did not answer in time"
_HUNG_UP: Final = "the mail server hung up"
_UNREACHABLE: Final = "the mail server could not be connected to"
_NO_TLS: Final = "the mail server could not be spoken to over TLS"
_TROUBLES: Final = {
    "no_transport": "this service is set to send none",
    "timeout": _SILENCE,
    "folder_not_writable": "the folder for mail cannot be written",
    "smtputf8_not_supported": "the mail server takes no such address",
    # Names of errors, by which each way for a mail to leave has its own for one trouble.
    **dict.fromkeys(
        ("TimeoutError", "SMTPTimeoutError", "SMTPConnectTimeoutError", "SMTPReadTimeoutError"),
        _SILENCE,
    ),
    **dict.fromkeys(("ConnectionRefusedError", "SMTPConnectError"), _UNREACHABLE),
    **dict.fromkeys(
        ("ConnectionResetError", "ConnectionAbortedError", "BrokenPipeError", "SMTPServerDisconnected"), _HUNG_UP
    ),
    **dict.fromkeys(("SSLError", "SSLCertVerificationError", "SSLEOFError"), _NO_TLS),
    "gaierror": "the mail server could not be found by its name",
    "NotHttpError": "the mail server gave no answer that can be read",
}
_DOUBTS: Final = {
    "not_signed": "without a signature or credentials, or malformed",
    "signature": "the signature does not fit; is the key that of the provider?",
    "stale": "signed too long ago, or ahead of this clock",
    "credentials": "wrong user or password",
    "topic": "of another topic",
    "signature_version": "signed by SHA-1; set the topic's SignatureVersion to 2",
    "certificate": "the certificate is not the one of the topic's region",
}
_REPLY: Final = re.compile(r"smtp_(\d{3})")
_ANSWER: Final = re.compile(r"(resend|mailgun|postmark|ses|hook)_(\w+)")
_PROVIDERS: Final = {
    "resend": "Resend",
    "mailgun": "Mailgun",
    "postmark": "Postmark",
    "ses": "Amazon SES",
    "hook": "The mail hook",
}


def _queued(event: AuditEvent, _personal: Personal) -> str:
    if event.reason in _TROUBLES:
        return f"A mail with the link waits: {_TROUBLES[event.reason]}; an operator may relay the link."
    return f"A {_mail(event)} was queued." if event.session_id else "A mail with the link was queued."


def _sent(event: AuditEvent, _personal: Personal) -> str:
    if event.reason == "reported":
        return f"{_taker(event)} had taken the {_mail(event)} before, as it told: it is not sent again."
    attempt = event.fields["attempt"]
    return f"{_taker(event)} took the {_mail(event)}{'' if attempt == 1 else f', at attempt {attempt}'}."


def _deferred(event: AuditEvent, _personal: Personal) -> str:
    if "attempt" not in event.fields:
        return f"{_says(event)} is delayed{_why(event)}."
    if "provider" in event.fields:
        taker = _taker(event)
        return f"{taker} perhaps has the {_mail(event)}, and will be asked again: {trouble(event.reason)}."
    return f"The {_mail(event)} could not be handed over and will be tried again: {trouble(event.reason)}."


def _failed(event: AuditEvent, _personal: Personal) -> str:
    if "provider" in event.fields:
        return f"{_says(event)} was given up{_why(event)}."
    if event.reason in _UNSENT:
        return f"The {_mail(event)} was not sent: {_UNSENT[event.reason]}."
    return f"The {_mail(event)} was given up: {trouble(event.reason)}."


def _suppressed(event: AuditEvent, _personal: Personal) -> str:
    if "provider" in event.fields:
        return f"{_says(event)} was not sent: the address is on its own list of those that get none{_why(event)}."
    return f"No mail: {HELD_BACK.get(event.reason or '', event.reason)}. The device was not told."


def _taker(event: AuditEvent) -> str:
    """Of several of a kind the second is `smtp_2`."""
    kind, _, number = str(event.fields.get("provider", "")).partition("_")
    return _PROVIDERS.get(kind, "The mail server") + (f" ({number})" if number else "")


def _delivered(event: AuditEvent, _personal: Personal) -> str:
    return f"{_says(event)} was taken by the recipient's mail server{_why(event)}."


def _bounced(event: AuditEvent, _personal: Personal) -> str:
    return f"{_says(event)} came back for good{_why(event)}."


def _complained(event: AuditEvent, _personal: Personal) -> str:
    return f"{_says(event)} was called unwanted by its recipient{_why(event)}."


def _lifted(event: AuditEvent, personal: Personal) -> str:
    by = begun_by_staff(event)
    if personal is None:
        return f"{by} let {ERASED} have mail again."
    address, reason = personal.get("address", ERASED), personal.get("stated_reason", "no reason told")
    return f"{by} let {address} have mail again: {reason}."


def _refused(event: AuditEvent, _personal: Personal) -> str:
    refused = event.fields["refused"]
    many = "A report" if refused == 1 else f"{refused} reports"
    name = event.fields["provider"]
    return f"ALERT: {many} in the name of the mail provider {name} could not be verified: {_why_refused(event)}."


def _why_refused(event: AuditEvent) -> str:
    return _DOUBTS.get(event.reason or "", "for a reason that only a newer program knows")


def _says(event: AuditEvent) -> str:
    return f"The mail provider {event.fields['provider']} says that the {_mail(event)}"


def _why(event: AuditEvent) -> str:
    """The provider's own word, spelt as words are."""
    return f" ({event.reason.replace('_', ' ')})" if event.reason else ""


def _mail(event: AuditEvent) -> str:
    """A notice names its session; the mail with the link comes before there is one."""
    if event.session_id is None:
        return "mail"
    changed = event.reason == "changed_device" or event.fields.get("kind") == "change"
    return "notice of a changed device" if changed else "notice of a new device"


def trouble(reason: str | None) -> str:
    """Why a mail did not leave, by the code that its transport gave."""
    if reason in _TROUBLES:
        return _TROUBLES[reason]
    if reply := _REPLY.fullmatch(reason or ""):
        return f"the mail server replied {reply[1]}"
    if answer := _ANSWER.fullmatch(reason or ""):
        return f"{_PROVIDERS[answer[1]]} answered {answer[2]}"
    return f"the error was {reason}"


MAIL_WORDS: Final[dict[EventName, Teller]] = {
    EventName.MAIL_QUEUED: _queued,
    EventName.MAIL_SENT: _sent,
    EventName.MAIL_DEFERRED: _deferred,
    EventName.MAIL_FAILED: _failed,
    EventName.MAIL_SUPPRESSED: _suppressed,
    EventName.MAIL_DELIVERED: _delivered,
    EventName.MAIL_BOUNCED: _bounced,
    EventName.MAIL_COMPLAINED: _complained,
    EventName.SUPPRESSION_ADDED: lambda *_: "This address gets no more mail until an operator lifts it.",
    EventName.SUPPRESSION_LIFTED: _lifted,
    EventName.WEBHOOK_REFUSED: _refused,
}
