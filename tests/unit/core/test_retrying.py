# SPDX-License-Identifier: Apache-2.0
"""Pauses grow, differ and end; what a server asks for is understood or passed over, and never a fault."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core.login import SECOND
from counterfoil_service.core.retrying import backoff, retry_after

NOW = 1_795_000_000 * SECOND  # Wed, 18 Nov 2026 11:06:40 GMT


@given(st.integers(1, 10**6), st.integers(1, 60), st.integers(60, 3600))
def test_a_pause_is_between_half_and_the_whole_of_what_the_attempts_make_it(
    attempts: int, first: int, last: int
) -> None:
    ceiling = min(first * 2 ** min(attempts - 1, 100), last) * SECOND
    assert ceiling // 2 <= backoff(attempts, first=first, last=last, entropy=os.urandom) <= ceiling
    assert backoff(attempts, first=first, last=last, entropy=bytes) == ceiling // 2
    longest = backoff(attempts, first=first, last=last, entropy=lambda count: b"\xff" * count)
    assert ceiling * 0.99 <= longest <= ceiling


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        ("9999999999", 9_999_999_999),
        ("Wed, 18 Nov 2026 11:08:40 GMT", 120),
        ("Wednesday, 18-Nov-26 11:08:40 GMT", 120),
        ("Wed, 18 Nov 2026 11:06:40 GMT", 0),
        ("Wed, 18 Nov 1998 11:06:40 GMT", 0),
    ],
)
def test_seconds_and_dates_are_understood(text: str, seconds: int) -> None:
    assert retry_after(text, NOW) == seconds * SECOND


@pytest.mark.parametrize(
    "text", ["", "-5", "+5", "5.0", "1e3", "\u0665", "soon", "99999999999", "18 Nov", "Wed, 99 Nov 2026"]
)
def test_anything_else_is_passed_over(text: str) -> None:
    assert retry_after(text, NOW) is None


WORDS = [
    "Wed,",
    "18",
    "Nov",
    "2026",
    "11:06:40",
    "GMT",
    "+9999",
    "-0000",
    "0",
    "99999999999999999999",
    "11:99",
    "13",
    ",",
]


@given(st.text() | st.lists(st.sampled_from(WORDS)).map(" ".join))
def test_no_text_is_a_fault(text: str) -> None:
    pause = retry_after(text, NOW)
    assert pause is None or pause >= 0
