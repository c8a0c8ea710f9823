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
}
_PLAIN = {
    EventName.LOGIN_SUPERSEDED: "A newer request by the same device took its place.",
    EventName.LOGIN_CANCELLED: "The device gave the login up.",
    EventName.LOGIN_EXPIRED: "Its time ran out.",
    EventName.LOGIN_COMPLETED: "The device proved its key and collected the login.",
    EventName.LOGIN_REISSUED: "The answer was lost: the same device asked again and got fresh tokens, same session.",
    EventName.LOGIN_KEY_MISMATCH: "ALERT: the device code came with another key; refused, nothing changed.",
    EventName.LOGIN_FINGERPRINT_MISMATCH: "ALERT: the right key came with another fingerprint; refused, no change.",
    EventName.MAIL_QUEUED: "A mail with the link was queued.",
    EventName.USER_CREATED: "It was this mailbox's first sign-in: a user was made.",
    EventName.USER_VERIFIED: "The mailbox is verified from now on.",
    EventName.APPLICATION_REMOVED: "The application was removed, and with it all that it could still collect.",
}


def sentence(event: AuditEvent, personal: Mapping[str, str] | None) -> str:  # noqa: PLR0911 - one return an event
    """One event in one sentence or two; `personal` None means that the details were erased."""
    plain = _PLAIN.get(event.name)
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


def _requested(event: AuditEvent, personal: Mapping[str, str] | None) -> str:
    if not personal:
        return f"{event.application_id} asked for a link for {_ERASED}."
    device = f" on a device that calls itself “{personal['device_label']}”" if personal.get("device_label") else ""
    return f"{event.application_id} asked for a link for {personal['address']}{device}, from {personal['source']}."


def _rest(event: AuditEvent) -> str:  # noqa: PLR0911 - one return an event
    match event.name:
        case EventName.MAIL_SENT:
            return f"The mail server took the mail (attempt {event.fields['attempt']})."
        case EventName.MAIL_DEFERRED:
            return f"The mail could not be handed over ({event.reason}); it will be tried again."
        case EventName.MAIL_FAILED:
            if event.reason == "login_ended":
                return "The mail was not sent: the login had ended before."
            return f"The mail was given up ({event.reason})."
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
    return trigger if trigger in {"reject", "cancel"} else "approve"
