# SPDX-License-Identifier: Apache-2.0
"""The parameters of an address are read strictly, and a repeated one is noticed when it is asked for."""

import pytest

from counterfoil_service.core.errors import Refusal
from counterfoil_service.web.browser.query import Query


def test_an_empty_parameter_is_absent_and_others_are_decoded() -> None:
    query = Query(b"a=&b=x%20y&c=%C3%A9")
    assert (query.get("a"), query.get("b"), query.get("c"), query.get("d")) == (None, "x y", "é", None)


def test_a_repeated_parameter_is_refused_when_it_is_asked_for_or_all_are() -> None:
    query = Query(b"a=1&b=2&b=2")
    assert query.get("a") == "1"
    with pytest.raises(Refusal, match="repeated"):
        query.get("b")
    with pytest.raises(Refusal, match="repeated"):
        query.refuse_repeated()
    Query(b"a=1&b=2").refuse_repeated()


def test_a_parameter_that_must_be_there_may_not_be_missing_or_too_long() -> None:
    query = Query(b"a=12345")
    assert query.required("a", at_most=5) == "12345"
    with pytest.raises(Refusal, match="at most 4"):
        query.required("a", at_most=4)
    with pytest.raises(Refusal, match="required"):
        query.required("b")


@pytest.mark.parametrize("text", [b"a=%ff", "a=é".encode(), b"a=%00", b"%00=a", b"&".join([b"a=1"] * 65)])
def test_what_cannot_be_read_in_one_way_is_refused(text: bytes) -> None:
    with pytest.raises(Refusal):
        Query(text)


def test_it_shows_names_alone_in_logs() -> None:
    assert repr(Query(b"code=secret")) == "Query(['code'])"
