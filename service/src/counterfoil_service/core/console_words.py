# SPDX-License-Identifier: Apache-2.0
"""Sentences about what the staff does at the console, for `core.story`."""

from collections.abc import Mapping
from typing import Final

from counterfoil_service.core.actor_words import Teller
from counterfoil_service.core.audit_event import AuditEvent, EventName


def _viewed(event: AuditEvent, _personal: Mapping[str, str] | None) -> str:
    whose = ("login", "device", "person")
    named = next((f"{each} {event.fields[each]}" for each in whose if each in event.fields), event.fields.get("view"))
    return f"Staff member {event.fields.get('operator')} looked at {named} in the console."


def _signed_in(event: AuditEvent, _personal: Mapping[str, str] | None) -> str:
    return f"Staff member {event.fields.get('operator')} signed in here, as {event.fields.get('role')}."


CONSOLE_WORDS: Final[dict[EventName, Teller]] = {
    EventName.CONSOLE_VIEWED: _viewed,
    EventName.OPERATOR_SIGNED_IN: _signed_in,
}
