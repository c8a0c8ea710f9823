# SPDX-License-Identifier: Apache-2.0
"""What became of a session and of its device, in words."""

from typing import Final

from counterfoil_service.core.actor_words import Personal, Teller, caller, staff
from counterfoil_service.core.application import OWN_ID
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.device_words import changed_device

ENDS: Final = {
    "ended_by_person": "its person ended it",
    "revoked": "the application signed out",
    "signed_in_again": "the same browser signed in again",
    "idle": "it was not used for too long",
    "lifetime": "its longest time was over",
    "revoked_by_operator": "an operator ended it",
    "user_disabled": "an operator disabled the user",
    "user_erased": "the user was erased",
    "application_removed": "an operator removed the application",
    "role_given": "its person got a role at the console, and signs in anew for that",
    "role_removed": "its person's role at the console was taken away",
    "reported": "the sign-in was reported as “this was not me”",
    "reported_by_person": "it was reported by the notice's button as “this was not me”",
    "reuse_detected": "a token or code of it was used twice",
    "fingerprint_mismatch": "its key came from another machine",
    "device_forgotten": "its person had the device forgotten",
    "forgotten_by_operator": "an operator had the device forgotten",
}
"""Why a session ended, by the reason's code."""

_FORGOTTEN: Final = {
    "device_forgotten": "its person said so",
    "forgotten_by_operator": "an operator said so",
    "reported": "its sign-in was reported",
    "reported_by_person": "its session was reported",
}


def _created(event: AuditEvent, _personal: Personal) -> str:
    return f"Session {event.session_id} began at {_application(event)}."


def _refreshed(event: AuditEvent, _personal: Personal) -> str:
    if event.reason == "lost_answer":
        return "The answer was lost: the device proved its key, asked again and got its tokens."
    if event.jkt is None:
        return "The application renewed its tokens."
    return "The device proved its key and renewed its tokens."


def _reused(event: AuditEvent, personal: Personal) -> str:
    what = "a browser's code" if event.reason == "code" else "a token"
    return f"ALERT: {what} that had been used already came again{caller(personal)}: of two who have it, one is a thief."


def _key_mismatch(event: AuditEvent, personal: Personal) -> str:
    came = "a token came to be revoked" if event.fields["at"] == "revoke" else "a refresh token came"
    return f"ALERT: {came} with another key{caller(personal)}; refused, nothing changed."


def _ended(event: AuditEvent, _personal: Personal) -> str:
    why = ENDS.get(event.reason or "", event.reason)
    return f"Session {event.session_id} at {_application(event)} ended: {why}{_named(event)}."


def _first_seen(event: AuditEvent, _personal: Personal) -> str:
    return f"This device signs this person in to {_application(event)} for the first time."


def _refused(event: AuditEvent, _personal: Personal) -> str:
    return f"The device is new to {event.application_id}, which takes known ones only: it waits to be enrolled."


def _enrolled(event: AuditEvent, _personal: Personal) -> str:
    by = "by another device of the same person" if event.fields.get("by") == "known_device" else f"by {staff(event)}"
    return f"The device was enrolled {by}."


def _forgotten(event: AuditEvent, _personal: Personal) -> str:
    why = _FORGOTTEN.get(event.reason or "", event.reason)
    return f"The device was forgotten: {why}{_named(event)}."


def _named(event: AuditEvent) -> str:
    """Which operator, behind words that say that one did it."""
    return f" ({staff(event)})" if "operator" in event.fields else ""


def _application(event: AuditEvent) -> str:
    return "this service's own pages" if event.application_id == OWN_ID else str(event.application_id)


SESSION_WORDS: Final[dict[EventName, Teller]] = {
    EventName.SESSION_CREATED: _created,
    EventName.SESSION_REFRESHED: _refreshed,
    EventName.SESSION_REUSE_DETECTED: _reused,
    EventName.SESSION_KEY_MISMATCH: _key_mismatch,
    EventName.SESSION_ENDED: _ended,
    EventName.DEVICE_FIRST_SEEN: _first_seen,
    EventName.DEVICE_CHANGED: lambda event, _: changed_device(event),
    EventName.DEVICE_REFUSED: _refused,
    EventName.DEVICE_ENROLLED: _enrolled,
    EventName.DEVICE_FORGOTTEN: _forgotten,
}
