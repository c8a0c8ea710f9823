# SPDX-License-Identifier: Apache-2.0
"""A login's course in words: asked for, opened, typed at, approved or not, collected or not."""

from typing import Final

from counterfoil_service.core import mail_code
from counterfoil_service.core.actor_words import (
    ERASED,
    Personal,
    Teller,
    automation,
    begun_by_staff,
    caller,
    country,
    details,
    doubted,
    is_named_browser,
    network,
    scene,
)
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.device_words import other_machine
from counterfoil_service.core.login import MAX_TRIES

_ORDINALS: Final = {3: "third", 5: "fifth"}
_REJECTED: Final = "rejected_by_person"
_DENIALS: Final = {
    "user_disabled": "Denied: the user is disabled.",
    "role_given": "Denied: its person got a role at the console, and asks anew.",
    "role_removed": "Denied: its person's role at the console was taken away.",
    "other_mailbox": "Denied: meanwhile the user was verified at another spelling of this address.",
    "application_removed": "Denied: the application was removed.",
    "new_device": "Denied: a device that is not enrolled gets no session.",
    "reported": "Denied by the report that follows: the device gets no session.",
    "user_erased": "Denied: the user was erased.",
}
_STATES: Final = {"consumed": "collected", "denied": "rejected", "cancelled": "given up or superseded"}
_TRIED: Final = {
    "approve": "approve",
    "miss": "approve",
    "issue_code": "return to the application from",
    "reject": "reject",
    "report": "report",
}
_STOLEN: Final = {
    "token": "the device code came with another key",
    "mail_code": "the device code came with a mail code and another key",
    "revoke": "the device code came to give the login up, with another key",
    "redeem": "a browser's code came with another key",
}
_UNFIT_CODES: Final = {
    "other_redirect": "for another address than the one that the browser was sent to",
    "other_verifier": "without the proof that only the program that asked can give (PKCE)",
}


def _requested(event: AuditEvent, personal: Personal) -> str:
    where = f"{country(event)}{network(event)}"
    if not personal:
        somewhere = f", from somewhere{where}" if where else ""
        return f"{event.application_id} asked for a link for {ERASED}{somewhere}."
    device = f" on a device that calls itself “{personal['device_label']}”" if personal.get("device_label") else ""
    asked = f"{event.application_id} asked for a link for {personal['address']}{device}"
    return f"{asked}, from {personal['source']}{where}."


def _opened(event: AuditEvent, personal: Personal) -> str:
    why = automation(event)
    if why:
        by = "a probable scanner"
    elif is_named_browser(personal):
        by = "a person, it seems,"
    else:
        by = "a person or a program"
    opened = f"The link was opened ({event.fields['method']}) by {by}{scene(event, personal)}".removesuffix(",")
    return f"{opened}: {details(event, personal)}{f'; {why}' if why else ''}. Opening changes nothing."


def _missed(event: AuditEvent, personal: Personal) -> str:
    misses = event.fields["misses"]
    if event.fields.get("by") == "mail_code":
        return f"A wrong mail code was typed into the app that asked: miss {misses} of {mail_code.MAX_TRIES}."
    told = doubted(event, personal)
    return f"A wrong code was typed{scene(event, personal)}, miss {misses} of {MAX_TRIES}: {told}."


def _locked(event: AuditEvent, personal: Personal) -> str:
    if event.fields.get("by") == "mail_code":
        last = _ORDINALS[mail_code.MAX_TRIES]
        return f"The {last} wrong mail code was typed into the app that asked: locked for good."
    typed = f"The {_ORDINALS[MAX_TRIES]} wrong code was typed{scene(event, personal)}"
    return f"{typed}: {doubted(event, personal)}. The login is locked for good."


def _approved(event: AuditEvent, personal: Personal) -> str:
    by = event.fields.get("by")
    if by == "mail_code":
        return "Approved by the digits of the mail, typed into the app that asked."
    how = "one tap in the browser that asked" if by == "same_browser" else "typing the device's code"
    return f"Approved{scene(event, personal)} by {how}: {doubted(event, personal)}."


def _typed_in_vain(event: AuditEvent, personal: Personal) -> str:
    typed = f"A code was typed{scene(event, personal)} in vain"
    return f"{typed}, as this application signs in on the same device only: {doubted(event, personal)}."


def _came_home(event: AuditEvent, personal: Personal) -> str:
    if event.fields.get("by") == "browser":
        return f"The browser, signed in by now, went on to {event.application_id} with a code."
    pressed = f"“I am on the computer where I started” was pressed{scene(event, personal)}"
    return f"{pressed}, and that browser took a code home to the application: {doubted(event, personal)}."


def _completed(event: AuditEvent, _personal: Personal) -> str:
    if event.jkt is None:
        return "The browser or program that asked collected the login."
    return "The device proved its key and collected the login."


def _denied(event: AuditEvent, personal: Personal) -> str:
    if event.reason == _REJECTED:
        return f"Reject was pressed{scene(event, personal)}: {doubted(event, personal)}. The device gets no session."
    if event.reason == "operator":
        return f"{begun_by_staff(event)} cancelled the login: the device gets no session."
    return _DENIALS.get(event.reason or "", "Denied.")


def _reported(event: AuditEvent, personal: Personal) -> str:
    by = " by the notice's button" if event.reason == "from_notice" else ""
    return f"ALERT: “this was not me” was reported{by}: {details(event, personal)}."


def _tried(event: AuditEvent, personal: Personal) -> str:
    trigger, state = str(event.fields["trigger"]), str(event.fields["state"])
    state = _STATES.get(state, state)
    if trigger == "cancel":
        return f"The device tried to give up a login that was {state} already. Nothing changed."
    tried = f"Somebody{scene(event, personal)} tried to {_TRIED[trigger]} a login that was {state} already"
    return f"{tried}: {doubted(event, personal)}. Nothing changed."


def _key_mismatch(event: AuditEvent, personal: Personal) -> str:
    came = _STOLEN[str(event.fields["at"])]
    return f"ALERT: {came}{caller(personal)}; refused, nothing changed."


def _code_refused(event: AuditEvent, personal: Personal) -> str:
    unfit = _UNFIT_CODES.get(event.reason or "", "otherwise than it was asked for")
    return f"ALERT: a browser's code came {unfit}{caller(personal)}; refused, nothing changed."


def _fingerprint_mismatch(event: AuditEvent, personal: Personal) -> str:
    return f"ALERT: the right key came {other_machine(event.fields)}{caller(personal)}; refused, nothing changed."


LOGIN_WORDS: Final[dict[EventName, Teller]] = {
    EventName.LOGIN_REQUESTED: _requested,
    EventName.LOGIN_SUPERSEDED: lambda *_: "A newer request by the same device took its place.",
    EventName.LOGIN_LINK_OPENED: _opened,
    EventName.LOGIN_CODE_MISMATCH: _missed,
    EventName.LOGIN_LOCKED: _locked,
    EventName.LOGIN_APPROVED: _approved,
    EventName.LOGIN_APPROVAL_REFUSED: _typed_in_vain,
    EventName.LOGIN_CODE_ISSUED: _came_home,
    EventName.LOGIN_COMPLETED: _completed,
    EventName.LOGIN_REISSUED: lambda *_: (
        "The answer was lost: the same device asked again and got fresh tokens of the same session."
    ),
    EventName.LOGIN_DENIED: _denied,
    EventName.LOGIN_REPORTED: _reported,
    EventName.LOGIN_CANCELLED: lambda *_: "The device gave the login up.",
    EventName.LOGIN_EXPIRED: lambda *_: "Its time ran out before it was approved and collected.",
    EventName.LOGIN_ILLEGAL_TRANSITION: _tried,
    EventName.LOGIN_KEY_MISMATCH: _key_mismatch,
    EventName.LOGIN_CODE_REFUSED: _code_refused,
    EventName.LOGIN_FINGERPRINT_MISMATCH: _fingerprint_mismatch,
}
