# SPDX-License-Identifier: Apache-2.0
"""A user code is six fair letters, and is understood however people type it."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from counterfoil_service.core import user_code

codes = st.text(user_code.ALPHABET, min_size=6, max_size=6)
noise = st.text(
    " \t\n-_.,;:'\"()[]/\\+=~\u00b7\u2022\u2019"  # ASCII, middle dot, bullet, apostrophe
    "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\uff0d"  # hyphens, dashes, minus
    "\u00a0\u2009\u3000\u2028\u200b\u200e\u2066\u00ad\ufeff",  # blanks and invisible marks
    max_size=6,
)


def test_the_alphabet_is_the_one_of_rfc_8628() -> None:
    assert user_code.ALPHABET == "BCDFGHJKLMNPQRSTVWXZ"


def test_every_letter_is_equally_likely_at_every_place() -> None:
    entropy = random.Random(20_271_121).randbytes
    made = [user_code.make(entropy) for _ in range(20_000)]
    for place in range(6):
        counts = Counter(code[place] for code in made)
        assert chisquare([counts[letter] for letter in user_code.ALPHABET]).pvalue > 0.001


def test_the_sixteen_unfair_byte_values_are_thrown_away() -> None:
    rolls = iter(
        [bytes(range(240, 252)), bytes(range(244, 256)), b"\xff" * 10 + b"\x00\x13", bytes([20, 39, 220, 239] * 3)]
    )
    assert user_code.make(lambda _size: next(rolls)) == "BZBZBZ"


def test_all_240_fair_byte_values_fall_evenly_on_the_letters() -> None:
    fair = iter([bytes(range(start, start + 6)) for start in range(0, 240, 6)])
    counts = Counter("".join(user_code.make(lambda _size: next(fair)) for _ in range(40)))
    assert counts == dict.fromkeys(user_code.ALPHABET, 12)


def test_a_code_is_shown_with_a_hyphen_in_the_middle() -> None:
    assert user_code.display("WDJBMJ") == "WDJ-BMJ"


@given(codes, st.lists(noise, min_size=7, max_size=7), st.lists(st.booleans(), min_size=6, max_size=6))
def test_a_code_is_understood_in_any_case_and_punctuation(code: str, between: list[str], lower: list[bool]) -> None:
    letters = [letter.lower() if low else letter for letter, low in zip(code, lower, strict=True)]
    typed = "".join(gap + letter for gap, letter in zip(between, [*letters, ""], strict=True))
    assert user_code.normalise(typed) == code


@given(codes)
def test_what_is_shown_is_understood(code: str) -> None:
    assert user_code.normalise(user_code.display(code)) == code


@given(st.text(st.characters(codec=None), max_size=100))
def test_no_input_raises_and_whatever_counts_is_a_code(typed: str) -> None:
    code = user_code.normalise(typed)
    assert code is None or (len(code) == 6 and set(code) <= set(user_code.ALPHABET))


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("", id="nothing"),
        pytest.param("---", id="punctuation alone"),
        pytest.param("WDJBM", id="five letters"),
        pytest.param("WDJBMJB", id="seven letters"),
        pytest.param("WDJBMA", id="a vowel"),
        pytest.param("WDJBM5", id="a digit"),
        pytest.param("WDJBM\u017f", id="a long s, whose upper case is S"),
        pytest.param("WDJBM\uff2a", id="a full-width J"),
        pytest.param("WDJBM\u212a", id="a Kelvin sign"),
        pytest.param("\u0412DJBMJ", id="a Cyrillic letter"),
        pytest.param("WDJBMJ\u0301", id="a combining accent"),
        pytest.param("WDJBMJ\x00", id="a control character"),
        pytest.param("WDJBMJ\ud800", id="half a surrogate pair"),
    ],
)
def test_anything_else_is_not_a_try(typed: str) -> None:
    assert user_code.normalise(typed) is None


def test_input_beyond_64_characters_is_not_looked_at() -> None:
    assert user_code.normalise("WDJBMJ" + " " * 58) == "WDJBMJ"
    assert user_code.normalise("WDJBMJ" + " " * 59) is None


def test_letters_that_were_drawn_are_kept_while_there_are_too_few() -> None:
    """Else a source that seldom gives a fair byte would be asked for ever."""
    batches = iter([bytes([0, 1, 2, 3, 4] + [255] * 7), bytes([5] + [255] * 11)])
    assert user_code.make(lambda _count: next(batches)) == "BCDFGH"
