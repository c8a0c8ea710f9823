# SPDX-License-Identifier: Apache-2.0
"""What an entry says is called as people call it, and leads to what there is to see."""

from counterfoil_service.core.application import OWN, Application
from counterfoil_service.core.audit_event import PERSONAL_FIELDS, AuditEvent, EventName
from counterfoil_service.core.event_catalogue import CATALOGUE
from counterfoil_service.db.audit import StoredEvent
from counterfoil_service.web.console.audit_facts import LABELS, Fact, facts_of, personal_of

OLGA = "01KAG0T4B7C9D2F5H8K1M4P7RS"
DESK = Application("desk-app", "Desk App", ("openid",), (), "optional", "off", 0)


def stored(event: AuditEvent, personal: dict[str, str] | None = None) -> StoredEvent:
    return StoredEvent(position=1, index=0, time=0, event=event, personal=personal)


def facts(event: AuditEvent, application: Application | None = None) -> dict[str, Fact]:
    return {each.name: each for each in facts_of(stored(event), {OLGA: "olga@example.com"}, application)}


def test_every_value_that_the_log_can_hold_has_a_name_for_people_and_no_other_has() -> None:
    fields = {name for entry in CATALOGUE.values() for name in entry.fields}
    references = {"reason", "login_id", "application_id", "session_id", "subject", "jkt"}
    assert LABELS.keys() == fields | references | PERSONAL_FIELDS


def test_whoever_has_a_role_is_named_and_whoever_has_none_any_more_is_an_id() -> None:
    told = facts(CATALOGUE[EventName.OPERATOR_REMOVED].example)
    assert told["operator"].known_as == "olga@example.com"
    assert told["operator"].path == f"/console/operators/{OLGA}"
    assert (told["by"].known_as, told["by"].path, told["by"].is_id) == (None, None, False), "cli is nobody's id"
    former = AuditEvent(name=EventName.USER_DISABLED, fields={"operator": "0" * 26})
    assert (facts(former)["operator"].known_as, facts(former)["operator"].path) == (None, None)


def test_an_application_leads_to_its_page_while_it_has_one() -> None:
    event = CATALOGUE[EventName.LOGIN_REQUESTED].example
    there = facts(event, DESK)["application_id"]
    assert (there.path, there.known_as) == ("/console/applications/desk-app", "Desk App")
    assert facts(event)["application_id"].path is None
    own = facts(event, OWN)["application_id"]
    assert (own.path, own.known_as) == (None, OWN.name)


def test_what_else_is_named_leads_to_its_page() -> None:
    assert facts(CATALOGUE[EventName.ALERT_ACKNOWLEDGED].example)["alert"].path == (
        "/console/alerts/01KAG0V2D5G8K1N4Q7S0V3Y6B9"
    )
    session = facts(CATALOGUE[EventName.SESSION_CREATED].example)
    assert session["login_id"].path == "/console/audit/logins/01KAG0Q3W4M9T6E2X8D5B7N1CV"
    assert session["subject"].path == "/console/people/Vn3rT1xkQm2c8Zt5yLw0aA"
    assert session["session_id"].path is None


def test_what_an_edited_row_says_leads_nowhere_else() -> None:
    event = AuditEvent(name=EventName.CONSOLE_VIEWED, fields={"person": "../../sign-out?x=\u202e"})
    told = facts(event)["person"]
    assert told.path == "/console/people/..%2F..%2Fsign-out%3Fx%3D%E2%80%AE"
    assert "\u202e" not in told.text


def test_what_was_sealed_is_named_and_what_was_erased_is_not_there() -> None:
    assert personal_of(stored(CATALOGUE[EventName.LOGIN_REQUESTED].example)) is None
    (told,) = personal_of(stored(CATALOGUE[EventName.LOGIN_REQUESTED].example, {"source": "192.0.2.1"})) or []
    assert (told.label, told.text) == ("Network address", "192.0.2.1")
