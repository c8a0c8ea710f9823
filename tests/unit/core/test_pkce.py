# SPDX-License-Identifier: Apache-2.0
"""PKCE as RFC 7636 has it, S256 alone, and the four fields that come together or not at all."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core import pkce
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.identifiers import base64url

# RFC 7636, appendix B.
VERIFIER, CHALLENGE = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
WHOLE = {"redirect_uri": "https://app.example/", "state": "s", "challenge": CHALLENGE, "method": "S256"}
UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"


def test_the_verifier_of_the_standard_fits_its_challenge() -> None:
    assert pkce.fits(VERIFIER, CHALLENGE)


@given(st.text(UNRESERVED, min_size=43, max_size=128), st.text(UNRESERVED, min_size=43, max_size=128))
def test_a_verifier_fits_its_own_challenge_and_no_other(verifier: str, other: str) -> None:
    challenge = base64url(sha256(verifier.encode()).digest())
    pkce.check_verifier(verifier)
    pkce.check_challenge(challenge, "S256")
    assert pkce.fits(verifier, challenge)
    assert pkce.fits(other, challenge) == (other == verifier)
    assert not pkce.fits(challenge, challenge), "plain is not S256"


@pytest.mark.parametrize(
    "verifier", ["", "a" * 42, "a" * 129, "a" * 42 + "é", "a" * 43 + "\n", "a" * 42 + "=", "a" * 42 + "+"]
)
def test_what_is_no_verifier_is_refused(verifier: str) -> None:
    with pytest.raises(Refusal, match="43 to 128 characters"):
        pkce.check_verifier(verifier)


@pytest.mark.parametrize(
    "challenge", ["A" * 42, "A" * 44, "A" * 42 + "B", "A" * 42 + "=", "A" * 42 + "\n", "é" * 43, "A" * 42 + "+"]
)
def test_what_no_hash_can_be_is_refused_as_a_challenge(challenge: str) -> None:
    with pytest.raises(Refusal, match="43 base64url characters"):
        pkce.check_challenge(challenge, "S256")


@pytest.mark.parametrize("method", ["plain", "s256", "S512", "", " S256", None])
def test_every_method_but_s256_is_refused(method: str | None) -> None:
    with pytest.raises(Refusal, match="must be S256"):
        pkce.check_challenge(CHALLENGE, method)


def test_without_any_of_the_four_there_is_no_way_home() -> None:
    assert pkce.way_home(redirect_uri=None, state=None, challenge=None, method=None) is None


def test_all_four_are_a_way_home_that_logs_nothing() -> None:
    way_home = pkce.way_home(**WHOLE)
    assert way_home == pkce.WayHome("https://app.example/", "s", CHALLENGE)
    assert CHALLENGE not in repr(way_home)


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        ("redirect_uri", "redirect_uri"),
        ("state", "state"),
        ("challenge", "code_challenge"),
        ("method", "code_challenge_method"),
    ],
)
def test_three_of_the_four_are_refused_by_the_name_of_the_fourth(missing: str, named: str) -> None:
    with pytest.raises(Refusal) as caught:
        pkce.way_home(**{**WHOLE, missing: None})
    assert caught.value.code is ErrorCode.INVALID_REQUEST
    assert caught.value.description.startswith(f"{named}: ")


@pytest.mark.parametrize("name", list(WHOLE))
def test_one_of_the_four_alone_is_refused(name: str) -> None:
    with pytest.raises(Refusal, match="all four fields or none"):
        pkce.way_home(**{**dict.fromkeys(WHOLE), name: WHOLE[name]})


@pytest.mark.parametrize("state", [" ", "~", "a'b\"c<d>", "x" * 512])
def test_a_printable_state_is_taken(state: str) -> None:
    pkce.check_state(state)


@pytest.mark.parametrize("state", ["", "x" * 513, "a\r\nSet-Cookie: b", "a\x00", "é", "\u202e", "a\x7f"])
def test_a_state_that_could_not_come_back_unchanged_is_refused(state: str) -> None:
    with pytest.raises(Refusal, match="printable ASCII"):
        pkce.check_state(state)


def test_a_refusal_names_a_field_that_came_and_the_first_that_did_not() -> None:
    with pytest.raises(Refusal) as caught:
        pkce.way_home(redirect_uri=None, state="s", challenge=None, method=None)
    assert caught.value.description.startswith("redirect_uri: state needs it")
