# SPDX-License-Identifier: Apache-2.0
"""Of what is done to people the log says who did it; an event of an earlier release names nobody."""

import pytest

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.story import sentence

OPERATOR = "01KAG0T4B7C9D2F5H8K1M4P7RS"
DONE = {
    EventName.USER_INVITED: "invited ada@example.com.",
    EventName.USER_DISABLED: "disabled the user; sessions ended with it.",
    EventName.USER_ENABLED: "enabled the user again.",
    EventName.USER_ERASED: "erased the user; details of earlier events cannot be read any more.",
    EventName.SUPPRESSION_LIFTED: "let ada@example.com have mail again: she cleaned up.",
}
PERSONAL = {"address": "ada@example.com", "stated_reason": "she cleaned up"}


@pytest.mark.parametrize("name", DONE)
@pytest.mark.parametrize(
    ("fields", "who"),
    [({"operator": OPERATOR}, f"Operator {OPERATOR}"), ({"operator": "cli"}, "A command"), ({}, "An operator")],
)
def test_every_act_says_who_did_it(name: EventName, fields: dict[str, str | int], who: str) -> None:
    assert sentence(AuditEvent(name=name, fields=fields), PERSONAL) == f"{who} {DONE[name]}"


@pytest.mark.parametrize("name", [EventName.USER_INVITED, EventName.SUPPRESSION_LIFTED])
def test_whose_details_were_erased_is_nobody_any_more(name: EventName) -> None:
    assert "somebody whose details were erased" in sentence(AuditEvent(name=name, fields={"operator": "cli"}), None)
