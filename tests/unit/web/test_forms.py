# SPDX-License-Identifier: Apache-2.0
"""Form bodies: read strictly, and refused by the rule that they break."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.web.forms import MAX_FIELDS, parse_form

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50)


@given(st.dictionaries(TEXT, TEXT, max_size=10))
def test_every_text_comes_back_as_it_was_encoded(fields: dict[str, str]) -> None:
    form = parse_form(urlencode(fields).encode())
    for name, value in fields.items():
        assert form.get(name) == (value or None)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_form_or_a_refusal(body: bytes) -> None:
    code = ErrorCode.INVALID_REQUEST
    try:
        parse_form(body)
    except Refusal as refusal:
        code = refusal.code
    assert code is ErrorCode.INVALID_REQUEST


@pytest.mark.parametrize("body", [b"a=1&a=1", b"a=&a=1", b"a&a", b"=1&=2", b"a=1&%61=2", b"a+b=1&a%20b=2"])
def test_a_repeated_field_is_refused_however_it_is_spelt(body: bytes) -> None:
    with pytest.raises(Refusal, match="repeats"):
        parse_form(body)


@pytest.mark.parametrize("body", [b"a=%00", b"%00=a", b"a=b%00c"])
def test_a_nul_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal, match="NUL"):
        parse_form(body)


@pytest.mark.parametrize("body", [b"a=%ff", b"a=\xc3\xa4", b"a=%ed%a0%80", b"%c0%80=1", b"a=%f4%90%80%80"])
def test_what_is_not_utf_8_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal, match="UTF-8"):
        parse_form(body)


def test_the_number_of_fields_is_bounded() -> None:
    parse_form(b"&".join(b"%d=" % number for number in range(MAX_FIELDS)))
    with pytest.raises(Refusal, match="64 fields"):
        parse_form(b"&".join(b"%d=" % number for number in range(MAX_FIELDS + 1)))


def test_a_field_is_absent_when_empty_and_refused_when_too_long() -> None:
    form = parse_form(b"empty=&long=xxxxx")
    assert form.get("empty") is None
    assert form.get("nothing") is None
    assert form.get("long", at_most=5) == "xxxxx"
    with pytest.raises(Refusal, match="long: at most 4"):
        form.get("long", at_most=4)
    with pytest.raises(Refusal, match="empty: this field is required"):
        form.required("empty")


def test_its_repr_shows_names_alone() -> None:
    assert repr(parse_form(b"secret=s3cret&action=approve")) == "Form(['action', 'secret'])"
