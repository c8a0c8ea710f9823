# SPDX-License-Identifier: Apache-2.0
"""A login's events in words: every event has its own, and erased details never come back."""

import re

import pytest

from counterfoil_service.core import story
from counterfoil_service.core.audit_event import AuditEvent, EventName

PERSONAL = {
    "address": "ada@example.com",
    "source": "192.0.2.10",
    "user_agent": "Phone/1.0",
    "device_label": "Ada's laptop",
}
FIELDS: dict[str, str | int] = {
    "method": "GET",
    "misses": 2,
    "attempt": 1,
    "trigger": "approve",
    "state": "consumed",
    "name": "Desk",
    "kid": "k1",
    "score": 70,
    "band": "notify",
    "at": "refresh",
    "differing": "cpu",
}


def an_event(name: EventName, reason: str | None = None, **fields: str | int) -> AuditEvent:
    return AuditEvent(
        name=name, reason=reason, login_id="L", application_id="desk-app", session_id="S", fields=FIELDS | fields
    )


@pytest.mark.parametrize("name", list(EventName))
def test_every_event_has_a_sentence_of_its_own(name: EventName) -> None:
    sentence = story.sentence(an_event(name, "why"), PERSONAL)
    assert sentence[0].isupper() or sentence.startswith("desk-app")
    assert sentence.endswith(".")
    assert not re.search(r"[a-z]\.[a-z]+_?[a-z]*\.$", sentence), "the bare name of the event"
    assert name.value not in sentence


def test_no_two_events_read_the_same() -> None:
    sentences = [story.sentence(an_event(name, "why"), PERSONAL) for name in EventName]
    assert len(set(sentences)) == len(sentences)


@pytest.mark.parametrize("name", list(EventName))
def test_erased_details_are_in_no_sentence(name: EventName) -> None:
    erased = story.sentence(an_event(name), None)
    assert not [value for value in PERSONAL.values() if value in erased]
    if any(value in story.sentence(an_event(name), PERSONAL) for value in PERSONAL.values()):
        assert "erased" in erased


@pytest.mark.parametrize("name", list(EventName))
def test_details_that_were_never_recorded_break_no_sentence(name: EventName) -> None:
    assert story.sentence(an_event(name), {})


@pytest.mark.parametrize(
    ("trigger", "verb"), [("approve", "approve"), ("miss", "approve"), ("reject", "reject"), ("cancel", "cancel")]
)
def test_an_illegal_try_says_what_was_tried_and_what_stood_in_its_way(trigger: str, verb: str) -> None:
    sentence = story.sentence(an_event(EventName.LOGIN_ILLEGAL_TRANSITION, trigger=trigger, state="expired"), PERSONAL)
    assert verb in sentence
    assert "expired" in sentence


@pytest.mark.parametrize("reason", ["user_disabled", "not_invited", "over_budget"])
def test_a_decoy_says_why_no_mail_went_out(reason: str) -> None:
    sentence = story.sentence(an_event(EventName.MAIL_SUPPRESSED, reason), None)
    assert reason not in sentence
    assert "not told" in sentence


@pytest.mark.parametrize("reason", ["rejected_by_person", "user_disabled", "application_removed"])
def test_a_denial_says_who_or_what_denied(reason: str) -> None:
    sentence = story.sentence(an_event(EventName.LOGIN_DENIED, reason), PERSONAL)
    assert reason not in sentence
    assert sentence != story.sentence(an_event(EventName.LOGIN_DENIED), PERSONAL)


@pytest.mark.parametrize("name", [EventName.LOGIN_KEY_MISMATCH, EventName.LOGIN_FINGERPRINT_MISMATCH])
def test_what_may_be_an_attack_is_an_alert(name: EventName) -> None:
    assert story.sentence(an_event(name), PERSONAL).startswith("ALERT")


def test_a_request_names_the_device_only_as_it_calls_itself() -> None:
    told = story.sentence(an_event(EventName.LOGIN_REQUESTED), PERSONAL)
    assert "calls itself “Ada's laptop”" in told
    assert "calls itself" not in story.sentence(an_event(EventName.LOGIN_REQUESTED), PERSONAL | {"device_label": ""})


def test_a_silent_agent_is_said_to_be_silent() -> None:
    told = story.sentence(an_event(EventName.LOGIN_LINK_OPENED), {"source": "192.0.2.1", "user_agent": ""})
    assert "does not say what it is at 192.0.2.1" in told


@pytest.mark.parametrize(
    "name", [EventName.MAIL_QUEUED, EventName.MAIL_SENT, EventName.MAIL_DEFERRED, EventName.MAIL_FAILED]
)
def test_the_notice_of_a_new_device_is_told_apart_from_the_mail_with_the_link(name: EventName) -> None:
    notice = AuditEvent(name=name, session_id="S", reason="why", fields=FIELDS)
    link = AuditEvent(name=name, reason="why", fields=FIELDS)
    assert "notice of a new device" in story.sentence(notice, None)
    assert "notice" not in story.sentence(link, None)


@pytest.mark.parametrize(
    ("reason", "words"),
    [("device_forgotten", "the device had been forgotten"), ("too_late", "for a day"), ("smtp_550", "given up")],
)
def test_a_notice_that_was_not_sent_says_why(reason: str, words: str) -> None:
    event = AuditEvent(name=EventName.MAIL_FAILED, reason=reason, session_id="S", fields=FIELDS)
    assert words in story.sentence(event, None)
