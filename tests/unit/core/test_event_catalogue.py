# SPDX-License-Identifier: Apache-2.0
"""The catalogue has an entry for every event, and every event that the source constructs is as its entry says."""

import runpy
from pathlib import Path
from typing import Any

import msgspec
import pytest

from counterfoil_service.core.audit_event import PERSONAL_FIELDS, AuditEvent, EventName
from counterfoil_service.core.event_catalogue import CATALOGUE, UNKNOWN, misfits
from counterfoil_service.core.event_catalogue.entry import Field
from unit.core.event_sources import OPEN, Found, events_in
from unit.core.source_program import Program, sources

ROOT = Path(__file__).parents[3]
SERVICE = ROOT / "service" / "src" / "counterfoil_service"
SCRIPT = runpy.run_path(str(ROOT / "docs" / "reference" / "events.py"))
FLOORS = ("operations/", "web/", "mail/", "audit/", "cli/")
ONE = "operations/record_changed_device.py"


def constructed(changed: "dict[str, str] | None" = None) -> list[Found]:
    """What the source constructs, some of its modules replaced."""
    texts = sources(SERVICE) | (changed or {})
    modules = set(changed or texts)
    return events_in(Program(texts), {module for module in modules if module.startswith(FLOORS)})


def complaints(found: Found) -> list[str]:
    """What an event, as the source has it, says beyond its entry."""
    if found.name not in set(EventName) or not isinstance(found.fields, dict) or not isinstance(found.personal, dict):
        return [f"{found.where}: nobody can tell what it says"]
    entry = CATALOGUE[EventName(found.name)]
    wrong = [f"personal {name}" for name in found.personal if name not in entry.personal]
    for name, value in found.fields.items():
        fits = name in entry.fields if value is OPEN else entry.takes(name, value)
        wrong += [] if fits else [f"field {name}={value!r}"]
    known = entry.open_reasons is not None if found.reason is OPEN else entry.may_give(found.reason)
    wrong += [] if known else [f"reason {found.reason!r}"]
    return [f"{found.where}: {found.name}: {each}" for each in wrong]


@pytest.fixture(scope="module")
def found() -> list[Found]:
    return constructed()


def test_every_name_has_an_entry_in_the_order_of_nothing_else() -> None:
    assert set(CATALOGUE) == set(EventName)


def test_no_event_says_more_than_its_entry(found: list[Found]) -> None:
    assert sorted({each for event in found for each in complaints(event)}) == []


def test_the_reader_of_sources_sees_every_place_and_every_event(found: list[Found]) -> None:
    places = {
        f"{module}:{number}"
        for module, text in sources(SERVICE).items()
        if module.startswith(FLOORS)
        for number, line in enumerate(text.splitlines(), 1)
        if "AuditEvent(" in line
    }
    assert {event.where for event in found} >= places
    assert {event.name for event in found} == {name.value for name in EventName}


@pytest.mark.parametrize("name", list(EventName))
def test_an_entry_promises_nothing_that_no_event_says(name: EventName, found: list[Found]) -> None:
    entry, events = CATALOGUE[name], [event for event in found if event.name == name.value]
    assert {each for event in events for each in event.fields} == set(entry.fields)
    assert {each for event in events for each in event.personal} == entry.personal
    if entry.open_reasons is None:
        assert {event.reason for event in events} - {None} == set(entry.reasons)


@pytest.mark.parametrize("name", list(EventName))
def test_an_example_fits_its_entry_and_an_entry_says_who_may_see_it(name: EventName) -> None:
    entry = CATALOGUE[name]
    assert entry.example.name is name
    assert misfits(entry.example) == []
    assert set(entry.example.personal) == entry.personal
    assert (entry.example.outcome == "failure") <= (entry.example.reason is not None)
    assert entry.seen_by[:2] == ("operator", "auditor")
    assert entry.purpose[0].isupper()
    assert entry.purpose.endswith(".")
    assert entry.personal <= PERSONAL_FIELDS
    assert len(set(entry.reasons)) == len(entry.reasons)


@pytest.mark.parametrize("name", [EventName.MAIL_SUPPRESSED, EventName.APPLICATION_ADDED, EventName.KEY_ROTATED])
def test_what_is_nobodys_or_would_tell_of_a_decoy_is_not_for_the_person(name: EventName) -> None:
    assert "person" not in CATALOGUE[name].seen_by


EVENT = CATALOGUE[EventName.LOGIN_CODE_MISMATCH].example


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"fields": {"shoe_size": 43}}, "field shoe_size"),
        ({"fields": {"misses": "1"}}, "field misses"),
        ({"fields": {"misses": True}}, "field misses"),
        ({"fields": {"nearness": "next_door"}}, "field nearness"),
        ({"fields": {"country": 49}}, "field country"),
        ({"reason": "just_because"}, "reason just_because"),
        ({"personal": {"address": "a@b.example"}}, "personal address"),
    ],
)
def test_an_event_that_says_more_is_told_so(changed: dict[str, Any], complaint: str) -> None:
    assert misfits(EVENT) == []
    assert misfits(msgspec.structs.replace(EVENT, **changed)) == [complaint]


def test_a_reason_that_comes_from_elsewhere_may_be_any() -> None:
    event = CATALOGUE[EventName.MAIL_FAILED].example
    assert misfits(msgspec.structs.replace(event, reason="smtp_599")) == []


PLANTED = {
    "a field": ('"told": int(changed.told)', '"told": int(changed.told), "shoe_size": 43', "field shoe_size=43"),
    "a field of the wrong type": ('"told": int(changed.told)', '"told": "yes"', "field told='yes'"),
    "a value": ('"at": changed.at', '"at": "moon"', "field at='moon'"),
    "a personal key": ("jkt=device.key_id,", 'personal={"address": device.label},', "personal address"),
    "a spread": ('"device": device.id,', "**device.more,", "nobody can tell what is in device.more"),
}


@pytest.mark.parametrize("what", PLANTED)
def test_an_omission_from_the_catalogue_is_found(what: str) -> None:
    old, new, complaint = PLANTED[what]
    text = (SERVICE / ONE).read_text("utf-8")
    assert old in text
    try:
        told = {each for event in constructed({ONE: text.replace(old, new)}) for each in complaints(event)}
    except ValueError as error:
        told = {str(error)}
    assert any(complaint in each for each in told), told


@pytest.mark.parametrize(
    ("module", "old", "new", "complaint"),
    [
        ("operations/redeem_code.py", '"other_redirect"', '"other_moon"', "login.code_refused: reason 'other_moon'"),
        ("operations/begin_session.py", "EventName.SESSION_CREATED,", 'EventName.SESSION_CREATED, reason="x",',
         "session.created: reason 'x'"),
        ("operations/try_mail_code.py", '"wrong_code" if', '"odd_code" if', "login.locked: reason 'odd_code'"),
        ("operations/reject_login.py", '"state": state.value', '"status": state.value', "login.denied: field status"),
        ("operations/cancel_login.py", 'fields={"at": "revoke"}', 'fields={"at": "moon"}', "field at='moon'"),
        ("operations/rotate_keys.py", '"kid": key.kid', '"key_id": key.kid', "key.rotated: field key_id"),
        ("operations/approve_login.py", '{"misses": misses}', '{"tries": misses}', "login.locked: field tries"),
        ("operations/deny_login.py", "reason=reason,", "reason=str(reason),", "login.denied: reason …"),
    ],
)  # fmt: skip
def test_a_planted_change_is_found_wherever_it_is_passed_on(module: str, old: str, new: str, complaint: str) -> None:
    text = (SERVICE / module).read_text("utf-8")
    assert old in text
    told = {each for event in constructed({module: text.replace(old, new)}) for each in complaints(event)}
    assert any(complaint in each for each in told), told


def test_a_reason_that_another_module_passes_is_found_where_the_event_is() -> None:
    caller, callee = "operations/end_session.py", "operations/record_ended_sessions.py"
    texts = {module: (SERVICE / module).read_text("utf-8") for module in (caller, callee)}
    assert '"ended_by_person"' in texts[caller]
    texts[caller] = texts[caller].replace('"ended_by_person"', '"ended_by_moonlight"')
    told = {each for event in constructed(texts) for each in complaints(event)}
    assert any("session.ended: reason 'ended_by_moonlight'" in each for each in told), told


def test_the_page_shows_the_catalogue_as_it_is() -> None:
    page = SCRIPT["PAGE"].read_text("utf-8")
    assert SCRIPT["page"](CATALOGUE) == page, "run: python docs/reference/events.py"
    for name in EventName:
        assert f"\n### {name.value}\n{CATALOGUE[name].purpose}\n" in page
        less = {each: entry for each, entry in CATALOGUE.items() if each is not name}
        assert SCRIPT["page"](less) != page


def test_a_field_of_a_closed_list_takes_nothing_else() -> None:
    flag = Field("yes or no", "number", (0, 1))
    assert [flag.takes(value) for value in (0, 1, 2, "1", True)] == [True, True, False, False, False]


def test_what_only_a_newer_program_knows_is_said_to_be_no_sign_in() -> None:
    assert (UNKNOWN.activity, UNKNOWN.alert, UNKNOWN.fails_logon) == (99, False, False)
    assert misfits(AuditEvent(name=EventName.USER_CREATED)) == []
