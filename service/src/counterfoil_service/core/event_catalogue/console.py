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

_OPERATOR: Final = Field("the operator's id")
_EXAMPLE_OPERATOR: Final = "01KAG0T4B7C9D2F5H8K1M4P7RS"

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
            "view": Field("what was shown", values=("alerts", "devices", "logins", "operators", "people")),
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
}
