# SPDX-License-Identifier: Apache-2.0
"""Proofs, judged by PyJWT, which shares no code with us."""

import base64
from typing import Any

import jwt
import pytest

from counterfoil_client._proof import JTI_BYTES, make_proof
from counterfoil_client.stores import SoftwareKey
from unit.sdk.stage import KEY, NOON

URL = "https://id.example/oauth/token"


def prove(**changes: Any) -> str:
    values: dict[str, Any] = {"now": NOON, "jti": b"j" * 16, "nonce": None}
    return make_proof(KEY, "POST", changes.pop("url", URL), **{**values, **changes})


def decode(proof: str, key: SoftwareKey = KEY) -> dict[str, Any]:
    x, y = (base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in key.point)
    public = jwt.PyJWK({"kty": "EC", "crv": "P-256", "x": x, "y": y}, "ES256")
    claims: dict[str, Any] = jwt.decode(proof, public, algorithms=["ES256"], options={"verify_iat": False})
    return claims


def test_the_claims_are_exactly_those_of_the_standard() -> None:
    assert decode(prove()) == {
        "jti": "ampqampqampqampqampqag",
        "htm": "POST",
        "htu": URL,
        "iat": int(NOON.timestamp()),
    }


def test_a_known_nonce_is_among_them() -> None:
    assert decode(prove(nonce="n-1"))["nonce"] == "n-1"


def test_the_header_is_exactly_that_of_the_standard_and_holds_no_private_part() -> None:
    header = jwt.get_unverified_header(prove())
    assert set(header) == {"typ", "alg", "jwk"}
    assert (header["typ"], header["alg"]) == ("dpop+jwt", "ES256")
    assert set(header["jwk"]) == {"kty", "crv", "x", "y"}
    assert (header["jwk"]["kty"], header["jwk"]["crv"]) == ("EC", "P-256")
    assert [len(header["jwk"][part]) for part in "xy"] == [43, 43]


@pytest.mark.parametrize("tail", ["?a=b", "#c", "?a=b#c", "?", "#"])
def test_query_and_fragment_stay_out_of_the_proof(tail: str) -> None:
    assert decode(prove(url=URL + tail))["htu"] == URL


def test_another_key_did_not_sign_it() -> None:
    with pytest.raises(jwt.InvalidSignatureError):
        decode(prove(), SoftwareKey.generate())


def test_a_slip_holds_at_least_96_bits() -> None:
    assert JTI_BYTES * 8 >= 96


def test_short_coordinates_and_signatures_keep_their_length() -> None:
    for _ in range(64):
        key = SoftwareKey.generate()
        assert len(key.sign(b"x")) == 64
        assert [len(part) for part in key.point] == [32, 32]
