# SPDX-License-Identifier: Apache-2.0
"""Sentences about who runs the service and reads its log, for `core.story`."""

from collections.abc import Mapping
from typing import Final

from counterfoil_service.core.actor_words import Teller
from counterfoil_service.core.audit_event import AuditEvent, EventName

_PARTS: Final = {
    "events": "looked for events",
    "login": "read the story of a login",
    "stream": "followed the log as it grew",
    "entries": "read entries of the log",
}


def _added(event: AuditEvent, personal: Mapping[str, str] | None) -> str:
    whose = "somebody (the address was erased)" if personal is None else personal.get("address", "somebody")
    role = event.fields.get("role", "operator")
    if "token" in event.fields:
        return f"A token as {role} was made for {whose}, by {_by(event, 'by')}."
    return f"The role {role} was given to {whose}, by {_by(event, 'by')}."


def _removed(event: AuditEvent, _personal: Mapping[str, str] | None) -> str:
    operator, by = event.fields.get("operator"), _by(event, "by")
    if "token" in event.fields:
        return f"The token {event.fields['token']} of operator {operator} was revoked, by {by}."
    return f"The role of operator {operator} was taken away, with all tokens, by {by}."


def _application_added(event: AuditEvent, _personal: Mapping[str, str] | None) -> str:
    return f"The application “{event.fields['name']}” was registered as {event.application_id}, by {_by(event)}."


def _application_changed(event: AuditEvent, _personal: Mapping[str, str] | None) -> str:
    return f"Of the application {event.application_id} was changed, by {_by(event)}: {event.fields['names']}."


def _application_removed(event: AuditEvent, _personal: Mapping[str, str] | None) -> str:
    return (
        f"The application {event.application_id} was removed, by {_by(event)}, and with it all that it could still"
        " collect."
    )


def _by(event: AuditEvent, field: str = "operator") -> str:
    operator = event.fields.get(field)
    return "a command" if operator == "cli" else f"operator {operator}"


def _read(event: AuditEvent, _personal: Mapping[str, str] | None) -> str:
    did = _PARTS.get(str(event.fields.get("part")), "read in the log")
    filters = f" ({event.fields['filters']})" if event.fields.get("filters") else ""
    return f"{_who(event)} {did}{filters}."


def _exported(event: AuditEvent, _personal: Mapping[str, str] | None) -> str:
    taken = f"{_who(event)} took a copy of the log as {event.fields.get('format')}"
    if "filters" in event.fields:
        return f"{taken}: {event.fields['filters'] or 'all of it'}."
    return f"{taken}, from entry {event.fields.get('from_index', 0)} on."


def _who(event: AuditEvent) -> str:
    operator = event.fields.get("operator")
    return "A command on the service's own machine" if operator == "cli" else f"Staff member {operator}"


def _relayed(event: AuditEvent, personal: Mapping[str, str] | None) -> str:
    reason = "whose reason was erased" if personal is None else f"“{personal.get('stated_reason', 'no reason')}”"
    granted = f", granted by operator {event.fields['granted_by']}" if "granted_by" in event.fields else ""
    return f"A new link was given by hand, by {_by(event)}{granted}: {reason}. The link before it is dead."


ADMINISTRATION_WORDS: Final[dict[EventName, Teller]] = {
    EventName.OPERATOR_ADDED: _added,
    EventName.OPERATOR_REMOVED: _removed,
    EventName.OPERATOR_LINK_ISSUED: lambda event, _: (
        f"A link into the console was given out, for operator {event.fields.get('operator')}, by a command."
    ),
    EventName.OPERATOR_LINK_USED: lambda event, _: (
        f"Operator {event.fields.get('operator')} came into the console by a link from the service's own machine."
    ),
    EventName.APPLICATION_ADDED: _application_added,
    EventName.APPLICATION_CHANGED: _application_changed,
    EventName.APPLICATION_REMOVED: _application_removed,
    EventName.LINK_RELAYED: _relayed,
    EventName.AUDIT_READ: _read,
    EventName.AUDIT_EXPORTED: _exported,
    EventName.AUDIT_PRUNED: lambda event, _: (
        f"Entries before {event.fields.get('below')} were taken out of the log, as its retention says; hashes stay."
    ),
    EventName.AUDIT_SINK_FAILED: lambda event, _: (
        f"ALERT: a receiver of the log takes nothing, after {event.fields.get('attempts')} attempts: "
        f"{event.fields.get('sink')} ({event.reason})."
    ),
    EventName.SETTINGS_CHANGED: lambda event, _: (
        f"The service started with other settings than before: {event.fields.get('names')}."
    ),
}
