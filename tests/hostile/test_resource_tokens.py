# SPDX-License-Identifier: Apache-2.0
"""Access tokens that an API must not believe, each made to break one rule alone."""

import hmac
import json
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_client.resource import NotAuthorized, Rules, read_key_set
from unit.sdk.resource.makers import (
    ABSENT,
    API,
    DEVICE,
    ISSUER,
    ISSUER_KEY,
    KEYS,
    NOW,
    OTHER_ISSUER_KEY,
    RSA_KEY,
    RULES,
    THIEF,
    assemble,
    b64,
    check,
    es256,
    good_headers,
    headers,
    issuer_jwk,
    jwks,
    make_proof,
    make_token,
    public_jwk,
    refusal,
    thumbprint,
    token_claims,
)

BOTH_ALGORITHMS = ("ES256", "RS256")
GOOD_HEADER = {"typ": "at+jwt", "alg": "ES256", "kid": "k1"}


def refused(token: str, rule: str, **changes: Any) -> None:
    """The token is refused by this rule, with a proof that is good; nothing of it is repeated."""
    error = refusal(good_headers(token), **changes)
    assert (error.status, error.error) == (401, "invalid_token")
    assert rule in error.description
    assert token not in repr(error) + str(error) + json.dumps(error.headers)


def test_the_pieces_below_make_a_good_token_when_nothing_is_wrong() -> None:
    assert check(good_headers(assemble(GOOD_HEADER, token_claims()))).subject == "person-1"


@pytest.mark.parametrize(
    "alg", ["none", "None", "NONE", "nOnE", "", "es256", "ES256K", "ES384", "EdDSA", 0, None, ["ES256"]]
)
def test_an_algorithm_outside_the_list_is_refused_whatever_the_signature(alg: object) -> None:
    for sign in (es256, lambda _: b""):
        refused(assemble({**GOOD_HEADER, "alg": alg}, token_claims(), sign), "alg")


@pytest.mark.parametrize("key", [ISSUER_KEY, RSA_KEY])
@pytest.mark.parametrize("algorithms", [("ES256",), ("RS256",), BOTH_ALGORITHMS])
def test_a_public_key_is_never_a_shared_secret(key: Any, algorithms: tuple[str, ...]) -> None:
    secrets = [
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(public_jwk(key)).encode(),
        b"",
    ]
    keys = read_key_set(jwks(issuer_jwk(), issuer_jwk(RSA_KEY, "r1")), algorithms)
    for secret in secrets:
        for kid in ("k1", "r1"):
            header = {"typ": "at+jwt", "alg": "HS256", "kid": kid}
            token = assemble(header, token_claims(), partial(hmac.digest, secret, digest="sha256"))
            refused(token, "alg", keys=keys, rules=Rules(ISSUER, API, API, algorithms))


def test_a_token_cannot_choose_the_algorithm_of_anothers_key() -> None:
    keys = read_key_set(jwks(issuer_jwk(), issuer_jwk(RSA_KEY, "r1")), BOTH_ALGORITHMS)
    rules = Rules(ISSUER, API, API, BOTH_ALGORITHMS)
    refused(assemble({**GOOD_HEADER, "kid": "r1"}, token_claims()), "alg", keys=keys, rules=rules)
    refused(make_token(key=RSA_KEY, alg="RS256"), "alg", keys=keys, rules=rules)


@pytest.mark.parametrize("kid", ["k2", "../k1", "k1 ", "K1", "k1\x00", "' OR 1=1 --", "é"])
def test_a_kid_that_names_no_key_of_the_issuer_is_refused(kid: str) -> None:
    refused(make_token(header={"kid": kid}), "kid")


@pytest.mark.parametrize("kid", [ABSENT, "", 5, None, ["k1"], "k" * 2000])
def test_a_kid_that_is_no_short_text_is_refused(kid: object) -> None:
    header = {name: value for name, value in {**GOOD_HEADER, "kid": kid}.items() if value is not ABSENT}
    refused(assemble(header, token_claims()), "kid")


@pytest.mark.parametrize(
    "member",
    [
        {"jwk": public_jwk(OTHER_ISSUER_KEY)},
        {"jku": "https://evil.example/jwks.json"},
        {"jku": f"{ISSUER}/.well-known/jwks.json"},
        {"x5u": "https://evil.example/chain.pem"},
        {"x5c": ["AAAA"]},
        {"x5t": "AAAA"},
        {"x5t#S256": "AAAA"},
    ],
)
@pytest.mark.parametrize("signer", [ISSUER_KEY, OTHER_ISSUER_KEY])
def test_a_token_that_brings_its_own_key_is_refused_even_if_the_issuer_signed_it(
    member: dict[str, Any], signer: ec.EllipticCurvePrivateKey
) -> None:
    refused(make_token(key=signer, header=member), "key of its own")


def test_another_key_with_the_same_kid_did_not_sign_for_the_issuer() -> None:
    refused(make_token(key=OTHER_ISSUER_KEY), "signature")


def test_a_key_of_another_curve_or_kind_did_not_either() -> None:
    refused(assemble(GOOD_HEADER, token_claims(), lambda _: bytes(64)), "signature")
    refused(assemble(GOOD_HEADER, token_claims(), lambda _: b""), "signature")
    refused(assemble(GOOD_HEADER, token_claims(), lambda text: ISSUER_KEY.sign(text, ec.ECDSA(SHA256()))), "signature")


@pytest.mark.parametrize("typ", ["JWT", "jwt", "AT+JWT", "at+jwt ", "dpop+jwt", "application/jwt", "", ABSENT, None, 5])
def test_another_kind_of_token_is_no_access_token(typ: object) -> None:
    """An ID token, say, or a logout token: signed by the same key, for the same audience."""
    header = {name: value for name, value in {**GOOD_HEADER, "typ": typ}.items() if value is not ABSENT}
    refused(assemble(header, token_claims()), "typ")


def test_a_proof_is_no_access_token() -> None:
    refused(make_proof("x", header={"kid": "k1"}), "typ")


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "client_id", "exp", "iat", "jti"])
@pytest.mark.parametrize("value", [ABSENT, None, "", [], {}, True])
def test_no_required_claim_may_be_missing_null_or_empty(name: str, value: object) -> None:
    claims = token_claims(**{name: value})
    assert (name in claims) == (value is not ABSENT)
    assert refusal(good_headers(assemble(GOOD_HEADER, claims))).error == "invalid_token"


@pytest.mark.parametrize(
    "iss",
    [
        "https://evil.example",
        f"{ISSUER}/",
        "https://ID.example",
        "http://id.example",
        f"{ISSUER}:443",
        f"{ISSUER}.evil.example",
        [ISSUER],
    ],
)
def test_another_issuer_however_alike_is_refused(iss: object) -> None:
    assert refusal(good_headers(assemble(GOOD_HEADER, token_claims(iss=iss)))).error == "invalid_token"


@pytest.mark.parametrize(
    "aud",
    [
        "https://other.example",
        [],
        ["https://other.example"],
        f"{API}/",
        f"{API}/notes",
        API.upper(),
        [[API]],
        {API: 1},
        f"https://other.example {API}",
        [f"{API},https://other.example"],
        [API, 5],
        "https://api.exampl",
    ],
)
def test_a_token_for_another_audience_is_refused(aud: object) -> None:
    assert refusal(good_headers(assemble(GOOD_HEADER, token_claims(aud=aud)))).error == "invalid_token"


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW - 11},
        {"exp": 0},
        {"exp": -1},
        {"exp": str(NOW + 300)},
        {"exp": NOW + 300.5},
        {"exp": True},
        {"nbf": NOW + 11},
        {"nbf": "x"},
        {"iat": NOW + 3600},
        {"iat": str(NOW)},
        {"auth_time": "now"},
        {"scope": ["notes:read"]},
        {"amr": "pop"},
        {"sid": 5},
    ],
)
def test_a_token_out_of_time_or_shape_is_refused(claims: dict[str, Any]) -> None:
    assert refusal(good_headers(assemble(GOOD_HEADER, token_claims(**claims)))).error == "invalid_token"


@pytest.mark.parametrize(
    "cnf",
    [
        None,
        {},
        "x",
        {"jkt": None},
        {"jkt": ""},
        {"jkt": "x"},
        {"jkt": thumbprint(DEVICE) + "="},
        {"x5t#S256": "AAAA"},
        {"jwk": public_jwk(DEVICE)},
        [],
        0,
        False,
    ],
)
@pytest.mark.parametrize("scheme", ["Bearer", "DPoP"])
def test_a_lock_of_another_kind_is_not_an_open_door(cnf: object, scheme: str) -> None:
    rules = Rules(ISSUER, API, API, allow_bearer=True)
    token = assemble(GOOD_HEADER, token_claims(cnf=cnf))
    assert refusal(headers(token, make_proof(token), scheme=scheme), rules=rules).error == "invalid_token"


def test_a_member_named_twice_is_refused_though_either_would_do() -> None:
    claims = json.dumps(token_claims())
    refused(assemble(GOOD_HEADER, claims[:-1] + f', "aud": "{API}"}}'), "JSON")
    refused(assemble(json.dumps(GOOD_HEADER)[:-1] + ', "alg": "ES256"}', claims), "JSON")


def test_no_bit_of_a_token_can_be_changed() -> None:
    token = make_token()
    for at in range(0, len(token), 7):
        if token[at] != ".":
            other = "A" if token[at] != "A" else "B"
            assert refusal(good_headers(token[:at] + other + token[at + 1 :])).status == 401


@pytest.mark.parametrize("line", ["DPoP", "DPoP ", "Bearer", "DPoP a b", "DPoP a, DPoP b", ""])
def test_credentials_out_of_shape_are_a_bad_request(line: str) -> None:
    error = refusal([("Authorization", line)])
    assert (error.status, error.error) == (400, "invalid_request")


def test_two_authorizations_are_a_bad_request_even_if_they_are_equal() -> None:
    lines = good_headers()
    for extra in (lines[0], ("authorization", "Basic x"), ("AUTHORIZATION", "Bearer x")):
        assert refusal([*lines, extra]).status == 400


@pytest.mark.parametrize("scheme", ["DPoP", "Bearer"])
def test_a_giant_header_is_refused_unread(scheme: str) -> None:
    for filler in ("a" * 1_000_000, "." * 1_000_000, f"{'a' * 500_000}.{'a' * 499_999}.a"):
        assert refusal([("Authorization", f"{scheme} {filler}")]).status == 400
    assert refusal([("Authorization", f"{scheme} {'a' * 8192}")]).status == 401


@pytest.mark.parametrize("algorithm", ["RS256"])
def test_a_short_rsa_key_never_gets_into_the_key_set(algorithm: str) -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - that is the attack
    with pytest.raises(Exception, match="too short"):
        read_key_set(jwks(issuer_jwk(weak, "w")), (algorithm,))


def test_a_thief_with_the_token_but_not_the_key_is_refused() -> None:
    token = make_token()
    error = refusal(headers(token, make_proof(token, key=THIEF)))
    assert error.error == "invalid_dpop_proof"
    assert "bound" in error.description


@given(st.text(max_size=200))
def test_no_authorization_makes_it_fall_over(text: str) -> None:
    for line in (text, f"DPoP {text}", f"Bearer {text}"):
        with pytest.raises(NotAuthorized):
            check([("Authorization", line)], rules=RULES, keys=KEYS)


@given(
    st.dictionaries(
        st.sampled_from(["iss", "sub", "aud", "exp", "iat", "jti", "cnf", "client_id", "nbf", "scope", "amr"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
            max_leaves=5,
        ),
        max_size=11,
    )
)
def test_no_claims_make_it_fall_over(claims: dict[str, Any]) -> None:
    """Signed by the issuer and still nonsense: refused in plain letters, and no other error."""
    token = assemble(GOOD_HEADER, {**token_claims(), **claims, "aud": "https://other.example"})
    error = refusal(headers(token, make_proof(token)))
    assert error.status == 401
    assert error.headers["WWW-Authenticate"].isascii()


def test_the_signature_does_not_travel_in_an_error() -> None:
    token = make_token(exp=NOW - 100)
    error = refusal(good_headers(token))
    assert b64(b"person-1") not in str(error)
    assert error.__cause__ is None
    assert "person-1" not in f"{error!r}{error.headers}{error.body}"
