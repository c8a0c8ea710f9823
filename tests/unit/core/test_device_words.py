# SPDX-License-Identifier: Apache-2.0
"""What differs about a device is told in words, each attribute by its name and none by its value."""

import pytest

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.device_words import (
    ATTRIBUTE_WORDS,
    Finding,
    changed_device,
    finding_of,
    followed_words,
    other_machine,
)
from counterfoil_service.core.evidence import WEIGHTS, Comparison


def told(**fields: str | int) -> str:
    whole: dict[str, str | int] = {"at": "refresh", "score": 70, **fields}
    return changed_device(AuditEvent(name=EventName.DEVICE_CHANGED, fields=whole))


def test_every_attribute_has_words_of_its_own() -> None:
    assert ATTRIBUTE_WORDS.keys() == WEIGHTS.keys()
    assert len(set(ATTRIBUTE_WORDS.values())) == len(WEIGHTS)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"differing": "cpu product"}, "from another machine (different: processor, product name)"),
        (
            {"differing": "cpu", "missing": "os"},
            "from another machine (different: processor, without operating system)",
        ),
        ({"missing": "cpu os"}, "without its fingerprint (processor, operating system)"),
        ({}, "with another fingerprint"),
    ],
)
def test_another_machine_is_told_by_what_differs(fields: dict[str, str], words: str) -> None:
    assert other_machine(fields) == words


def test_each_band_reads_otherwise() -> None:
    drifted = told(band="normal", differing="os_version")
    assert drifted == (
        "The device has drifted, as devices do: different: version of the operating system (score 70 of 100)."
    )
    told_person, refused = (
        told(band="notify", told=1, differing="cpu", missing="os"),
        told(band="fresh", differing="machine"),
    )
    assert "; a mail tells the person." in told_person
    assert "mail" not in told(band="notify", told=0, differing="cpu")
    assert "different: processor; missing: operating system" in told_person
    assert "a fresh sign-in is needed" in refused
    assert "noticed at this sign-in." in told(band="fresh", differing="machine", at="sign_in")
    assert all(each.startswith("ALERT") for each in (told_person, refused))


def test_what_is_kept_of_a_finding_reads_as_the_event_of_it_does() -> None:
    comparison = Comparison(70, ("cpu", "memory"), ("os",))
    event = AuditEvent(name=EventName.DEVICE_CHANGED, fields=comparison.fields)
    assert finding_of(comparison.finding) == Finding(("processor", "memory"), ("operating system",))
    assert finding_of(comparison.finding) == Finding.of_event(event)
    assert finding_of(Comparison(100, (), ()).finding) == Finding((), ())


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"band": "normal", "at": "refresh"}, "nothing was done"),
        ({"band": "notify", "at": "refresh", "told": 1}, "tokens were renewed. The person was told by mail."),
        ({"band": "notify", "at": "refresh", "told": 0}, "tokens were renewed. The person was not told by mail."),
        ({"band": "fresh", "at": "refresh"}, "refused and signed out"),
        ({"band": "fresh", "at": "sign_in", "told": 1}, "approved that sign-in. The person was told by mail."),
    ],
)
def test_what_came_of_a_change_is_said_by_its_band_and_where_it_was_noticed(
    fields: dict[str, str | int], words: str
) -> None:
    assert words in followed_words(AuditEvent(name=EventName.DEVICE_CHANGED, fields=fields))
