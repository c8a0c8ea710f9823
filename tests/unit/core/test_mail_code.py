# SPDX-License-Identifier: Apache-2.0
"""Eight digits: fair when made, forgiving of blanks when typed, and of nothing else."""

import os
from collections import Counter

import pytest

from counterfoil_service.core import mail_code
from counterfoil_service.core.mail_code import CodeMismatch


def test_a_code_is_eight_digits_with_leading_zeros() -> None:
    assert mail_code.make(bytes) == "00000000"
    assert mail_code.make((42).to_bytes) == "00000042"


def test_entropy_that_would_favour_some_codes_is_drawn_again() -> None:
    fair = 2**32 - 2**32 % 10**8
    drawn = iter([fair, 2**32 - 1, fair - 1])
    assert mail_code.make(lambda size: next(drawn).to_bytes(size)) == "99999999"


def test_every_digit_is_as_likely_at_every_place() -> None:
    codes = [mail_code.make(os.urandom) for _ in range(20_000)]
    for place in range(8):
        counts = Counter(code[place] for code in codes)
        assert set(counts) == set("0123456789")
        assert max(counts.values()) - min(counts.values()) < 400


@pytest.mark.parametrize("typed", ["12345678", "1234 5678", "1234-5678", " 12 34 56 78\n", "1234\u00a05678"])
def test_blanks_and_hyphens_do_not_matter(typed: str) -> None:
    assert mail_code.normalise(typed) == "12345678"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "1234567",
        "123456789",
        "1234567a",
        "\u0661\u0662345678",
        "1\uff12345678",
        "1234_5678",
        "+12345678",
        "1" * 65,
        "\xb2" * 8,
    ],
)
def test_what_is_not_eight_digits_is_no_try(typed: str) -> None:
    assert mail_code.normalise(typed) is None


def test_people_see_two_groups_of_four() -> None:
    assert mail_code.display("12345678") == "1234 5678"


@pytest.mark.parametrize(("left", "words"), [(4, "4 tries are left"), (1, "1 try is left")])
def test_a_mismatch_says_how_many_tries_are_left_and_no_code(left: int, words: str) -> None:
    refusal = CodeMismatch(left)
    assert words in refusal.description
    assert (refusal.tries_left, refusal.code.value) == (left, "code_mismatch")
