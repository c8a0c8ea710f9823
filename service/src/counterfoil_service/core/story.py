# SPDX-License-Identifier: Apache-2.0
"""A login's events in words, for a person who asks who used this link and why it failed."""

from collections.abc import Callable, Mapping
from typing import cast

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.device_words import changed_device, other_machine
from counterfoil_service.core.opener import AUTOMATION_WORDS, Automation, Nearness, nearness_words

_ERASED = "somebody whose details were erased"
_DECOYS = {
    "user_disabled": "the user is disabled",
    "not_invited": "nobody invited this address",
    "over_budget": "the mailbox was over its budget",
}
_DENIALS = {
    "rejected_by_person": "A person pressed Reject on the link page.",
    "user_disabled": "Refused: the user is disabled.",
    "other_mailbox": "Refused: meanwhile the user was verified at another spelling of this address.",
    "application_removed": "Refused: the application was removed.",
    "new_device": "Refused: the application takes known devices only.",
    "reported": "A person reported it: this was not me.",
    "user_erased": "Refused: the user was erased.",
}
_UNSENT = {
    "login_ended": "the login had ended before",
    "device_forgotten": "the device had been forgotten before",
    "user_erased": "the user had been erased before",
    "too_late": "no mail server took it for a day",
}
_VERBS = {"reject": "reject", "cancel": "cancel", "issue_code": "return from", "report": "report"}
_PLAIN = {
    EventName.AUDIT_CHECKPOINT_FAILED: "ALERT: the audit log was not signed: it does not continue its last checkpoint.",
    EventName.LOGIN_SUPERSEDED: "A newer request by the same device took its place.",
    EventName.LOGIN_CANCELLED: "The device gave the login up.",
    EventName.LOGIN_EXPIRED: "Its time ran out.",
    EventName.LOGIN_COMPLETED: "The device proved its key and collected the login.",
    EventName.LOGIN_CODE_ISSUED: "Somebody pressed “I am on the computer where I started”: a browser took a code home.",
    EventName.LOGIN_REISSUED: "The answer was lost: the same device asked again and got fresh tokens, same session.",
    EventName.LOGIN_KEY_MISMATCH: "ALERT: the device code came with another key; refused, nothing changed.",
    EventName.LOGIN_CODE_REFUSED: "ALERT: a browser's code came with another verifier or redirect; refused.",
    EventName.LOGIN_REPORTED: "ALERT: a person reported: this was not me.",
    EventName.SESSION_REFRESHED: "The device proved its key and renewed its tokens.",
    EventName.SESSION_REUSE_DETECTED: "ALERT: a token that was already used came again; the session was ended.",
    EventName.SESSION_KEY_MISMATCH: "ALERT: a token came with another key; refused, nothing changed.",
    EventName.DEVICE_FIRST_SEEN: "This device signs this person in for the first time.",
    EventName.DEVICE_REFUSED: "Refused: the application takes known devices only; this one waits to be enrolled.",
    EventName.DEVICE_ENROLLED: "The device was enrolled.",
    EventName.DEVICE_FORGOTTEN: "The device was forgotten.",
    EventName.USER_INVITED: "The user was invited.",
    EventName.USER_DISABLED: "The user was disabled; sessions ended with it.",
    EventName.USER_ENABLED: "The user was enabled again.",
    EventName.USER_ERASED: "The user was erased; details of earlier events cannot be read any more.",
    EventName.USER_CREATED: "It was this mailbox's first sign-in: a user was made.",
    EventName.USER_VERIFIED: "The mailbox is verified from now on.",
    EventName.APPLICATION_REMOVED: "The application was removed, and with it all that it could still collect.",
}

_WITHOUT_KEY = {
    EventName.LOGIN_COMPLETED: "The browser or program that asked collected the login.",
    EventName.LOGIN_CODE_ISSUED: "The browser, signed in by now, went on to the application with a code.",
}


Personal = Mapping[str, str] | None


def sentence(event: AuditEvent, personal: Personal) -> str:
    """One event in one sentence or two; `personal` None means that the details were erased."""
    plain = (_PLAIN | _WITHOUT_KEY if _is_keyless(event) else _PLAIN).get(event.name)
    if plain is not None:
        return plain
    tell = _TELLERS.get(event.name)
    return f"{event.name.value}." if tell is None else tell(event, personal)


def _is_keyless(event: AuditEvent) -> bool:
    return event.fields.get("by") == "browser" or (event.name is EventName.LOGIN_COMPLETED and event.jkt is None)


def _requested(event: AuditEvent, personal: Personal) -> str:
    if not personal:
        return f"{event.application_id} asked for a link for {_ERASED}."
    device = f" on a device that calls itself “{personal['device_label']}”" if personal.get("device_label") else ""
    source = f"{personal['source']}{_place(event)}"
    return f"{event.application_id} asked for a link for {personal['address']}{device}, from {source}."


def _mail(event: AuditEvent, _personal: Personal) -> str:
    """The notice of a new device names its session; the mail with the link comes before there is one."""
    changed = event.reason == "changed_device" or event.fields.get("kind") == "change"
    notice = "notice of a changed device" if changed else "notice of a new device"
    mail = "mail" if event.session_id is None else notice
    match event.name:
        case EventName.MAIL_QUEUED:
            return f"A {mail} was queued." if event.session_id else "A mail with the link was queued."
        case EventName.MAIL_SENT:
            return f"The mail server took the {mail} (attempt {event.fields['attempt']})."
        case EventName.MAIL_DEFERRED:
            return f"The {mail} could not be handed over ({event.reason}); it will be tried again."
        case _ if event.reason in _UNSENT:
            return f"The {mail} was not sent: {_UNSENT[event.reason]}."
        case _:
            return f"The {mail} was given up ({event.reason})."


def _opened(event: AuditEvent, personal: Personal) -> str:
    return f"The link was opened ({event.fields['method']}) by {_who(event, personal)}. Opening changes nothing."


def _missed(event: AuditEvent, personal: Personal) -> str:
    if event.fields.get("by") == "mail_code":
        return f"A wrong mail code was typed into the app that asked: miss {event.fields['misses']} of 5."
    return f"A wrong code was typed by {_who(event, personal)}: miss {event.fields['misses']} of 3."


def _locked(event: AuditEvent, personal: Personal) -> str:
    if event.fields.get("by") == "mail_code":
        return "The fifth wrong mail code was typed into the app that asked: locked for good."
    return f"The third wrong code was typed by {_who(event, personal)}: locked for good."


def _approved(event: AuditEvent, personal: Personal) -> str:
    by = event.fields.get("by")
    if by == "mail_code":
        return "Approved by the digits of the mail, typed into the app that asked."
    how = "one tap in the browser that asked" if by == "same_browser" else "typing the device's code"
    return f"Approved by {how}, by {_who(event, personal)}."


def _typed_in_vain(event: AuditEvent, personal: Personal) -> str:
    return f"A code was typed by {_who(event, personal)}; this application takes none: same device only."


def _tried(event: AuditEvent, _personal: Personal) -> str:
    return f"Somebody tried to {_verb(event)} a login that was already {event.fields['state']}; nothing changed."


def _place(event: AuditEvent) -> str:
    known = [str(event.fields[name]) for name in ("country", "network") if name in event.fields]
    return f" ({', '.join(known)})" if known else ""


def _about(event: AuditEvent) -> str:
    """Where and when an opener was, as far as it was noted."""
    fields, parts = event.fields, [""]
    if "seconds_since_mail" in fields:
        parts.append(f"{fields['seconds_since_mail']} s after the mail left")
    near = nearness_words(cast("Nearness", fields.get("nearness", "unknown")))
    parts += [near] if near else []
    if "automation" in fields:
        parts.append(f"looking automated: {AUTOMATION_WORDS[cast('Automation', fields['automation'])]}")
    return ", ".join(parts)


def _who(event: AuditEvent, personal: Personal) -> str:
    if personal is None:
        return _ERASED
    agent = personal.get("browser") or personal.get("user_agent") or "a program that does not say what it is"
    return f"{agent} at {personal.get('source', 'an unknown address')}{_place(event)}{_about(event)}"


def _verb(event: AuditEvent) -> str:
    trigger = str(event.fields["trigger"])
    return _VERBS.get(trigger, "approve")


def _suppressed(event: AuditEvent, _personal: Personal) -> str:
    return f"No mail: {_DECOYS.get(event.reason or '', event.reason)}. The device was not told."


_TELLERS: dict[EventName, Callable[[AuditEvent, Personal], str]] = {
    EventName.LOGIN_REQUESTED: _requested,
    EventName.LOGIN_LINK_OPENED: _opened,
    EventName.LOGIN_CODE_MISMATCH: _missed,
    EventName.LOGIN_LOCKED: _locked,
    EventName.LOGIN_APPROVED: _approved,
    EventName.LOGIN_APPROVAL_REFUSED: _typed_in_vain,
    EventName.LOGIN_DENIED: lambda event, _: _DENIALS.get(event.reason or "", "Denied."),
    EventName.LOGIN_ILLEGAL_TRANSITION: _tried,
    EventName.LOGIN_FINGERPRINT_MISMATCH: lambda event, _: (
        f"ALERT: the right key came {other_machine(event.fields)}; refused, nothing changed."
    ),
    EventName.DEVICE_CHANGED: lambda event, _: changed_device(event),
    EventName.MAIL_QUEUED: _mail,
    EventName.MAIL_SENT: _mail,
    EventName.MAIL_DEFERRED: _mail,
    EventName.MAIL_FAILED: _mail,
    EventName.MAIL_SUPPRESSED: _suppressed,
    EventName.SESSION_CREATED: lambda event, _: f"Session {event.session_id} began.",
    EventName.SESSION_ENDED: lambda event, _: f"Session {event.session_id} ended ({event.reason}).",
    EventName.APPLICATION_ADDED: lambda event, _: (
        f"The application “{event.fields['name']}” was registered as {event.application_id}."
    ),
    EventName.KEY_ROTATED: lambda event, _: f"A new key signs access tokens: {event.fields['kid']}.",
}
