# SPDX-License-Identifier: Apache-2.0
"""Sentences about who runs the service and reads its log, for `core.story`."""

from collections.abc import Callable, Mapping
from typing import Final

from counterfoil_service.core.audit_event import AuditEvent, EventName

_PARTS: Final = {
    "events": "looked for events",
    "login": "read the story of a login",
    "stream": "followed the log as it grew",
    "entries": "read entries of the log",
}
Teller = Callable[[AuditEvent, Mapping[str, str] | None], str]


def _added(event: AuditEvent, personal: Mapping[str, str] | None) -> str:
    whose = "somebody (the address was erased)" if personal is None else personal.get("address", "somebody")
    return f"A token as {event.fields.get('role', 'operator')} was made for {whose}."


def _removed(event: AuditEvent, _personal: Mapping[str, str] | None) -> str:
    if "token" in event.fields:
        return f"The token {event.fields['token']} of operator {event.fields.get('operator')} was revoked."
    return f"The role of operator {event.fields.get('operator')} was taken away, with all tokens."


def _read(event: AuditEvent, _personal: Mapping[str, str] | None) -> str:
    did = _PARTS.get(str(event.fields.get("part")), "read in the log")
    filters = f" ({event.fields['filters']})" if event.fields.get("filters") else ""
    return f"{_who(event)} {did}{filters}."


def _exported(event: AuditEvent, _personal: Mapping[str, str] | None) -> str:
    start = event.fields.get("from_index", 0)
    return f"{_who(event)} took a copy of the log as {event.fields.get('format')}, from entry {start} on."


def _who(event: AuditEvent) -> str:
    operator = event.fields.get("operator")
    return "A command on the service's own machine" if operator == "cli" else f"Auditor {operator}"


def _relayed(event: AuditEvent, personal: Mapping[str, str] | None) -> str:
    reason = "whose reason was erased" if personal is None else f"“{personal.get('stated_reason', 'no reason')}”"
    by = "a command" if event.fields.get("operator") == "cli" else f"operator {event.fields.get('operator')}"
    granted = f", granted by operator {event.fields['granted_by']}" if "granted_by" in event.fields else ""
    return f"A new link was given by hand, by {by}{granted}: {reason}. The link before it is dead."


ADMINISTRATION_WORDS: Final[dict[EventName, Teller]] = {
    EventName.OPERATOR_ADDED: _added,
    EventName.OPERATOR_REMOVED: _removed,
    EventName.LINK_RELAYED: _relayed,
    EventName.AUDIT_READ: _read,
    EventName.AUDIT_EXPORTED: _exported,
    EventName.AUDIT_PRUNED: lambda event, _: (
        f"Entries before {event.fields.get('below')} were taken out of the log, as its retention says; hashes stay."
    ),
    EventName.SETTINGS_CHANGED: lambda event, _: (
        f"The service started with other settings than before: {event.fields.get('names')}."
    ),
}
