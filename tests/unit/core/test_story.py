# SPDX-License-Identifier: Apache-2.0
"""A login's events in words: every event has its own, no code is left in them, and erased details never come back."""

import re
from collections.abc import Iterator

import msgspec
import pytest

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.event_catalogue import CATALOGUE
from counterfoil_service.core.opener import AUTOMATION_WORDS
from counterfoil_service.core.story import Line, Told, lines, sentence

WITH_REASONS = [
    EventName.LOGIN_DENIED,
    EventName.LOGIN_CODE_REFUSED,
    EventName.MAIL_FAILED,
    EventName.MAIL_SUPPRESSED,
    EventName.SESSION_REUSE_DETECTED,
    EventName.SESSION_ENDED,
    EventName.DEVICE_FORGOTTEN,
]
"""Those whose reasons must read otherwise each."""

NAMES_OF_SETTINGS = {EventName.SETTINGS_CHANGED, EventName.AUDIT_READ}
"""What they repeat is spelt by others."""


def told(name: EventName, **changes: object) -> str:
    """The sentence of the catalogue's example, changed."""
    example = CATALOGUE[name].example
    return sentence(msgspec.structs.replace(example, **changes), example.personal)


def variants() -> Iterator[AuditEvent]:
    """Every example with each of its reasons, and with each value of its closed fields."""
    for name, entry in CATALOGUE.items():
        example = entry.example
        yield from (msgspec.structs.replace(example, reason=reason) for reason in entry.reasons)
        for field, meaning in entry.fields.items():
            if name not in NAMES_OF_SETTINGS:
                yield from (
                    msgspec.structs.replace(example, fields={**example.fields, field: value})
                    for value in meaning.values
                )


@pytest.mark.parametrize("name", list(EventName))
def test_every_event_has_a_sentence(name: EventName) -> None:
    said = told(name)
    assert said[0].isupper() or said.startswith(("desk-app", "“"))
    assert said.endswith(".")
    assert name.value not in said
    assert "None" not in said


def test_no_two_events_read_the_same() -> None:
    said = [told(name) for name in EventName]
    assert len(set(said)) == len(said)


@pytest.mark.parametrize("name", WITH_REASONS)
def test_every_reason_reads_otherwise(name: EventName) -> None:
    reasons = CATALOGUE[name].reasons
    assert len({told(name, reason=reason) for reason in reasons}) == len(reasons)


def test_no_code_of_the_log_stands_in_a_sentence() -> None:
    seen = 0
    for event in variants():
        said = sentence(event, CATALOGUE[event.name].example.personal)
        assert not re.search(r"[a-z]_[a-z]", said), said
        seen += 1
    assert seen > 150


@pytest.mark.parametrize("name", list(EventName))
def test_what_is_worth_a_look_begins_with_an_alert_and_nothing_else_does(name: EventName) -> None:
    assert told(name).startswith("ALERT: ") == CATALOGUE[name].alert


@pytest.mark.parametrize("name", list(EventName))
def test_erased_details_are_in_no_sentence(name: EventName) -> None:
    example = CATALOGUE[name].example
    erased, whole = sentence(example, None), told(name)
    assert not [value for value in example.personal.values() if value in erased]
    if any(value in whole for value in example.personal.values()):
        assert "erased" in erased


@pytest.mark.parametrize("name", list(EventName))
def test_details_that_were_never_kept_are_not_made_up(name: EventName) -> None:
    said = sentence(CATALOGUE[name].example, {})
    assert "None" not in said
    assert "nameless" not in said


def opened(time: int, seconds: int, **fields: str) -> Told:
    event = AuditEvent(
        name=EventName.LOGIN_LINK_OPENED, fields={"method": "GET", "seconds_since_mail": seconds, **fields}
    )
    return time, event, {"source": "192.0.2.7", "user_agent": "curl/8.5"}


def test_what_repeats_itself_at_once_is_one_line_with_its_first_seconds_and_its_last_time() -> None:
    (line,) = lines([opened(1, 3), opened(2, 4), opened(5, 7)])
    assert line == Line(1, 5, 3, line.sentence)
    assert "3 s after the mail left" in line.sentence


def test_what_differs_in_anything_else_is_a_line_of_its_own() -> None:
    asked: Told = (0, AuditEvent(name=EventName.LOGIN_CANCELLED), {})
    story = lines([opened(1, 3), opened(2, 3, automation="program"), opened(3, 3), asked, opened(4, 3)])
    assert [line.times for line in story] == [1] * 5
    assert [line.time for line in story] == [1, 2, 3, 0, 4], "the log's order, whatever the clock said"
    assert lines([]) == []


def test_every_label_of_automation_is_told() -> None:
    for label, words in AUTOMATION_WORDS.items():
        if label != "none":
            _, event, personal = opened(1, 3, automation=label)
            assert f"; {words}." in sentence(event, personal)
