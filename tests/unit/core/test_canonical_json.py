# SPDX-License-Identifier: Apache-2.0
"""One value, one spelling: RFC 8785's own examples, and everything that has more than one spelling is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core.canonical_json import canonical

LARGEST = 2**53 - 1
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=20,
)


def test_keys_are_in_the_order_of_rfc_8785_section_3_2_3() -> None:
    example = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    assert [value for _, value in json.loads(canonical(example), object_pairs_hook=list)] == [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]


def test_the_order_is_not_that_of_code_points_at_any_depth() -> None:
    emoji_first = '{"\U0001f600":1,"\ufb33":2}'.encode()
    value = {"\ufb33": 2, "\U0001f600": 1}
    assert canonical(value) == emoji_first
    assert canonical([{"a": value}]) == b'[{"a":' + emoji_first + b"}]"
    assert canonical(value) != json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def test_strings_and_literals_are_spelt_as_in_rfc_8785_section_3_2_2() -> None:
    """The RFC's sample without its numbers, which no leaf has; the bytes are those of §3.2.4."""
    sample = {"string": '\u20ac$\u000f\nA\'B"\\\\"/', "literals": [None, True, False]}
    assert canonical(sample) == bytes.fromhex(
        "7b 22 6c 69 74 65 72 61 6c 73 22 3a 5b 6e 75 6c 6c 2c 74 72 75 65 2c 66 61 6c 73 65 5d 2c"
        "22 73 74 72 69 6e 67 22 3a 22 e2 82 ac 24 5c 75 30 30 30 66 5c 6e 41 27 42 5c 22 5c 5c 5c 5c 5c 22 2f 22 7d"
    )


@pytest.mark.parametrize("code", range(0x21))
def test_a_control_character_has_its_short_escape_or_four_small_hex_digits(code: int) -> None:
    short = {8: b"\\b", 9: b"\\t", 10: b"\\n", 12: b"\\f", 13: b"\\r", 32: b" "}
    assert canonical(chr(code)) == b'"' + short.get(code, b"\\u%04x" % code) + b'"'


def test_nothing_else_is_escaped() -> None:
    text = "/\x7f\u0080\u2028\u2029\u202e\ufeff\U0010ffff<>&'"
    assert canonical(text) == f'"{text}"'.encode()


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (1.0, "float"),
        (float("nan"), "float"),
        ({"a": [0.1]}, "float"),
        (LARGEST + 1, "2\\^53"),
        ([-LARGEST - 1], "2\\^53"),
        ("\ud800", "surrogates"),
        ({"a": "x\udfff"}, "surrogates"),
        ({"\ud83d": 1}, "surrogates"),
        ({1: "a"}, "key"),
        ({None: "a"}, "key"),
        (b"bytes", "bytes"),
        (("tuple",), "tuple"),
        ({"a": {1, 2}}, "set"),
    ],
)
def test_what_readers_do_not_agree_on_is_refused(value: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        canonical(value)


def test_the_largest_integers_are_written_out() -> None:
    assert canonical([LARGEST, -LARGEST, 0, -1]) == b"[9007199254740991,-9007199254740991,0,-1]"


@given(VALUES)
def test_every_value_is_read_back_and_written_again_to_the_same_bytes(value: Any) -> None:
    data = canonical(value)
    assert json.loads(data) == value
    assert canonical(json.loads(data)) == data


@given(st.dictionaries(TEXTS, st.integers(0, 9), min_size=2))
def test_the_order_in_which_keys_came_leaves_no_trace(value: dict[str, int]) -> None:
    assert canonical(dict(reversed(value.items()))) == canonical(value)
