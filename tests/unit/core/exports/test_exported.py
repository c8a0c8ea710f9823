# SPDX-License-Identifier: Apache-2.0
"""What the formats have in common: text that forges nothing, and what others make of an event."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.exports.cef import cef
from counterfoil_service.core.exports.csv import csv_row
from counterfoil_service.core.exports.ecs import ecs
from counterfoil_service.core.exports.exported import is_address, level_of, members_of, outcome_of, visible
from counterfoil_service.core.exports.jsonl import jsonl
from counterfoil_service.core.exports.ocsf import ocsf
from counterfoil_service.core.exports.syslog import Origin, syslog
from unit.core.exports.records import EXAMPLES, PRODUCT, TEXT, of


@given(TEXT)
def test_visible_text_is_printable_and_read_back(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable()
    assert unquote(shown, errors="strict") == text


@given(TEXT, TEXT)
def test_no_two_texts_are_shown_alike(one: str, other: str) -> None:
    assert (visible(one) == visible(other)) == (one == other)


@given(st.text())
def test_even_half_a_character_is_shown_and_stops_no_export(text: str) -> None:
    visible(f"{text}\ud800").encode()
    assert visible("\ud800") == "%ED%A0%80"


def test_what_a_format_escapes_itself_is_left_to_it() -> None:
    assert visible("a\r\n\0", keep="\r\n") == "a\r\n%00"


@pytest.mark.parametrize(
    "text", ["", "x", "fe80::1%eth0", "1.2.3.4/8", "1.2.3.4 ", "::1\n", "0x7f.1", "1.2.3", "\u0661.1.1.1"]
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert not is_address(text)


def test_an_event_of_a_newer_program_goes_out_in_every_format() -> None:
    record = of(EventName.KEY_ROTATED, type="witness.asked", reason="later")
    assert (outcome_of(record.leaf), level_of(record.leaf)) == ("success", "info")
    lines = (jsonl(record), csv_row(record), ecs(record), ocsf(record, PRODUCT), cef(record, PRODUCT))
    assert all("witness.asked" in line for line in (*lines, syslog(record, Origin("-", 58_999))))


@pytest.mark.parametrize("name", list(EventName))
def test_the_ciphertext_leaves_with_json_lines_alone(name: EventName) -> None:
    record = EXAMPLES[name]
    sealed = record.leaf.sealed or "c2VhbGVk"
    lines = (csv_row(record), ecs(record), ocsf(record, PRODUCT), cef(record, PRODUCT), syslog(record, Origin("-", 1)))
    assert not any(sealed in line for line in lines)
    assert "sealed" not in members_of(record)
    assert (sealed in jsonl(record)) == (record.leaf.sealed is not None)
