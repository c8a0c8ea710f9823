# SPDX-License-Identifier: Apache-2.0
"""What a spreadsheet opens: every value comes back, every event is one line, and no cell computes anything."""

import csv
import io
import json
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core.audit_event import PERSONAL_FIELDS, EventName
from counterfoil_service.core.exports.csv import COLUMNS, cell, csv_header, csv_row
from counterfoil_service.core.exports.exported import Exported
from unit.core.exports.records import EXAMPLES, HOSTILE, TEXT, exported, of, public_texts

FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def read(*records: Exported) -> list[dict[str, str]]:
    file = "".join(f"{line}\r\n" for line in (csv_header(), *map(csv_row, records)))
    return list(csv.DictReader(io.StringIO(file, newline=""), strict=True))


def meant(text: str) -> str:
    return unquote(text.removeprefix("'"), errors="strict")


@given(st.lists(exported(), max_size=4))
def test_every_value_comes_back_through_an_independent_reader(records: list[Exported]) -> None:
    rows = read(*records)
    assert len(rows) == len(records)
    for row, record in zip(rows, records, strict=True):
        public = public_texts(record)
        assert {name: meant(row[name]) for name in public} == public
        assert row["position"] == "184023"
        assert json.loads(row["fields"]) == record.leaf.fields
        personal = record.personal or {}
        assert {name: meant(row[name]) for name in PERSONAL_FIELDS} == {
            name: personal.get(name, "") for name in PERSONAL_FIELDS
        }
        assert row["personal"] == ("erased" if record.personal is None else "")


@given(exported())
def test_an_event_is_one_line_of_as_many_cells_as_the_header_has_and_none_is_a_formula(record: Exported) -> None:
    line = csv_row(record)
    assert line.splitlines() == [line]
    for delimiter in ",;\t":
        cells = next(csv.reader([line], delimiter=delimiter, strict=delimiter == ","))
        assert len(cells) == len(COLUMNS) or delimiter != ","
        assert not any(each.startswith(FORMULA) for each in cells)


@pytest.mark.parametrize("first", FORMULA)
def test_what_would_be_computed_is_text(first: str) -> None:
    assert cell(f"{first}1+1").startswith("'")
    assert meant(cell(f"{first}1+1")) == f"{first}1+1"
    row = read(of(EventName.LOGIN_REQUESTED, personal={"device_label": f"{first}cmd|' /C calc'!A0"}))[0]
    assert row["device_label"].startswith("'")


@pytest.mark.parametrize("text", [";@", "a;=1+1", "; -2", ';"=1', ";'+1", "a; \uff1d1"])
def test_a_formula_behind_a_semicolon_is_text_in_every_column(text: str) -> None:
    line = csv_row(of(EventName.LOGIN_REQUESTED, fields={"network": text}, personal={"device_label": text}))
    for each in next(csv.reader([line], delimiter=";")):
        assert not each.strip("'\" ").startswith(FORMULA)
    assert meant(cell(text)) == text
    assert json.loads(cell(json.dumps(text), json_text=True)) == text


@given(TEXT, TEXT)
def test_no_two_values_share_a_cell(one: str, other: str) -> None:
    assert (cell(one) == cell(other)) == (one == other)


def test_plain_text_stays_as_it_is() -> None:
    assert cell("Mozilla/5.0 (X11; Linux) \u00e4\U0001f602") == "Mozilla/5.0 (X11; Linux) \u00e4\U0001f602"
    assert csv_row(EXAMPLES[EventName.LOGIN_EXPIRED]).startswith('"184023","000102030405060708090a0b0c0d0e0f","2026-')


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cell_shows_no_unsafe_character(text: str) -> None:
    shown = cell(text)
    assert not [each for each in shown if not each.isprintable() and each != " "]
    assert meant(shown) == text
