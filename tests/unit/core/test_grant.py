# SPDX-License-Identifier: Apache-2.0
"""What a grant says in its claims, and what it never shows."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core import grant
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.grant import AccessClaims, Grant
from counterfoil_service.core.identifiers import ulid

ISSUER = "https://id.example"
SECOND = 1_000_000


def a_grant(**changes: Any) -> Grant:
    values: dict[str, Any] = {
        "subject": "subject",
        "session_id": "session",
        "application_id": "desk-app",
        "audience": "https://api.example",
        "scope": "email files:read",
        "amr": ("pop", "swk", "mca"),
        "auth_time": 1_000 * SECOND + 999_999,
        "issued_at": 2_000 * SECOND + 999_999,
        "token_id": "token",
        "jkt": "thumbprint",
        "refresh_token": "session.secret",
    }
    return Grant(**(values | changes))


def test_the_claims_are_those_of_the_contract_and_no_others() -> None:
    assert a_grant().claims(ISSUER) == {
        "iss": ISSUER,
        "sub": "subject",
        "aud": "https://api.example",
        "client_id": "desk-app",
        "iat": 2_000,
        "nbf": 2_000,
        "exp": 2_300,
        "jti": "token",
        "scope": "email files:read",
        "sid": "session",
        "auth_time": 1_000,
        "acr": "urn:counterfoil:acr:email-link",
        "amr": ["pop", "swk", "mca"],
        "cnf": {"jkt": "thumbprint"},
    }


def test_times_are_rounded_down_so_that_no_token_is_from_the_future() -> None:
    claims = a_grant(issued_at=SECOND - 1).claims(ISSUER)
    assert (claims["iat"], claims["nbf"]) == (0, 0)


def test_a_grant_without_a_key_is_a_bearer_token_and_says_nothing_of_a_key() -> None:
    bearer = a_grant(jkt=None)
    assert bearer.token_type == "Bearer"
    assert "cnf" not in bearer.claims(ISSUER)
    assert a_grant().token_type == "DPoP"


@pytest.mark.parametrize(
    ("key_bound", "user_code_typed", "expected"),
    [
        (True, True, ("pop", "swk", "mca")),
        (True, False, ("pop", "swk")),
        (False, True, ("mca",)),
        (False, False, ()),
    ],
)
def test_amr_claims_only_what_took_part(key_bound: bool, user_code_typed: bool, expected: tuple[str, ...]) -> None:  # noqa: FBT001 - a table
    assert grant.amr_of(key_bound=key_bound, user_code_typed=user_code_typed) == expected


def test_a_refresh_token_is_its_session_and_all_of_its_entropy() -> None:
    asked: list[int] = []

    def entropy(size: int) -> bytes:
        asked.append(size)
        return bytes(range(size))

    assert grant.refresh_token("01SESSION", entropy) == "01SESSION.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    assert asked == [32]


def test_no_secret_is_in_the_repr() -> None:
    assert "secret" not in repr(a_grant())
    assert "secret" not in f"{a_grant()}"
    assert "secret" not in f"{[a_grant()]}"


def claims(**changes: Any) -> AccessClaims:
    return msgspec.convert(a_grant().claims(ISSUER) | changes, AccessClaims)


def test_the_claims_are_read_back_as_they_were_written() -> None:
    assert msgspec.to_builtins(claims()) == a_grant().claims(ISSUER)
    bearer = msgspec.convert(a_grant(jkt=None).claims(ISSUER), AccessClaims)
    assert (bearer.jkt, claims().jkt) == (None, "thumbprint")


@pytest.mark.parametrize(
    ("at", "holds"), [(1_994, False), (1_995, True), (2_000, True), (2_299, True), (2_300, False), (9_999, False)]
)
def test_a_token_holds_from_its_beginning_to_its_end_and_forgives_a_clock_five_seconds(at: int, holds: bool) -> None:  # noqa: FBT001 - a table
    assert claims().holds(ISSUER, at * SECOND) == holds


@pytest.mark.parametrize("issuer", ["https://evil.example", ISSUER + "/", ISSUER.upper(), ""])
def test_a_token_holds_for_its_own_issuer_alone(issuer: str) -> None:
    assert not claims().holds(issuer, 2_000 * SECOND)


def test_a_refresh_token_names_its_session() -> None:
    session_id = ulid(0, bytes)
    token = grant.refresh_token(session_id, bytes)
    assert grant.session_of(token) == session_id
    assert grant.session_of(grant.next_refresh_token(session_id, bytes(32))) == session_id


@given(st.text(max_size=80))
def test_no_other_text_names_a_session(text: str) -> None:
    assert grant.session_of(text) is None


def test_what_is_nearly_a_refresh_token_is_none() -> None:
    token = grant.refresh_token(ulid(0, bytes), bytes)
    for near in (token + "\n", token + "A", token[:-1], "U" + token[1:], token.replace(".", ":"), "." + token):
        assert grant.session_of(near) is None


@pytest.mark.parametrize(
    ("requested", "expected"),
    [(None, "email files"), ("files", "files"), ("files email", "files email"), ("email email", "email")],
)
def test_a_scope_is_narrowed(requested: str | None, expected: str) -> None:
    assert grant.narrowed_scope("email files", requested) == expected


@pytest.mark.parametrize("requested", ["admin", "email admin", "EMAIL", " ", "email  files", "email,files"])
def test_a_scope_is_never_widened(requested: str) -> None:
    with pytest.raises(Refusal) as caught:
        grant.narrowed_scope("email files", requested)
    assert caught.value.code is ErrorCode.INVALID_SCOPE
