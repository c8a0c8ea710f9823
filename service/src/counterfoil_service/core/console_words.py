# SPDX-License-Identifier: Apache-2.0
"""Sentences about what the staff does at the console, for `core.story`."""

from collections.abc import Mapping
from typing import Final

from counterfoil_service.core.actor_words import Teller, begun_by_staff
from counterfoil_service.core.audit_event import AuditEvent, EventName


def _viewed(event: AuditEvent, _personal: Mapping[str, str] | None) -> str:
    whose = ("login", "device", "person")
    named = next((f"{each} {event.fields[each]}" for each in whose if each in event.fields), event.fields.get("view"))
    return f"Staff member {event.fields.get('operator')} looked at {named} in the console."


def _signed_in(event: AuditEvent, _personal: Mapping[str, str] | None) -> str:
    return f"Staff member {event.fields.get('operator')} signed in here, as {event.fields.get('role')}."


def _asked(event: AuditEvent, personal: Mapping[str, str] | None) -> str:
    reason = "whose reason was erased" if personal is None else f"“{personal.get('stated_reason', 'no reason')}”"
    return f"{begun_by_staff(event)} asked another one to agree {_to(event)}: {reason}."


def _granted(event: AuditEvent, _personal: Mapping[str, str] | None) -> str:
    return f"{begun_by_staff(event)} agreed {_to(event)}, as operator {event.fields.get('requested_by')} had asked."


def _declined(event: AuditEvent, _personal: Mapping[str, str] | None) -> str:
    asked = f"operator {event.fields.get('requested_by')} had asked"
    return f"{begun_by_staff(event)} did not agree {_to(event)}, as {asked}: it is not done."


def _to(event: AuditEvent) -> str:
    return "to erase the person" if event.fields.get("act") == "erase" else "to relay a link by hand"


CONSOLE_WORDS: Final[dict[EventName, Teller]] = {
    EventName.CONSOLE_VIEWED: _viewed,
    EventName.ALERT_ACKNOWLEDGED: lambda event, _: (
        f"Staff member {event.fields.get('operator')} acknowledged alert {event.fields.get('alert')}"
        f" ({event.fields.get('kind')})."
    ),
    EventName.OPERATOR_SIGNED_IN: _signed_in,
    EventName.FOUR_EYES_REQUESTED: _asked,
    EventName.FOUR_EYES_GRANTED: _granted,
    EventName.FOUR_EYES_DECLINED: _declined,
}
