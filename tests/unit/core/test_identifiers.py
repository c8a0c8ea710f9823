# SPDX-License-Identifier: Apache-2.0
"""Identifiers say nothing but their time, and bytes have one spelling."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core import identifiers

NOW = 1_800_000_000_000_000
"""2027-01-15T08:00:00Z in microseconds."""


@given(st.binary(max_size=100))
def test_base64url_is_read_back_to_the_same_bytes(data: bytes) -> None:
    assert identifiers.unbase64url(identifiers.base64url(data)) == data


@pytest.mark.parametrize("text", ["QQ==", "QR", "A", "Q+8", "Q/8", "Q Q", "QQ\n", "ÄÖ", "QUJD=", "\ud800"])
def test_a_second_spelling_of_the_same_bytes_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        identifiers.unbase64url(text)
    assert repr(text) not in str(caught.value)


def test_a_ulid_has_the_time_and_spelling_of_the_specification() -> None:
    # The example of the ULID specification: 01ARZ3NDEKTSV4RRFFQ69G5FAV is 2016-07-30T23:54:10.259Z.
    assert identifiers.ulid(1_469_922_850_259_000, bytes)[:10] == "01ARZ3NDEK"


def test_a_ulid_carries_all_of_its_entropy() -> None:
    assert identifiers.ulid(0, lambda size: b"\xff" * size) == "0" * 10 + "Z" * 16


@given(st.integers(0, 1 << 57), st.integers(0, 1 << 57), st.randoms())
def test_ulids_sort_by_millisecond(one: int, other: int, seeded: random.Random) -> None:
    first, second = identifiers.ulid(one, seeded.randbytes), identifiers.ulid(other, seeded.randbytes)
    assert re.fullmatch("[0-7][0-9A-HJKMNP-TV-Z]{25}", first)
    if one // 1000 != other // 1000:
        assert (first < second) == (one < other)


@pytest.mark.parametrize("now", [-1000, 1000 << 48])
def test_a_ulid_outside_its_era_is_an_error(now: int) -> None:
    with pytest.raises(OverflowError):
        identifiers.ulid(now, bytes)


@given(st.integers(0, 2**48 * 1000 - 1), st.randoms())
def test_a_ulid_tells_when_it_was_made(now: int, seeded: random.Random) -> None:
    assert identifiers.ulid_time(identifiers.ulid(now, seeded.randbytes)) == now // 1000 * 1000


def test_a_ulid_of_today_begins_as_the_protocol_shows() -> None:
    assert identifiers.ulid(NOW, random.Random(1).randbytes).startswith("01")


def test_a_subject_is_128_bits_of_entropy_and_nothing_else() -> None:
    asked: list[int] = []

    def entropy(size: int) -> bytes:
        asked.append(size)
        return bytes(range(size))

    assert identifiers.unbase64url(identifiers.subject(entropy)) == bytes(range(16))
    assert asked == [16]


def test_a_subject_is_never_taken_for_an_option() -> None:
    drawn = iter([b"\xf8" * 16, b"\xfb" * 16, b"\x01" * 16])
    assert identifiers.base64url(b"\xf8" * 16).startswith("-")
    assert identifiers.subject(lambda _size: next(drawn)) == identifiers.base64url(b"\x01" * 16)
