# SPDX-License-Identifier: Apache-2.0
"""A login's events in words, for a person who asks who used this link and why it failed."""

from collections.abc import Mapping

from counterfoil_service.core.audit_event import AuditEvent, EventName

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
    "too_late": "no mail server took it for a day",
}
_VERBS = {"reject": "reject", "cancel": "cancel", "issue_code": "return from", "report": "report"}
_PLAIN = {
    EventName.LOGIN_SUPERSEDED: "A newer request by the same device took its place.",
    EventName.LOGIN_CANCELLED: "The device gave the login up.",
    EventName.LOGIN_EXPIRED: "Its time ran out.",
    EventName.LOGIN_COMPLETED: "The device proved its key and collected the login.",
    EventName.LOGIN_CODE_ISSUED: "Somebody pressed “I am on the computer where I started”: a browser took a code home.",
    EventName.LOGIN_REISSUED: "The answer was lost: the same device asked again and got fresh tokens, same session.",
    EventName.LOGIN_KEY_MISMATCH: "ALERT: the device code came with another key; refused, nothing changed.",
    EventName.LOGIN_FINGERPRINT_MISMATCH: "ALERT: the right key came with another fingerprint; refused, no change.",
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


def sentence(event: AuditEvent, personal: Mapping[str, str] | None) -> str:  # noqa: PLR0911 - one return an event
    """One event in one sentence or two; `personal` None means that the details were erased."""
    plain = (_PLAIN | _WITHOUT_KEY if _is_keyless(event) else _PLAIN).get(event.name)
    if plain is not None:
        return plain
    who = _ERASED if personal is None else _who(personal)
    match event.name:
        case EventName.LOGIN_REQUESTED:
            return _requested(event, personal)
        case EventName.LOGIN_LINK_OPENED:
            return f"The link was opened ({event.fields['method']}) by {who}. Opening changes nothing."
        case EventName.LOGIN_CODE_MISMATCH:
            return f"A wrong code was typed by {who}: miss {event.fields['misses']} of 3."
        case EventName.LOGIN_LOCKED:
            return f"The third wrong code was typed by {who}: locked for good."
        case EventName.LOGIN_APPROVED if event.fields.get("by") == "same_browser":
            return f"Approved by one tap in the browser that asked, by {who}."
        case EventName.LOGIN_APPROVED:
            return f"Approved by typing the device's code, by {who}."
        case EventName.LOGIN_DENIED:
            return _DENIALS.get(event.reason or "", "Denied.")
        case EventName.LOGIN_ILLEGAL_TRANSITION:
            return (
                f"Somebody tried to {_verb(event)} a login that was already {event.fields['state']}; nothing changed."
            )
        case _:
            return _rest(event)


def _is_keyless(event: AuditEvent) -> bool:
    return event.fields.get("by") == "browser" or (event.name is EventName.LOGIN_COMPLETED and event.jkt is None)


def _requested(event: AuditEvent, personal: Mapping[str, str] | None) -> str:
    if not personal:
        return f"{event.application_id} asked for a link for {_ERASED}."
    device = f" on a device that calls itself “{personal['device_label']}”" if personal.get("device_label") else ""
    return f"{event.application_id} asked for a link for {personal['address']}{device}, from {personal['source']}."


def _mail(event: AuditEvent) -> str:
    """The notice of a new device names its session; the mail with the link comes before there is one."""
    mail = "mail" if event.session_id is None else "notice of a new device"
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


def _rest(event: AuditEvent) -> str:  # noqa: PLR0911 - one return an event
    match event.name:
        case EventName.MAIL_QUEUED | EventName.MAIL_SENT | EventName.MAIL_DEFERRED | EventName.MAIL_FAILED:
            return _mail(event)
        case EventName.MAIL_SUPPRESSED:
            return f"No mail: {_DECOYS.get(event.reason or '', event.reason)}. The device was not told."
        case EventName.SESSION_CREATED:
            return f"Session {event.session_id} began."
        case EventName.SESSION_ENDED:
            return f"Session {event.session_id} ended ({event.reason})."
        case EventName.APPLICATION_ADDED:
            return f"The application “{event.fields['name']}” was registered as {event.application_id}."
        case EventName.KEY_ROTATED:
            return f"A new key signs access tokens: {event.fields['kid']}."
        case _:
            return f"{event.name.value}."


def _who(personal: Mapping[str, str]) -> str:
    agent = personal.get("user_agent") or "a program that does not say what it is"
    return f"{agent} at {personal.get('source', 'an unknown address')}"


def _verb(event: AuditEvent) -> str:
    trigger = str(event.fields["trigger"])
    return _VERBS.get(trigger, "approve")
