# SPDX-License-Identifier: Apache-2.0
"""An honest request gets through, and each refusal says in the words of the standards what to do instead."""

import pickle
from typing import Any

import pytest

from counterfoil_client.errors import ConfigurationError, CounterfoilError
from counterfoil_client.resource import Needs, Nonces, NotAuthorized, Rules, needs, read_key_set
from counterfoil_client.resource.refusals import Challenge
from unit.sdk.resource.makers import (
    ABSENT,
    API,
    DEVICE,
    ISSUER,
    KEYS,
    NOW,
    RSA_KEY,
    RULES,
    check,
    good_headers,
    headers,
    issuer_jwk,
    jwks,
    make_proof,
    make_token,
    refusal,
    thumbprint,
)

NONCES = Nonces(bytes(32))
BOTH = Rules(ISSUER, API, API, allow_bearer=True)
WITH_NONCE = Rules(ISSUER, API, API, nonces=NONCES)


def claim(name: str, value: int) -> dict[str, Any]:
    return {name: value}


def test_a_good_token_and_proof_make_a_caller() -> None:
    caller = check(good_headers())
    assert (caller.subject, caller.client_id, caller.session_id) == ("person-1", "desktop", "session-1")
    assert caller.scopes == {"notes:read", "notes:write"}
    assert (caller.auth_time, caller.acr, caller.amr) == (
        NOW - 100,
        "urn:counterfoil:acr:email-link",
        ("pop", "swk", "mca"),
    )
    assert (caller.jkt, caller.expires_at, caller.token_id) == (thumbprint(DEVICE), NOW + 300, "token-1")
    assert caller.claims["sid"] == "session-1"
    assert caller.scheme == "DPoP"


def test_a_caller_cannot_be_changed_and_shows_no_claims() -> None:
    caller = check(good_headers())
    for change in ("caller.subject = 'x'", "caller.claims['sub'] = 'x'"):
        with pytest.raises((AttributeError, TypeError)):
            exec(change, {"caller": caller})  # noqa: S102 - two statements that must fail at run time
    assert "claims" not in repr(caller)


def test_a_bare_token_has_no_rights_and_no_history() -> None:
    token = make_token(**dict.fromkeys(("scope", "sid", "auth_time", "acr", "amr", "nbf"), ABSENT))
    caller = check(good_headers(token))
    assert (caller.scopes, caller.session_id, caller.auth_time, caller.acr, caller.amr) == (
        frozenset(),
        None,
        None,
        None,
        (),
    )


@pytest.mark.parametrize("scheme", ["DPoP", "dpop", "DPOP"])
def test_the_scheme_has_no_case(scheme: str) -> None:
    token = make_token()
    assert check(headers(token, make_proof(token), scheme=scheme)).subject == "person-1"


def test_headers_come_as_text_as_bytes_or_as_a_mapping() -> None:
    pairs = good_headers()
    assert check([(name.upper().encode(), value.encode()) for name, value in pairs]).subject
    assert check(dict(good_headers())).subject


@pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt"])
def test_both_spellings_of_the_type_are_taken(typ: str) -> None:
    assert check(good_headers(make_token(header={"typ": typ}))).subject


@pytest.mark.parametrize("aud", [API, [API], ["https://other.example", API]])
def test_this_api_may_be_one_of_several_audiences(aud: Any) -> None:
    assert check(good_headers(make_token(aud=aud))).subject


def test_rs256_passes_where_it_is_configured_and_only_there() -> None:
    rules = Rules(ISSUER, API, API, algorithms=("ES256", "RS256"))
    keys = read_key_set(jwks(issuer_jwk(), issuer_jwk(RSA_KEY, "r1")), rules.algorithms)
    token = make_token(key=RSA_KEY, alg="RS256", header={"kid": "r1"})
    assert check(good_headers(token), rules=rules, keys=keys).subject
    assert refusal(good_headers(token), keys=keys).error == "invalid_token"


def test_a_url_with_a_path_stands_before_each_path() -> None:
    rules = Rules(ISSUER, API, f"{API}/v1/")
    token = make_token()
    proof = make_proof(token, htu=f"{API}/v1/notes")
    assert check(headers(token, proof), rules=rules, path="/notes?page=2").subject


@pytest.mark.parametrize(("last", "first_refused"), [(NOW - 60, NOW - 61), (NOW + 30, NOW + 31)])
def test_a_proof_lives_a_minute_and_may_be_half_a_minute_early(last: int, first_refused: int) -> None:
    token = make_token()
    assert check(headers(token, make_proof(token, iat=last))).subject
    assert refusal(headers(token, make_proof(token, iat=first_refused))).error == "invalid_dpop_proof"


@pytest.mark.parametrize(
    ("name", "last", "first_refused"),
    [("exp", NOW - 9, NOW - 10), ("nbf", NOW + 10, NOW + 11), ("iat", NOW + 10, NOW + 11)],
)
def test_clocks_may_differ_by_ten_seconds(name: str, last: int, first_refused: int) -> None:
    assert check(good_headers(make_token(**claim(name, last)))).subject
    assert refusal(good_headers(make_token(**claim(name, first_refused)))).error == "invalid_token"


# --- Bearer -----------------------------------------------------------------------------------------------------------


def test_an_unbound_token_passes_as_bearer_where_that_is_allowed() -> None:
    caller = check(headers(make_token(cnf=ABSENT), scheme="Bearer"), rules=BOTH)
    assert caller.jkt is None
    assert caller.scheme == "Bearer"


def test_an_unbound_token_passes_nowhere_else() -> None:
    token = make_token(cnf=ABSENT)
    assert refusal(headers(token, scheme="Bearer")).error == "invalid_token"
    assert refusal(headers(token, make_proof(token))).error == "invalid_token"
    assert refusal(headers(token, make_proof(token)), rules=BOTH).error == "invalid_token"


@pytest.mark.parametrize("rules", [RULES, BOTH])
def test_a_bound_token_never_passes_as_bearer(rules: Rules) -> None:
    token = make_token()
    for proofs in ((), (make_proof(token),)):
        error = refusal(headers(token, *proofs, scheme="Bearer"), rules=rules)
        assert (error.status, error.error) == (401, "invalid_token")


# --- Words ------------------------------------------------------------------------------------------------------------


def challenge_of(error: NotAuthorized) -> str:
    return error.headers["WWW-Authenticate"]


def test_a_request_without_credentials_gets_a_challenge_without_an_error() -> None:
    for lines in ([], [("Authorization", "Basic dXNlcjpwYXNz")], [("DPoP", make_proof(make_token()))]):
        error = refusal(lines)
        assert (error.status, error.error) == (401, None)
        assert challenge_of(error) == 'DPoP algs="ES256"'
        assert "error" not in error.body


def test_where_both_schemes_are_taken_both_are_offered() -> None:
    assert challenge_of(refusal([], rules=BOTH)) == 'DPoP algs="ES256", Bearer'
    error = refusal(headers(make_token(), scheme="Bearer"), rules=BOTH)
    assert challenge_of(error).startswith('Bearer error="invalid_token", error_description="')
    assert challenge_of(error).endswith(', DPoP algs="ES256"')


def test_a_bad_token_and_a_bad_proof_are_told_apart() -> None:
    bad_token = refusal(good_headers(make_token(exp=NOW - 100)))
    assert challenge_of(bad_token) == (
        'DPoP error="invalid_token", error_description="The access token is not valid: it has expired.", algs="ES256"'
    )
    token = make_token()
    bad_proof = refusal(headers(token))
    assert challenge_of(bad_proof).startswith('DPoP error="invalid_dpop_proof", error_description="')
    assert bad_proof.headers["Cache-Control"] == "no-store"
    assert bad_proof.body == {"error": "invalid_dpop_proof", "error_description": bad_proof.description}


def test_a_missing_nonce_is_asked_for_and_then_taken() -> None:
    token = make_token()
    error = refusal(headers(token, make_proof(token)), rules=WITH_NONCE)
    assert (error.status, error.error) == (401, "use_dpop_nonce")
    assert 'error="use_dpop_nonce"' in challenge_of(error)
    nonce = error.headers["DPoP-Nonce"]
    assert check(headers(token, make_proof(token, nonce=nonce)), rules=WITH_NONCE).subject


def test_the_first_challenge_already_brings_the_nonce() -> None:
    assert refusal([], rules=WITH_NONCE).headers["DPoP-Nonce"] == NONCES.current(NOW)
    assert "DPoP-Nonce" not in refusal([]).headers


def test_a_nonce_where_none_is_asked_for_does_no_harm() -> None:
    token = make_token()
    assert check(headers(token, make_proof(token, nonce="anything"))).subject


def test_too_little_scope_is_a_403_that_names_what_is_needed() -> None:
    caller = check(good_headers())
    challenge = Challenge(allow_bearer=False)
    needs("notes:read", "notes:write").check(caller, NOW, challenge)
    with pytest.raises(NotAuthorized) as caught:
        needs("notes:read", "notes:delete").check(caller, NOW, challenge)
    assert (caught.value.status, caught.value.error) == (403, "insufficient_scope")
    assert 'scope="notes:delete notes:read"' in challenge_of(caught.value)


def test_a_sign_in_too_long_ago_asks_for_a_new_one() -> None:
    caller = check(good_headers())
    challenge = Challenge(allow_bearer=False)
    needs(max_age=100).check(caller, NOW, challenge)
    with pytest.raises(NotAuthorized) as caught:
        needs(max_age=99).check(caller, NOW, challenge)
    assert (caught.value.status, caught.value.error) == (401, "insufficient_user_authentication")
    assert 'max_age="99"' in challenge_of(caught.value)


def test_a_token_that_does_not_say_when_is_not_recent() -> None:
    caller = check(good_headers(make_token(auth_time=ABSENT)))
    with pytest.raises(NotAuthorized):
        needs(max_age=10**9).check(caller, NOW, Challenge(allow_bearer=False))


@pytest.mark.parametrize("scope", ["", "a b", 'a"', "a\\", "ü", "a\n"])
def test_a_scope_that_could_break_out_of_a_header_is_refused(scope: str) -> None:
    with pytest.raises(ConfigurationError):
        needs(scope)


def test_needing_nothing_asks_nothing() -> None:
    Needs().check(check(good_headers(make_token(scope=ABSENT))), NOW, Challenge(allow_bearer=False))
    with pytest.raises(ConfigurationError):
        needs(max_age=-1)


def test_a_refusal_is_an_error_of_the_package_and_survives_pickling() -> None:
    error = refusal([])
    assert isinstance(error, CounterfoilError)
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (copy.status, copy.error, copy.description, copy.headers) == (
        error.status,
        error.error,
        error.description,
        error.headers,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "http://id.example"},
        {"issuer": "https://id.example/"},
        {"audience": ""},
        {"url": "api.example"},
        {"url": "https://api.example/?x"},
        {"url": "https://api.example/#x"},
        {"algorithms": ()},
        {"algorithms": ("none",)},
        {"algorithms": ("HS256",)},
        {"algorithms": ("ES256", "HS256")},
    ],
)
def test_rules_that_could_never_hold_are_refused_at_once(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        Rules(**{"issuer": ISSUER, "audience": API, "url": API, **changes})


def test_keys_of_the_issuer_are_found_by_kid_alone() -> None:
    assert set(KEYS) == {"k1"}
    assert refusal(good_headers(make_token(header={"kid": "k2"}))).error == "invalid_token"
