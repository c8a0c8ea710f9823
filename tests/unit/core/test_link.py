# SPDX-License-Identifier: Apache-2.0
"""A link secret has 256 bits, one spelling, and its link the configured issuer."""

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core import link
from counterfoil_service.core.identifiers import unbase64url


@given(st.binary(min_size=32, max_size=32))
def test_a_secret_is_all_of_its_entropy_and_well_formed(entropy: bytes) -> None:
    secret = link.make(lambda size: entropy[:size])
    assert unbase64url(secret) == entropy
    assert link.well_formed(secret)


def test_a_last_letter_with_spare_bits_is_not_well_formed() -> None:
    secret = link.make(random.Random(7).randbytes)
    alphabet = string.ascii_letters + string.digits + "-_"
    good = {letter for letter in alphabet if link.well_formed(secret[:-1] + letter)}
    assert good == set("AEIMQUYcgkosw048")


@given(st.text(max_size=50) | st.from_regex(r"[A-Za-z0-9_-]{43}", fullmatch=True))
def test_what_is_well_formed_is_exactly_what_make_can_make(text: str) -> None:
    try:
        could_be_made = len(text) == 43 and len(unbase64url(text)) == 32
    except ValueError:
        could_be_made = False
    assert link.well_formed(text) == could_be_made


@pytest.mark.parametrize(
    "text", ["", "A" * 42, "A" * 44, "A" * 43 + "\n", "A" * 42 + "=", "+" + "A" * 42, "é" + "A" * 42]
)
def test_other_texts_are_refused_before_any_lookup(text: str) -> None:
    assert not link.well_formed(text)


@pytest.mark.parametrize(
    ("issuer", "expected"),
    [
        ("https://id.example", "https://id.example/l/S"),
        ("https://id.example/auth", "https://id.example/auth/l/S"),
        ("https://id.example/auth/", "https://id.example/auth/l/S"),
    ],
)
def test_the_link_is_built_from_the_issuer(issuer: str, expected: str) -> None:
    assert link.url(issuer, "S") == expected


@pytest.mark.parametrize("issuer", ["https://id.example/sign/in", "https://id.example/sign/in/"])
def test_the_other_links_begin_with_the_issuer_too_and_hold_no_empty_segment(issuer: str) -> None:
    assert link.notice_url(issuer, "S") == "https://id.example/sign/in/n/S"
    assert link.console_url(issuer, "S") == "https://id.example/sign/in/console/enter/S"
