# SPDX-License-Identifier: Apache-2.0
"""Tokens are readable by a library that is not ours, and private keys stay out of sight."""

import json
import random
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil_service.core.identifiers import base64url
from counterfoil_service.crypto import jwt
from counterfoil_service.crypto.jwt import SigningKey
from counterfoil_service.crypto.keys import digest

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def signing_key(seed: int = 1) -> SigningKey:
    return SigningKey.generate("ES256", random.Random(seed).randbytes)


def scalar(key: SigningKey) -> int:
    private = serialization.load_der_private_key(key.private_bytes(), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    return private.private_numbers().private_value


def test_pyjwt_accepts_a_token_by_the_published_key() -> None:
    key = signing_key()
    claims = {"iss": "https://id.example", "sub": "s", "scope": "email", "cnf": {"jkt": "t"}, "amr": ["pop", "swk"]}
    token = jwt.sign(claims, key)
    assert pyjwt.decode(token, pyjwt.PyJWK(key.public_jwk()), algorithms=["ES256"]) == claims


def test_the_header_is_typ_alg_and_kid() -> None:
    key = signing_key()
    assert pyjwt.get_unverified_header(jwt.sign({}, key)) == {"typ": "at+jwt", "alg": "ES256", "kid": key.kid}
    assert pyjwt.get_unverified_header(jwt.sign({}, key, typ="logout+jwt"))["typ"] == "logout+jwt"


@settings(max_examples=50)
@given(
    st.dictionaries(
        st.text(max_size=10), st.text(max_size=20) | st.integers(-(2**53), 2**53) | st.booleans(), max_size=5
    )
)
def test_any_claims_survive(claims: dict[str, object]) -> None:
    key = signing_key()
    raw = pyjwt.PyJWS().decode(jwt.sign(claims, key), pyjwt.PyJWK(key.public_jwk()), algorithms=["ES256"])
    assert json.loads(raw) == claims


def test_signatures_always_have_64_bytes() -> None:
    # One in 128 has a leading zero byte in r or s, which DER drops and JWS keeps.
    key = signing_key()
    for number in range(600):
        assert len(urlsafe_b64decode(jwt.sign({"n": number}, key).split(".")[2] + "==")) == 64


def test_another_key_does_not_verify() -> None:
    with pytest.raises(pyjwt.InvalidSignatureError):
        pyjwt.decode(jwt.sign({}, signing_key(1)), pyjwt.PyJWK(signing_key(2).public_jwk()), algorithms=["ES256"])


def test_the_same_entropy_gives_the_same_key_and_other_entropy_another() -> None:
    assert signing_key(1).private_bytes() == signing_key(1).private_bytes()
    assert signing_key(1).kid != signing_key(2).kid


def fixed(number: int) -> Callable[[int], bytes]:
    return lambda size: number.to_bytes(size, "big")


@pytest.mark.parametrize(("number", "expected"), [(0, 1), (ORDER - 2, ORDER - 1), (ORDER - 1, 1), (ORDER, 2)])
def test_the_private_number_is_between_one_and_the_order(number: int, expected: int) -> None:
    assert scalar(SigningKey.generate("ES256", fixed(number))) == expected


def test_a_key_is_made_from_128_bits_more_than_it_needs() -> None:
    asked: list[int] = []

    def entropy(size: int) -> bytes:
        asked.append(size)
        return bytes(size)

    SigningKey.generate("ES256", entropy)
    assert asked == [48]


def test_a_key_comes_back_from_its_private_bytes() -> None:
    key = signing_key()
    assert SigningKey.from_private_bytes(key.private_bytes()).public_jwk() == key.public_jwk()


def pkcs8(
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey, *, password: bool = False
) -> bytes:
    encryption = serialization.BestAvailableEncryption(b"pw") if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, encryption)


FOREIGN = {
    "garbage": b"garbage",
    "a short RSA key": pkcs8(rsa.generate_private_key(65537, 2048)),
    "another curve": pkcs8(ec.derive_private_key(5, ec.SECP384R1())),
    "another kind": pkcs8(ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))),
    "encrypted": pkcs8(ec.derive_private_key(5, ec.SECP256R1()), password=True),
}


@pytest.mark.parametrize("data", FOREIGN.values(), ids=FOREIGN.keys())
def test_other_private_bytes_are_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        SigningKey.from_private_bytes(data)
    assert repr(data) not in str(caught.value)


def test_the_public_key_names_its_use_and_its_thumbprint() -> None:
    jwk = signing_key().public_jwk()
    required = f'{{"crv":"P-256","kty":"EC","x":"{jwk["x"]}","y":"{jwk["y"]}"}}'
    assert urlsafe_b64decode(jwk["kid"] + "=") == digest(required)
    assert {**jwk, "x": "", "y": "", "kid": ""} == {
        "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "x": "", "y": "", "kid": ""
    }  # fmt: skip
    assert len(jwk["x"]) == len(jwk["y"]) == len(jwk["kid"]) == 43


def test_changing_a_published_key_changes_nothing_here() -> None:
    key = signing_key()
    key.public_jwk()["kid"] = "mallory"
    assert key.public_jwk()["kid"] == key.kid != "mallory"


def test_a_signing_key_shows_only_its_public_name() -> None:
    key = signing_key()
    assert repr(key) == f"SigningKey(kid='{key.kid}', algorithm='ES256')"


def test_coordinates_with_leading_zeros_keep_their_32_bytes() -> None:
    # One key in 128 has a coordinate with a leading zero byte, which a careless spelling drops.
    for number in range(1, 400):
        jwk = SigningKey.generate("ES256", fixed(number)).public_jwk()
        assert len(jwk["x"]) == len(jwk["y"]) == 43


@pytest.fixture(scope="module")
def rsa_key() -> SigningKey:
    return SigningKey.generate("RS256", random.Random(1).randbytes)


def test_pyjwt_accepts_a_token_by_an_rsa_key_too(rsa_key: SigningKey) -> None:
    token = jwt.sign({"sub": "s"}, rsa_key)
    assert pyjwt.decode(token, pyjwt.PyJWK(rsa_key.public_jwk()), algorithms=["RS256"]) == {"sub": "s"}
    assert pyjwt.get_unverified_header(token) == {"typ": "at+jwt", "alg": "RS256", "kid": rsa_key.kid}


def test_the_public_rsa_key_names_its_use_and_its_thumbprint(rsa_key: SigningKey) -> None:
    jwk = rsa_key.public_jwk()
    required = f'{{"e":"AQAB","kty":"RSA","n":"{jwk["n"]}"}}'
    assert urlsafe_b64decode(jwk["kid"] + "=") == digest(required)
    assert {**jwk, "n": "", "kid": ""} == {
        "kty": "RSA", "alg": "RS256", "use": "sig", "e": "AQAB", "n": "", "kid": ""
    }  # fmt: skip
    assert len(urlsafe_b64decode(jwk["n"] + "==")) * 8 == jwt.RSA_BITS


def test_an_rsa_key_comes_back_from_its_private_bytes(rsa_key: SigningKey) -> None:
    again = SigningKey.from_private_bytes(rsa_key.private_bytes())
    assert (again.public_jwk(), again.algorithm) == (rsa_key.public_jwk(), "RS256")
    assert repr(again) == f"SigningKey(kid='{rsa_key.kid}', algorithm='RS256')"


def test_a_token_is_verified_by_the_key_that_it_names(rsa_key: SigningKey) -> None:
    ours = {key.kid: key for key in (signing_key(1), signing_key(2), rsa_key)}
    for key in ours.values():
        payload = jwt.verified(jwt.sign({"sub": key.kid}, key), ours)
        assert payload is not None
        assert json.loads(payload) == {"sub": key.kid}
    assert jwt.verified(jwt.sign({}, signing_key(3)), ours) is None
    assert jwt.verified(jwt.sign({}, signing_key(1)), {signing_key(1).kid: signing_key(2)}) is None
    assert jwt.verified(jwt.sign({}, signing_key(1), typ="logout+jwt"), ours) is None


def test_any_byte_that_changes_makes_a_token_worthless(rsa_key: SigningKey) -> None:
    for key in (signing_key(), rsa_key):
        token = jwt.sign({"sub": "s"}, key)
        for place in range(0, len(token), 7):
            other = "A" if token[place] != "A" else "B"
            assert jwt.verified(token[:place] + other + token[place + 1 :], {key.kid: key}) is None


def test_a_signature_has_one_spelling() -> None:
    key = signing_key()
    header, claims, signature = jwt.sign({}, key).split(".")
    raw = urlsafe_b64decode(signature + "==")
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    for spelt in (encode_dss_signature(r, s), raw[:32] + b"\0" + raw[32:], raw + b"\0", b"\0" + raw, raw[:63], b""):
        assert jwt.verified(f"{header}.{claims}.{base64url(spelt)}", {key.kid: key}) is None
    for respelt in (
        f"{header}.{claims}.{signature}=",
        f"{header}=.{claims}.{signature}",
        f"{header}.{claims}.{signature}\n",
    ):
        assert jwt.verified(respelt, {key.kid: key}) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"kid": 5},
        {"kid": None},
        {"crit": ["exp"]},
        {"b64": False},
        {"jwk": {}},
        {"typ": "AT+JWT"},
        {"typ": "application/at+jwt"},
        {"typ": None},
        {"alg": "es256"},
        {"alg": "RS256"},
        {"alg": "none"},
    ],
)
def test_only_the_header_that_we_write_is_read(changes: dict[str, Any]) -> None:
    key = signing_key()
    header = {"typ": "at+jwt", "alg": "ES256", "kid": key.kid}

    def made(members: Any) -> str:
        signed = f"{base64url(json.dumps(members).encode())}.{base64url(b'{}')}"
        return f"{signed}.{base64url(key.signature(signed.encode()))}"

    assert jwt.verified(made(header), {key.kid: key}) == b"{}"
    for members in (header | changes, [header], key.kid):
        assert jwt.verified(made(members), {key.kid: key}) is None


@given(st.text(max_size=60) | st.text(alphabet=".eyJA=-_\0\ud800é", max_size=60))
def test_no_text_is_an_error(text: str) -> None:
    assert jwt.verified(text, {}) is None


def test_a_giant_is_not_looked_at() -> None:
    key = signing_key()
    assert jwt.verified(jwt.sign({"x": "A" * 7_000}, key), {key.kid: key}) is None
    assert jwt.verified("[" * 100_000, {key.kid: key}) is None
    deep = base64url(b"[" * 5_000)
    assert jwt.verified(f"{deep}.{deep}.{deep[:1000]}", {key.kid: key}) is None


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_a_token_that_was_known_once_makes_no_other_one_pass(algorithm: jwt.Algorithm) -> None:
    key = SigningKey.generate(algorithm, random.Random(1).randbytes)
    signature, message = key.signature(b"message"), b"message"
    for _ in range(3):
        assert key.fits(signature, message)
        assert not key.fits(signature, b"other message")
        assert not key.fits(signature[:-1] + bytes([signature[-1] ^ 1]), message)
        # Cut elsewhere, the same bytes are another token.
        assert not key.fits(signature + message[:1], message[1:])
        assert not key.fits(signature[:-1], signature[-1:] + message)
    assert not SigningKey.generate(algorithm, random.Random(2).randbytes).fits(signature, message)


def test_what_a_key_knows_again_is_bounded_and_nothing_that_did_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jwt, "MOST_KNOWN", 3)
    key = signing_key()
    for number in range(10):
        message = bytes([number])
        assert key.fits(key.signature(message), message)
        assert not key.fits(bytes(64), message)
        assert 1 <= len(key._fitting) <= 3
