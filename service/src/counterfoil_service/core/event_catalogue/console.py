# SPDX-License-Identifier: Apache-2.0
"""What the staff does at the console and nowhere else."""

from typing import Final

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.event_catalogue.entry import (
    AUTHENTICATION_OTHER,
    DEVICE,
    STAFF,
    Entry,
    Field,
    example,
)
from counterfoil_service.core.four_eyes import ACTS

_OPERATOR: Final = Field("the operator's id")
_EXAMPLE_OPERATOR: Final = "01KAG0T4B7C9D2F5H8K1M4P7RS"
_ASKED: Final = {
    "operator": _OPERATOR,
    "act": Field("what takes two: to relay a link, or to erase a person", values=ACTS),
    "request": Field("the request's id"),
}
_DECIDED: Final = {**_ASKED, "requested_by": Field("the id of the operator who asked")}
_EXAMPLE_REQUEST: Final = {"operator": _EXAMPLE_OPERATOR, "act": "relay", "request": "01KAG0T6W1X4Y7Z2A5B8C3D6EF"}
_EXAMPLE_DECISION: Final = {
    "operator": "01KAG0T3Q9R2S5T8V1W4X7Y0ZA",
    "act": "erase",
    "request": "01KAG0T6W1X4Y7Z2A5B8C3D6EF",
    "requested_by": _EXAMPLE_OPERATOR,
}

CONSOLE: Final[dict[EventName, Entry]] = {
    EventName.OPERATOR_SIGNED_IN: Entry(
        purpose="Somebody with a role signed in to the service's own pages, so that the console is open to them.",
        fields={"operator": _OPERATOR, "role": Field("what they may do", values=("operator", "auditor"))},
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(
            EventName.OPERATOR_SIGNED_IN, "lasp", fields={"operator": _EXAMPLE_OPERATOR, "role": "operator"}
        ),
    ),
    EventName.CONSOLE_VIEWED: Entry(
        purpose="An operator or auditor looked at a page of the console that shows what is personal.",
        fields={
            "operator": _OPERATOR,
            "view": Field("what was shown", values=("alerts", "devices", "four_eyes", "logins", "operators", "people")),
            "login": Field("the login whose page it was"),
            "person": Field("the subject whose page it was"),
            **DEVICE,
        },
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(
            EventName.CONSOLE_VIEWED,
            "",
            fields={"operator": _EXAMPLE_OPERATOR, "view": "people", "person": "Vn3rT1xkQm2c8Zt5yLw0aA"},
        ),
    ),
    EventName.ALERT_ACKNOWLEDGED: Entry(
        purpose="An operator has looked into an alert, and said why it can be closed. The reason stays out of the log.",
        fields={
            "operator": _OPERATOR,
            "alert": Field("the alert's id"),
            "kind": Field("the kind of event that raised it"),
        },
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(
            EventName.ALERT_ACKNOWLEDGED,
            "",
            fields={
                "operator": _EXAMPLE_OPERATOR,
                "alert": "01KAG0V2D5G8K1N4Q7S0V3Y6B9",
                "kind": "session.reuse_detected",
            },
        ),
    ),
    EventName.FOUR_EYES_REQUESTED: Entry(
        purpose="An operator asked another to agree to what takes two here, by COUNTERFOIL_FOUR_EYES.",
        fields=_ASKED,
        personal=frozenset({"stated_reason"}),
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(
            EventName.FOUR_EYES_REQUESTED,
            "la",
            fields=_EXAMPLE_REQUEST,
            personal={"stated_reason": "the mail server of example.com is down; she called"},
        ),
    ),
    EventName.FOUR_EYES_GRANTED: Entry(
        purpose="A second operator agreed: whoever asked may do it now, once.",
        fields=_DECIDED,
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.FOUR_EYES_GRANTED, "p", fields=_EXAMPLE_DECISION),
    ),
    EventName.FOUR_EYES_DECLINED: Entry(
        purpose="A second operator did not agree: it is not done.",
        fields=_DECIDED,
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.FOUR_EYES_DECLINED, "p", fields=_EXAMPLE_DECISION),
    ),
}
