# SPDX-License-Identifier: Apache-2.0
"""Somebody asks too often, or for what nobody answers."""

from typing import Final

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.event_catalogue.entry import (
    AUTHENTICATION_OTHER,
    PLACE_FIELDS,
    STAFF,
    Entry,
    Field,
    example,
)

LIMITS: Final[dict[EventName, Entry]] = {
    EventName.MAILBOX_FLOODED: Entry(
        purpose="A mailbox got one more link, though nobody answers them or some were reported: an attempt, perhaps.",
        fields={
            "unanswered": Field("links to it in a row that nobody answered, within a day", "number"),
            "reports": Field("how many were reported within a day", "number"),
        },
        reasons=("unsolicited",),
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        alert=True,
        example=example(
            EventName.MAILBOX_FLOODED,
            "lak",
            outcome="failure",
            reason="unsolicited",
            fields={"unanswered": 6, "reports": 0},
        ),
    ),
    EventName.LIMIT_REFUSED: Entry(
        purpose="A budget was used up and calls are refused; told once for each caller and window by each process.",
        fields=PLACE_FIELDS,
        open_reasons="the budget, by its name in COUNTERFOIL_BUDGETS",
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.LIMIT_REFUSED, "ak", outcome="failure", reason="address_range"),
    ),
}
