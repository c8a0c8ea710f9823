# SPDX-License-Identifier: Apache-2.0
"""The shape of one entry of the catalogue, and what several entries share."""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.login import State
from counterfoil_service.core.opener import AUTOMATION_WORDS

Viewer = Literal["operator", "auditor", "person"]
EVERYBODY: Final[tuple[Viewer, ...]] = ("operator", "auditor", "person")
STAFF: Final[tuple[Viewer, ...]] = ("operator", "auditor")
"""What the person must not learn by it, as whether a link was held back, or what is nobody's in particular."""

Activity = Literal[1, 2, 6, 99]
LOGON: Final = 1
LOGOFF: Final = 2
PREAUTH: Final = 6
AUTHENTICATION_OTHER: Final = 99


class Field(msgspec.Struct, frozen=True):
    """One public field: what it says, its type, and its values where they are a closed list."""

    words: str
    kind: Literal["text", "number"] = "text"
    values: tuple[str | int, ...] = ()

    def takes(self, value: str | int) -> bool:
        """Whether a value is of the type, and of the list."""
        number = isinstance(value, int) and not isinstance(value, bool)
        return number == (self.kind == "number") and (not self.values or value in self.values)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of event.

    `activity` is OCSF's (1 Logon, 2 Logoff, 6 Preauth, 99 Other). `fails_logon`: the sign-in ends here without a
    session, whatever the outcome of the act. `open_reasons` tells where codes come from that no list can close.
    """

    purpose: str
    fields: Mapping[str, Field] = {}
    reasons: tuple[str, ...] = ()
    open_reasons: str | None = None
    personal: frozenset[str] = frozenset()
    seen_by: tuple[Viewer, ...] = EVERYBODY
    activity: Activity = PREAUTH
    alert: bool = False
    fails_logon: bool = False
    example: AuditEvent

    def raises_alert(self, fields: Mapping[str, str | int]) -> bool:
        """Whether an event with these fields wants a look; a device that drifted as devices do says otherwise."""
        return self.alert and fields.get("is_new_logon") != 0

    def takes(self, name: str, value: str | int) -> bool:
        """Whether an event of this kind may have this field with this value."""
        return name in self.fields and self.fields[name].takes(value)

    def may_give(self, reason: str | None) -> bool:
        """Whether an event of this kind may have this reason, or none."""
        return reason is None or reason in self.reasons or self.open_reasons is not None


CALLER: Final = frozenset({"source", "user_agent"})
OPENER: Final = CALLER | {"browser"}

PLACE_FIELDS: Final[dict[str, Field]] = {
    "country": Field("where the network is, ISO 3166"),
    "network": Field("the organisation that runs it"),
}
OPENER_FIELDS: Final[dict[str, Field]] = {
    "seconds_since_mail": Field("how long after the mail left", "number"),
    "nearness": Field(
        "the opener's network, beside that of the device that asked",
        values=("same_network", "same_country", "other_country"),
    ),
    "automation": Field(
        "why it looks like a program; never a reason for anything",
        values=tuple(name for name in AUTOMATION_WORDS if name != "none"),
    ),
    **PLACE_FIELDS,
}
DIFFERENCES: Final[dict[str, Field]] = {
    "differing": Field("attributes of the device that differ, by name, separated by spaces"),
    "missing": Field("attributes of the device that are no longer told, by name, separated by spaces"),
}
DEVICE: Final[dict[str, Field]] = {"device": Field("the device's id")}
ACTING: Final[dict[str, Field]] = {
    "operator": Field("where an operator did it: the operator's id, or cli for a command on the service's own machine")
}
STATE: Final = Field("the login's state by then", values=tuple(state.value for state in State))

OPENED: Final = {
    "source": "192.0.2.7",
    "user_agent": "Mozilla/5.0 (Android 14; Mobile)",
    "browser": "Firefox on Android",
}
CALLED: Final = {"source": "198.51.100.9", "user_agent": "counterfoil-client/0.1"}
_REFERENCES: Final[dict[str, str]] = {
    "login_id": "01KAG0Q3W4M9T6E2X8D5B7N1CV",
    "application_id": "desk-app",
    "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I",
    "session_id": "01KAG0R8Y2F7H4K6P9S1V3Z5QJ",
    "subject": "Vn3rT1xkQm2c8Zt5yLw0aA",
}
EXAMPLE_DEVICE: Final = "01KAG0R8Y2XW5T8N3M6J1G4D7B"


def example(name: EventName, references: str, **told: Any) -> AuditEvent:  # noqa: ANN401 - AuditEvent's own fields
    """An event that refers, by letters (login, application, key, session, person), to made-up ones."""
    letters = {"l": "login_id", "a": "application_id", "k": "jkt", "s": "session_id", "p": "subject"}
    named: dict[str, Any] = {letters[each]: _REFERENCES[letters[each]] for each in references}
    return AuditEvent(name=name, **named, **told)
