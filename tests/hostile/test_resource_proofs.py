# SPDX-License-Identifier: Apache-2.0
"""Proofs that an API must not take (RFC 9449 §4.3 and §11): each breaks one rule alone, beside a token that is good."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_client.errors import ConfigurationError
from counterfoil_client.resource import LocalReplayMemory, Nonces, NotAuthorized, Rules
from unit.sdk.resource.makers import (
    ABSENT,
    API,
    DEVICE,
    ISSUER,
    NOW,
    RSA_KEY,
    THIEF,
    assemble,
    b64,
    check,
    es256,
    headers,
    make_proof,
    make_token,
    public_jwk,
    refusal,
    thumbprint,
)

TOKEN = make_token()
ATH = b64(hashlib.sha256(TOKEN.encode()).digest())
NONCES = Nonces(bytes(32))
WITH_NONCE = Rules(ISSUER, API, API, nonces=NONCES)


def refused(rule: str, *proofs: str, **changes: Any) -> None:
    error = refusal(headers(TOKEN, *proofs), **changes)
    assert (error.status, error.error) == (401, "invalid_dpop_proof")
    assert rule in error.description
    for proof in proofs:
        assert not proof or proof not in f"{error!r}{error.headers}"


def raw_proof(header: dict[str, Any], claims: dict[str, Any] | str | None = None, sign: Any = None) -> str:
    good = {"jti": "raw", "htm": "GET", "htu": f"{API}/notes", "iat": NOW, "ath": ATH}
    signing = sign or (lambda message: es256(message, DEVICE))
    return assemble(
        {"typ": "dpop+jwt", "alg": "ES256", "jwk": public_jwk(DEVICE), **header},
        claims if isinstance(claims, str) else {**good, **(claims or {})},
        signing,
    )


def test_the_pieces_below_make_a_good_proof_when_nothing_is_wrong() -> None:
    assert check(headers(TOKEN, raw_proof({}))).subject == "person-1"


def test_exactly_one_proof_is_taken() -> None:
    proof = make_proof(TOKEN)
    refused("exactly one")
    refused("exactly one", proof, proof)
    refused("exactly one", proof, make_proof(TOKEN))
    refused("exactly one", proof, "")
    refused("", f"{proof}, {make_proof(TOKEN)}")
    refused("", "")


@pytest.mark.parametrize("typ", ["JWT", "at+jwt", "DPOP+JWT", "application/dpop+jwt", None, 5])
def test_another_typ_is_refused(typ: object) -> None:
    refused("typ", raw_proof({"typ": typ}))


@pytest.mark.parametrize("alg", ["none", "HS256", "RS256", "ES384", "es256", "EdDSA", None, 5, ["ES256"]])
def test_another_alg_is_refused_whatever_the_signature(alg: object) -> None:
    refused("alg", raw_proof({"alg": alg}))
    refused("alg", raw_proof({"alg": alg}, sign=lambda _: b""))


def test_a_secret_of_the_callers_own_choice_is_no_key() -> None:
    secret = b"s" * 32
    jwk = {"kty": "oct", "k": b64(secret)}
    refused("alg", raw_proof({"alg": "HS256", "jwk": jwk}, sign=lambda m: hmac.digest(secret, m, "sha256")))
    refused("private", raw_proof({"jwk": jwk}))


def test_an_rsa_proof_is_refused_though_rs256_tokens_are_taken() -> None:
    rules = Rules(ISSUER, API, API, ("ES256", "RS256"))
    refused("alg", make_proof(TOKEN, key=RSA_KEY, alg="RS256"), rules=rules)


@pytest.mark.parametrize("member", ["d", "k", "p", "q", "dp", "dq", "qi", "oth"])
def test_a_private_key_in_the_open_is_refused(member: str) -> None:
    refused("private", raw_proof({"jwk": {**public_jwk(DEVICE), member: "AAAA"}}))


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        "x",
        [],
        {},
        {"kty": "EC"},
        {**public_jwk(DEVICE), "kty": "ec"},
        {**public_jwk(DEVICE), "kty": "OKP"},
        {**public_jwk(DEVICE), "crv": "P-384"},
        {**public_jwk(DEVICE), "crv": "secp256k1"},
        {**public_jwk(DEVICE), "x": "AAAA"},
        {**public_jwk(DEVICE), "x": public_jwk(DEVICE)["x"] + "="},
        {**public_jwk(DEVICE), "y": public_jwk(THIEF)["y"]},
    ],
)
def test_a_jwk_that_is_no_public_point_is_refused(jwk: object) -> None:
    refused("", raw_proof({"jwk": jwk}))


def test_a_key_beside_the_header_is_not_looked_for() -> None:
    header = {"typ": "dpop+jwt", "alg": "ES256", "kid": "k1", "jku": f"{ISSUER}/.well-known/jwks.json"}
    refused("", assemble(header, {"jti": "x"}, lambda message: es256(message, DEVICE)))


def test_a_proof_of_another_key_is_refused() -> None:
    refused("bound", make_proof(TOKEN, key=THIEF))


def test_a_good_key_with_anothers_signature_is_refused() -> None:
    refused("signature", raw_proof({}, sign=lambda message: es256(message, THIEF)))
    refused("signature", raw_proof({}, sign=lambda _: bytes(64)))
    refused("signature", raw_proof({}, sign=lambda _: b""))


def test_a_token_bound_to_another_key_is_refused_with_our_proof() -> None:
    token = make_token(cnf={"jkt": thumbprint(THIEF)})
    assert refusal(headers(token, make_proof(token))).error == "invalid_dpop_proof"


@pytest.mark.parametrize("htm", ["POST", "get", "GET ", "", "HEAD", ABSENT, None, 5, ["GET"]])
def test_a_proof_for_another_method_is_refused(htm: object) -> None:
    refused("", make_proof(TOKEN, htm=htm))


@pytest.mark.parametrize(
    "htu",
    [
        f"{API}/other",
        f"{API}/Notes",
        f"{API}/notes/",
        f"{API}/notes/1",
        f"{API}/notes%2F",
        f"{API}/notes/../other",
        f"{API}//notes",
        f"{API}/",
        API,
        "https://evil.example/notes",
        "https://api.example.evil.example/notes",
        "https://api.example@evil.example/notes",
        "https://evil.example#https://api.example/notes",
        "http://api.example/notes",
        "https://api.example:8443/notes",
        "https://api.example:80/notes",
        "//api.example/notes",
        "/notes",
        "",
        f"{API}/notes\n",
        f" {API}/notes",
        f"{API}\\notes",
        ABSENT,
        None,
        5,
        [f"{API}/notes"],
    ],
)
def test_a_proof_for_another_url_is_refused(htu: object) -> None:
    refused("", make_proof(TOKEN, htu=htu))


@pytest.mark.parametrize(
    "htu",
    [
        "HTTPS://API.EXAMPLE/notes",
        f"{API}:443/notes",
        f"{API}/%6eotes",
        f"{API}/x/../notes",
        f"{API}/./notes",
        f"{API}/notes?a=b",
        f"{API}/notes#c",
    ],
)
def test_another_spelling_of_this_url_is_taken(htu: str) -> None:
    assert check(headers(TOKEN, make_proof(TOKEN, htu=htu))).subject


@pytest.mark.parametrize("path", ["/notes\x00", "/nötes", "/no tes", "\\notes", "/notes\r\nHost: evil"])
def test_a_path_that_is_none_fits_no_proof(path: str) -> None:
    for htu in (f"{API}{path}", f"{API}/notes"):
        refused("htu", make_proof(TOKEN, htu=htu), path=path)


@pytest.mark.parametrize("path", ['/"', "/%zz", "/a|b", "/[id]", "/100%"])
def test_a_path_that_clients_send_unescaped_fits_itself_alone(path: str) -> None:
    assert check(headers(TOKEN, make_proof(TOKEN, htu=f"{API}{path}")), path=path).subject
    refused("htu", make_proof(TOKEN, htu=f"{API}/notes"), path=path)


def test_a_path_cannot_reach_into_the_host() -> None:
    for path in (".evil.example/notes", "@evil.example/notes", ":444/notes"):
        refused("htu", make_proof(TOKEN, htu=f"{API}/notes"), path=path)


@pytest.mark.parametrize(
    "iat", [NOW - 61, NOW + 31, 0, -1, 10**30, str(NOW), NOW + 0.5, True, None, ABSENT, NOW * 1000, [NOW]]
)
def test_a_proof_out_of_time_is_refused(iat: object) -> None:
    refused("", make_proof(TOKEN, iat=ABSENT) if iat is ABSENT else raw_proof({}, {"iat": iat}))


@pytest.mark.parametrize("jti", [ABSENT, "", None, 5, "x" * 129, ["x"], "\ud800"])
def test_a_proof_without_a_name_of_its_own_is_refused(jti: object) -> None:
    refused("", make_proof(TOKEN, jti=ABSENT) if jti is ABSENT else raw_proof({}, {"jti": jti}))


@pytest.mark.parametrize(
    "ath",
    [
        ABSENT,
        "",
        None,
        5,
        ATH + "=",
        ATH[:-1],
        TOKEN,
        b64(hashlib.sha256(make_token(jti="other").encode()).digest()),
        b64(hashlib.sha256(b"").digest()),
        hashlib.sha256(TOKEN.encode()).hexdigest(),
    ],
    ids=["absent", "empty", "null", "number", "padded", "short", "token", "other token's", "nothing's", "hexadecimal"],
)
def test_a_proof_for_another_token_is_refused(ath: object) -> None:
    refused("", make_proof(TOKEN, ath=ath))


def test_a_proof_is_good_once() -> None:
    memory = LocalReplayMemory()
    lines = headers(TOKEN, make_proof(TOKEN))
    assert check(lines, replay=memory).subject
    error = refusal(lines, replay=memory)
    assert error.error == "invalid_dpop_proof"
    assert "used before" in error.description
    assert refusal(lines, replay=memory, now=NOW + 60).error == "invalid_dpop_proof"


def test_a_proof_is_good_once_in_whatever_spelling() -> None:
    memory = LocalReplayMemory()
    assert check(headers(TOKEN, make_proof(TOKEN, jti="same")), replay=memory).subject
    for changes in ({"htu": f"{API}:443/./notes"}, {"iat": NOW - 1}, {"nonce": "x"}):
        again = make_proof(TOKEN, jti="same", **changes)
        assert refusal(headers(TOKEN, again), replay=memory).error == "invalid_dpop_proof"


def test_another_key_path_or_method_may_use_the_same_name() -> None:
    memory = LocalReplayMemory()
    assert check(headers(TOKEN, make_proof(TOKEN, jti="same")), replay=memory).subject
    other = make_token(cnf={"jkt": thumbprint(THIEF)})
    assert check(headers(other, make_proof(other, key=THIEF, jti="same")), replay=memory).subject
    elsewhere = make_proof(TOKEN, jti="same", htu=f"{API}/other")
    assert check(headers(TOKEN, elsewhere), replay=memory, path="/other").subject
    post = make_proof(TOKEN, jti="same", htm="POST")
    assert check(headers(TOKEN, post), replay=memory, method="POST").subject


def test_a_refused_proof_takes_no_place_in_the_memory() -> None:
    memory = LocalReplayMemory(capacity=1)
    for number in range(50):
        refusal(headers(TOKEN, make_proof(TOKEN, key=THIEF, jti=f"{number}")), replay=memory)
        refusal(headers(TOKEN, make_proof(TOKEN, htm="PUT")), replay=memory)
    assert check(headers(TOKEN, make_proof(TOKEN)), replay=memory).subject


def test_a_full_memory_lets_nobody_in() -> None:
    error = refusal(headers(TOKEN, make_proof(TOKEN)), replay=LocalReplayMemory(capacity=0))
    assert (error.status, error.error) == (503, "temporarily_unavailable")
    assert error.headers["Retry-After"]
    assert "WWW-Authenticate" not in error.headers


class StrangeMemory:
    """A memory that answers what it likes."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def first_time(self, key: bytes, now: float) -> Any:
        del key, now
        return self.answer


@pytest.mark.parametrize("answer", [None, 1, "yes", object()])
def test_a_memory_that_does_not_say_true_lets_nobody_in(answer: object) -> None:
    with pytest.raises(ConfigurationError):
        check(headers(TOKEN, make_proof(TOKEN)), replay=StrangeMemory(answer))


# --- Nonces -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "nonce",
    [
        ABSENT,
        "",
        "x",
        NONCES.current(NOW) + "A",
        NONCES.current(NOW)[:-1],
        NONCES.current(NOW - 601),
        NONCES.current(NOW + 600),
        Nonces(b"another key that is 32 bytes long").current(NOW),
        "ü" * 43,
    ],
)
def test_a_nonce_that_is_not_ours_or_not_now_is_refused(nonce: Any) -> None:
    error = refusal(headers(TOKEN, make_proof(TOKEN, nonce=nonce)), rules=WITH_NONCE)
    assert (error.status, error.error) == (401, "use_dpop_nonce")
    assert error.headers["DPoP-Nonce"] == NONCES.current(NOW)


@pytest.mark.parametrize("nonce", [None, 5, [NONCES.current(NOW)]])
def test_a_nonce_that_is_no_text_is_a_bad_proof(nonce: object) -> None:
    refused("", make_proof(TOKEN, nonce=nonce), rules=WITH_NONCE)


def test_a_bad_proof_is_told_nothing_about_its_nonce() -> None:
    for nonce in (NONCES.current(NOW), "stale"):
        refused("bound", make_proof(TOKEN, key=THIEF, nonce=nonce), rules=WITH_NONCE)


def test_a_proof_refused_for_its_nonce_may_be_made_again_under_the_same_name() -> None:
    memory = LocalReplayMemory()
    refusal(headers(TOKEN, make_proof(TOKEN, jti="same")), rules=WITH_NONCE, replay=memory)
    again = make_proof(TOKEN, jti="same", nonce=NONCES.current(NOW))
    assert check(headers(TOKEN, again), rules=WITH_NONCE, replay=memory).subject


# --- Shapes -----------------------------------------------------------------------------------------------------------


def test_a_giant_proof_is_refused_unread() -> None:
    for filler in ("a" * 1_000_000, "." * 1_000_000, make_proof(TOKEN, more="x" * 4000)):
        refused("characters", filler)


def test_a_member_named_twice_is_refused() -> None:
    claims = json.dumps({"jti": "x", "htm": "GET", "htu": f"{API}/notes", "iat": NOW, "ath": ATH})
    refused("JSON", raw_proof({}, claims[:-1] + ', "htm": "GET"}'))


def test_header_extensions_are_refused() -> None:
    for extension in ({"crit": ["b64"], "b64": True}, {"b64": False}):
        refused("extension", raw_proof(extension))


def test_a_proof_on_another_curve_is_refused() -> None:
    other = ec.generate_private_key(ec.SECP384R1())
    refused("alg", make_proof(TOKEN, key=other, alg="ES384"))


@given(st.text(max_size=120))
def test_no_proof_makes_it_fall_over(text: str) -> None:
    with pytest.raises(NotAuthorized):
        check(headers(TOKEN, text))


@given(
    st.dictionaries(
        st.sampled_from(["jti", "htm", "htu", "iat", "ath", "nonce"]), st.none() | st.text() | st.integers()
    )
)
def test_no_claims_make_it_fall_over(claims: dict[str, Any]) -> None:
    nonsense = {**claims, "ath": "not the hash"}
    assert refusal(headers(TOKEN, raw_proof({}, nonsense)), rules=WITH_NONCE).status == 401
