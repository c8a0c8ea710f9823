# SPDX-License-Identifier: Apache-2.0
"""A proof passes only if every rule of RFC 9449 §4.3 holds; each attack here breaks exactly one of them."""

import hmac
import json
import random
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.crypto import dpop
from counterfoil_service.crypto.dpop import Proof
from counterfoil_service.crypto.nonces import Nonces

SECOND = 1_000_000
NOW = 1_800_000_123 * SECOND + 456_789
URL = "https://id.example/oauth/token"
TOKEN = "an.access.token"
NONCES = Nonces(bytes(range(32)))
KEY = ec.derive_private_key(0xC0FFEE, ec.SECP256R1())
OTHER_KEY = ec.derive_private_key(0xBAD, ec.SECP256R1())
ABSENT = object()


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def public_jwk(key: ec.EllipticCurvePrivateKey = KEY) -> dict[str, Any]:
    point, size = key.public_key().public_numbers(), (key.curve.key_size + 7) // 8
    name = {"secp256r1": "P-256", "secp384r1": "P-384", "secp256k1": "secp256k1"}[key.curve.name]
    return {"kty": "EC", "crv": name, "x": b64(point.x.to_bytes(size, "big")), "y": b64(point.y.to_bytes(size, "big"))}


def es256(message: bytes, key: ec.EllipticCurvePrivateKey = KEY) -> bytes:
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def assemble(header: str | bytes, payload: str | bytes, sign: Callable[[bytes], bytes] = es256) -> str:
    head, body = (b64(part if isinstance(part, bytes) else part.encode()) for part in (header, payload))
    return f"{head}.{body}.{b64(sign(f'{head}.{body}'.encode()))}"


def good_header() -> dict[str, Any]:
    return {"typ": "dpop+jwt", "alg": "ES256", "jwk": public_jwk()}


def good_claims() -> dict[str, Any]:
    return {"jti": "one", "htm": "POST", "htu": URL, "iat": NOW // SECOND, "nonce": NONCES.current(NOW)}


def changed(members: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**members, **changes}.items() if value is not ABSENT}


def forge(
    header: Mapping[str, object] | None = None,
    claims: Mapping[str, object] | None = None,
    sign: Callable[[bytes], bytes] = es256,
) -> str:
    """A proof, properly signed, that differs from a good one in what is given; ABSENT takes a member away."""
    parts = changed(good_header(), header or {}), changed(good_claims(), claims or {})
    return assemble(json.dumps(parts[0]), json.dumps(parts[1]), sign)


def verify(*proofs: str, **changes: Any) -> Proof:
    arguments: dict[str, Any] = {"method": "POST", "url": URL, "now": NOW, "nonces": NONCES} | changes
    return dpop.verify(proofs, **arguments)


def refusal(*proofs: str, **changes: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        verify(*proofs, **changes)
    return caught.value


def assert_refused(rule: str, *proofs: str, **changes: Any) -> None:
    error = refusal(*proofs, **changes)
    assert error.code is ErrorCode.INVALID_DPOP_PROOF
    assert rule in error.description


def test_a_good_proof_gives_its_thumbprint_and_time() -> None:
    proof = verify(forge())
    assert proof.jkt == dpop.thumbprint(public_jwk())
    assert proof.issued_at == NOW // SECOND
    assert len(proof.replay_key) == 32


def test_a_proof_made_by_another_library_passes() -> None:
    made = pyjwt.encode(good_claims(), KEY, "ES256", {"typ": "dpop+jwt", "jwk": public_jwk()})
    assert verify(made).jkt == dpop.thumbprint(public_jwk())


# --- Published examples -----------------------------------------------------------------------------------------------

RFC_HEADER = (
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJo"
    "RjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19."
)
RFC_TOKEN_PROOF = RFC_HEADER + (
    "eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0"
    "IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
)
RFC_REFRESH_PROOF = RFC_HEADER + (
    "eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0"
    "IjoxNTYyMjY1Mjk2fQ.pAqut2IRDm_De6PR93SYmGBPXpwrAk90e8cP2hjiaG5QsGSuKDYW7_X620BxqhvYC8ynrrvZLTk41mSRroapUA"
)
RFC_RESOURCE_PROOF = RFC_HEADER + (
    "eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRy"
    "ZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9."
    "2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
)
RFC_THUMBPRINT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"


def test_the_thumbprint_of_rfc_9449_section_6_1_is_reproduced() -> None:
    jwk = {
        "kty": "EC",
        "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
        "crv": "P-256",
    }
    assert dpop.thumbprint(jwk) == RFC_THUMBPRINT
    assert dpop.thumbprint({**jwk, "kid": "ignored", "use": "sig"}) == RFC_THUMBPRINT


@pytest.mark.parametrize(("proof", "iat"), [(RFC_TOKEN_PROOF, 1_562_262_616), (RFC_REFRESH_PROOF, 1_562_265_296)])
def test_the_token_requests_of_rfc_9449_pass(proof: str, iat: int) -> None:
    checked = verify(proof, url="https://server.example.com/token", now=iat * SECOND, nonces=None)
    assert (checked.jkt, checked.issued_at) == (RFC_THUMBPRINT, iat)


def test_the_resource_request_of_rfc_9449_passes_with_its_access_token_alone() -> None:
    request: dict[str, Any] = {
        "method": "GET",
        "url": "https://resource.example.org/protectedresource",
        "now": 1_562_262_618 * SECOND,
        "nonces": None,
    }
    access_token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
    assert verify(RFC_RESOURCE_PROOF, access_token=access_token, **request).jkt == RFC_THUMBPRINT
    assert_refused("ath", RFC_RESOURCE_PROOF, access_token=access_token + "x", **request)


# --- 1. One header ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 2, 3])
def test_any_number_of_headers_but_one_is_refused(count: int) -> None:
    assert_refused("exactly one DPoP header", *[forge()] * count)


def test_two_proofs_joined_in_one_header_are_refused() -> None:
    assert_refused("", f"{forge()}, {forge()}")


# --- 2. A well-formed JWS ---------------------------------------------------------------------------------------------


def test_a_proof_of_4096_characters_passes_and_a_longer_one_is_not_looked_at() -> None:
    for padding in range(2600, 2800):
        proof = forge(claims={"pad": "x" * padding})
        if len(proof) <= 4096:
            verify(proof)
        else:
            assert_refused("4096", proof)
    assert_refused("4096", "." * 4097)


def test_a_proof_of_exactly_the_longest_size_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    proof = forge()
    monkeypatch.setattr(dpop, "LONGEST_PROOF", len(proof))
    verify(proof)
    monkeypatch.setattr(dpop, "LONGEST_PROOF", len(proof) - 1)
    assert_refused("characters", proof)


HEAD, BODY, SIGNATURE = forge().split(".")
MALFORMED = {
    "empty": "",
    "two parts": f"{HEAD}.{BODY}",
    "four parts": f"{HEAD}.{BODY}.{SIGNATURE}.",
    "JWE with five parts": f"{HEAD}.{BODY}.{SIGNATURE}.{BODY}.{BODY}",
    "JSON serialisation": json.dumps({"protected": HEAD, "payload": BODY, "signature": SIGNATURE}),
    "blank before": f" {HEAD}.{BODY}.{SIGNATURE}",
    "line break after": f"{HEAD}.{BODY}.{SIGNATURE}\n",
    "padding": f"{HEAD}.{BODY}.{SIGNATURE}==",
    "standard base64": f"{HEAD}.{BODY}.{'+/' + SIGNATURE[2:]}",
    "letters outside ASCII": f"{HEAD}.{BODY}.é{SIGNATURE[1:]}",
    "ignored characters": f"{HEAD}.{BODY}.{SIGNATURE[:40]}!{SIGNATURE[40:]}",
    "empty header": f".{BODY}.{SIGNATURE}",
    "detached payload": f"{HEAD}..{SIGNATURE}",
}


@pytest.mark.parametrize("proof", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_compact_jws_is_refused(proof: str) -> None:
    assert_refused("The DPoP proof is not valid", proof)


def test_a_second_spelling_of_the_signature_is_refused() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    proof = forge()
    twin = proof[:-1] + letters[letters.index(proof[-1]) + 1]
    assert urlsafe_b64decode(twin.split(".")[2] + "==") == urlsafe_b64decode(proof.split(".")[2] + "==")
    assert_refused("canonical base64url", twin)


GOOD_HEADER, GOOD_CLAIMS = json.dumps(good_header()), json.dumps(good_claims())
BAD_JSON = {
    "header no JSON": ("{", GOOD_CLAIMS, "header"),
    "payload no JSON": (GOOD_HEADER, "{", "payload"),
    "header a list": ("[]", GOOD_CLAIMS, "header"),
    "payload a text": (GOOD_HEADER, '"x"', "payload"),
    "payload null": (GOOD_HEADER, "null", "payload"),
    "two objects": (GOOD_HEADER, GOOD_CLAIMS + "{}", "payload"),
    "byte order mark": (GOOD_HEADER, "\ufeff" + GOOD_CLAIMS, "payload"),
    "UTF-16": (GOOD_HEADER, GOOD_CLAIMS.encode("utf-16"), "payload"),
    "not UTF-8": (GOOD_HEADER, GOOD_CLAIMS.encode().replace(b"one", b"\xff\xfe\xfd"), "payload"),
    "deep nesting": (GOOD_HEADER, "[" * 2500, "payload"),
    "deep objects": (GOOD_HEADER, '{"a":' * 500, "payload"),
    "NaN": (GOOD_HEADER, GOOD_CLAIMS[:-1] + ', "x": NaN}', "payload"),
    "typ twice": ('{"typ":"JWT",' + GOOD_HEADER[1:], GOOD_CLAIMS, "header"),
    "htu twice": (GOOD_HEADER, '{"htu":"https://evil.example/",' + GOOD_CLAIMS[1:], "payload"),
    "escaped twin": (GOOD_HEADER, '{"ht\\u0075":"https://evil.example/",' + GOOD_CLAIMS[1:], "payload"),
    "x twice in jwk": (GOOD_HEADER.replace('"kty"', '"x": "AA", "kty"'), GOOD_CLAIMS, "header"),
}


@pytest.mark.parametrize(("header", "payload", "part"), BAD_JSON.values(), ids=BAD_JSON.keys())
def test_json_that_two_readers_could_read_differently_is_refused(header: str, payload: str | bytes, part: str) -> None:
    assert_refused(f"its {part} must be a JSON object", assemble(header, payload))


# --- 3. Every claim is there ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("claim", ["jti", "htm", "htu", "iat"])
@pytest.mark.parametrize("value", [ABSENT, None, [], {}, True, ["POST"]])
def test_a_missing_or_mistyped_claim_is_refused(claim: str, value: object) -> None:
    assert_refused(f"its {claim}", forge(claims={claim: value}))


# --- 4. to 6. typ, alg, jwk -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typ", [ABSENT, None, "", "JWT", "at+jwt", "DPOP+JWT", "application/dpop+jwt", "dpop+jwt ", ["dpop+jwt"]]
)
def test_any_other_typ_is_refused(typ: object) -> None:
    assert_refused("typ", forge({"typ": typ}))


@pytest.mark.parametrize(
    "alg",
    [
        ABSENT,
        None,
        "",
        "none",
        "None",
        "NONE",
        "HS256",
        "RS256",
        "PS256",
        "ES384",
        "ES256K",
        "EdDSA",
        "es256",
        ["ES256"],
        {},
        1,
    ],
)
def test_any_other_alg_is_refused_though_the_signature_is_good(alg: object) -> None:
    assert_refused("alg", forge({"alg": alg}))


def test_an_unsigned_proof_is_refused() -> None:
    assert_refused("alg", forge({"alg": "none"}, sign=lambda _message: b""))
    assert_refused("64 bytes", forge(sign=lambda _message: b""))


def test_the_public_key_taken_for_an_hmac_secret_is_refused() -> None:
    secret = json.dumps(public_jwk()).encode()
    mac = forge({"alg": "HS256"}, sign=lambda message: hmac.digest(secret, message, "sha256"))
    assert_refused("alg", mac)
    symmetric = {"kty": "oct", "k": b64(b"s" * 32)}
    assert_refused("public", forge({"jwk": symmetric}, sign=lambda message: hmac.digest(b"s" * 32, message, "sha256")))


def test_only_asymmetric_algorithms_are_offered() -> None:
    assert dpop.ALGORITHMS == ("ES256",)


@pytest.mark.parametrize("member", ["d", "k", "p", "q", "dp", "dq", "qi", "oth"])
def test_a_jwk_with_a_private_member_is_refused(member: str) -> None:
    assert_refused("public key", forge({"jwk": public_jwk() | {member: "AA"}}))


@pytest.mark.parametrize("jwk", [ABSENT, None, "", [], "https://evil.example/jwk"])
def test_a_header_without_a_key_is_refused(jwk: object) -> None:
    assert_refused("public key as jwk", forge({"jwk": jwk, "jku": "https://evil.example/jwks", "kid": "1"}))


PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1
COEFFICIENT = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
GOOD_X, GOOD_Y = public_jwk()["x"], public_jwk()["y"]


def coordinate(number: int) -> str:
    return b64(number.to_bytes(32, "big"))


def square_root(x: int) -> int:
    return pow(x**3 - 3 * x + COEFFICIENT, (PRIME + 1) // 4, PRIME)


BAD_KEYS: dict[str, dict[str, object]] = {
    "kty RSA": {"kty": "RSA"},
    "kty absent": {"kty": ABSENT},
    "kty OKP": {"kty": "OKP", "crv": "Ed25519"},
    "crv P-384": {"crv": "P-384"},
    "crv secp256k1": {"crv": "secp256k1"},
    "crv in lower case": {"crv": "p-256"},
    "crv a list": {"crv": ["P-256"]},
    "x absent": {"x": ABSENT},
    "y absent": {"y": ABSENT},
    "x empty": {"x": ""},
    "x a number": {"x": 1},
    "x padded": {"x": GOOD_X + "="},
    "x of 31 bytes": {"x": b64(b"\1" * 31)},
    "x of 33 bytes": {"x": b64(b"\0" + urlsafe_b64decode(GOOD_X + "="))},
    "x in standard base64": {"x": "+" + GOOD_X[1:]},
    "x outside ASCII": {"x": "é" + GOOD_X[1:]},
    "x half a surrogate pair": {"x": "\ud800" + GOOD_X[1:]},
    "point not on the curve": {"y": GOOD_X},
    "point at zero": {"x": coordinate(0), "y": coordinate(0)},
    "x as large as the prime": {"x": coordinate(PRIME), "y": coordinate(square_root(0))},
    "x above the prime": {"x": coordinate(5 + PRIME), "y": coordinate(square_root(5))},
    "every bit set": {"x": coordinate(2**256 - 1), "y": coordinate(2**256 - 1)},
}


@pytest.mark.parametrize("changes", BAD_KEYS.values(), ids=BAD_KEYS.keys())
def test_a_jwk_that_is_no_point_on_p_256_in_its_one_spelling_is_refused(changes: dict[str, object]) -> None:
    proof = forge({"jwk": changed(public_jwk(), changes)})
    assert_refused("jwk", proof)
    # Refused for what it is, and not because nobody could sign for it.
    assert "signature" not in refusal(proof).description


def test_a_second_spelling_of_a_coordinate_is_refused() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = GOOD_X[:-1] + letters[letters.index(GOOD_X[-1]) + 1]
    assert_refused("x and y", forge({"jwk": public_jwk() | {"x": twin}}))


def test_a_key_on_another_curve_is_refused() -> None:
    assert_refused("P-256", forge({"jwk": public_jwk(ec.derive_private_key(7, ec.SECP384R1()))}))
    assert_refused("P-256", forge({"jwk": public_jwk(ec.derive_private_key(7, ec.SECP256K1()))}))


@pytest.mark.parametrize(
    "extension",
    [{"crit": ["b64"], "b64": False}, {"b64": False}, {"b64": True}, {"crit": []}, {"crit": ["exp"]}, {"crit": None}],
)
def test_header_extensions_are_refused(extension: dict[str, object]) -> None:
    assert_refused("crit and b64", forge(extension))


# --- 7. The signature -------------------------------------------------------------------------------------------------


def test_a_proof_signed_by_another_key_is_refused() -> None:
    assert_refused("signature", forge(sign=lambda message: es256(message, OTHER_KEY)))


def test_a_proof_with_another_key_put_in_is_refused() -> None:
    head = b64(json.dumps(good_header() | {"jwk": public_jwk(OTHER_KEY)}).encode())
    assert_refused("signature", ".".join([head, *forge().split(".")[1:]]))


def test_a_proof_with_any_byte_changed_is_refused() -> None:
    proof = forge()
    for place in range(len(proof)):
        twin = proof[:place] + ("B" if proof[place] != "B" else "C") + proof[place + 1 :]
        assert refusal(twin).code is ErrorCode.INVALID_DPOP_PROOF


BAD_SIGNATURES: dict[str, Callable[[bytes], bytes]] = {
    "DER": lambda message: KEY.sign(message, ec.ECDSA(SHA256())),
    "zeros": lambda _message: bytes(64),
    "r zero": lambda message: bytes(32) + es256(message)[32:],
    "s zero": lambda message: es256(message)[:32] + bytes(32),
    "every bit set": lambda _message: b"\xff" * 64,
    "63 bytes": lambda message: es256(message)[:63],
    "65 bytes": lambda message: es256(message) + b"\0",
    "96 bytes": lambda message: es256(message) + bytes(32),
    "swapped": lambda message: es256(message)[32:] + es256(message)[:32],
}


@pytest.mark.parametrize("sign", BAD_SIGNATURES.values(), ids=BAD_SIGNATURES.keys())
def test_a_signature_that_is_not_r_and_s_is_refused(sign: Callable[[bytes], bytes]) -> None:
    assert_refused("signature", forge(sign=sign))


# --- 8. and 9. Method and URL -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("htm", ["GET", "post", "POST ", ""])
def test_a_proof_for_another_method_is_refused(htm: str) -> None:
    assert_refused("htm", forge(claims={"htm": htm}))


OTHER_URLS = [
    "",
    "/oauth/token",
    "id.example/oauth/token",
    "//id.example/oauth/token",
    "http://id.example/oauth/token",
    "ftp://id.example/oauth/token",
    "https://id.example:8443/oauth/token",
    "https://id.example:80/oauth/token",
    "https://id.example.evil.example/oauth/token",
    "https://evil.example/oauth/token",
    "https://id.example@evil.example/oauth/token",
    "https://user@id.example/oauth/token",
    "https://id.example/oauth/device_authorization",
    "https://id.example/oauth/token/",
    "https://id.example/oauth//token",
    "https://id.example/OAUTH/token",
    "https://id.example/oauth%2Ftoken",
    "https://id.example/oauth/token%00",
    "https://id.example/oauth/token%",
    "https://id.example/oauth/%zz/../token",
    "https://id.example/oauth/token/..",
    "https://id.example/oauth/to\tken",
    "https://id.example/oauth/token\n",
    " https://id.example/oauth/token",
    "https:\\\\id.example\\oauth\\token",
    "https:///oauth/token",
    "https://id.example./oauth/token",
    "https://\u0131d.example/oauth/token",
    "https://id.example/oauth/token?\n",
    "https://id.example?/oauth/token",
    "https://id.example:0x1bb/oauth/token",
    "HTTP\u017f://id.example/oauth/token",
]


@pytest.mark.parametrize("htu", OTHER_URLS)
def test_a_proof_for_another_url_is_refused(htu: str) -> None:
    assert_refused("htu", forge(claims={"htu": htu}))


SAME_URLS = [
    "HTTPS://ID.Example/oauth/token",
    "https://id.example:443/oauth/token",
    "https://id.example:/oauth/token",
    "https://id.example/oauth/%74oken",
    "https://id.example/%6F%61uth/%74oken",
    "https://%69d.example/oauth/token",
    "https://id.example/oauth/./token",
    "https://id.example/x/../oauth/token",
    "https://id.example/oauth/x/%2e%2E/token",
    "https://id.example/../../oauth/token",
    "https://id.example/oauth/token?client_id=a",
    "https://id.example/oauth/token#top",
    "https://id.example/oauth/token?a#b?c",
]


@pytest.mark.parametrize("htu", SAME_URLS)
def test_another_spelling_of_the_url_passes_and_is_the_same_replay(htu: str) -> None:
    usual = verify(forge())
    assert verify(forge(claims={"htu": htu})) == usual
    assert verify(forge(), url=htu) == usual


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://id.example", "https://id.example/"),
        ("http://127.0.0.1:80/a", "http://127.0.0.1/a"),
        ("http://[::1]:8080/a", "http://[::1]:8080/a?b"),
        ("https://id.example/a%2fb", "https://id.example/a%2Fb"),
        ("https://id.example/a/b/..", "https://id.example/a/"),
        ("https://id.example/a/b/.", "https://id.example/a/b/"),
        ("https://id.example/a//../b", "https://id.example/a/b"),
        ("https://id.example/..", "https://id.example/"),
    ],
)
def test_urls_are_compared_by_rfc_3986(one: str, other: str) -> None:
    verify(forge(claims={"htu": one}), url=other)
    verify(forge(claims={"htu": other}), url=one)


@pytest.mark.parametrize("url", ["", "not a URL", "https://id.example/\n"])
def test_a_url_of_ours_that_is_none_matches_nothing(url: str) -> None:
    assert_refused("htu", forge(claims={"htu": url}), url=url)


@given(st.text(max_size=60) | st.from_regex(r"https?://[a-z%./:?#\[\]@-]{0,40}", fullmatch=True))
def test_normalising_never_raises_and_changes_nothing_the_second_time(uri: str) -> None:
    once = dpop._normalised(uri)
    assert once is None or dpop._normalised(once) == once


# --- 10. Age and nonce ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("age", [60 * SECOND, 0, -30 * SECOND])
@pytest.mark.parametrize("nonces", [NONCES, None])
def test_a_proof_is_good_from_30_s_before_to_60_s_after(age: int, nonces: Nonces | None) -> None:
    now = NOW // SECOND * SECOND + age
    verify(forge(claims={"nonce": NONCES.current(now)}), now=now, nonces=nonces)


@pytest.mark.parametrize("age", [60 * SECOND + 1, -30 * SECOND - 1])
@pytest.mark.parametrize("nonces", [NONCES, None])
def test_a_proof_one_microsecond_outside_is_refused_nonce_or_not(age: int, nonces: Nonces | None) -> None:
    now = NOW // SECOND * SECOND + age
    assert_refused("iat", forge(claims={"nonce": NONCES.current(now)}), now=now, nonces=nonces)


@pytest.mark.parametrize(
    "iat", [float(NOW // SECOND), NOW / SECOND, str(NOW // SECOND), True, 10**400, -(10**400), NOW, 0]
)
def test_an_iat_that_is_no_whole_number_of_seconds_near_now_is_refused(iat: object) -> None:
    assert_refused("iat", forge(claims={"iat": iat}))


@pytest.mark.parametrize(
    "nonce",
    [
        ABSENT,
        "",
        "x",
        NONCES.current(NOW) + "A",
        NONCES.current(NOW)[:-1],
        "é",
        "\ud800",
        Nonces(b"other" * 7).current(NOW),
    ],
)
def test_a_missing_or_foreign_nonce_asks_for_a_new_one(nonce: object) -> None:
    error = refusal(forge(claims={"nonce": nonce}))
    assert error.code is ErrorCode.USE_DPOP_NONCE
    assert "DPoP-Nonce" in error.description


def test_true_is_not_the_first_second_of_1970() -> None:
    assert_refused("whole number", forge(claims={"iat": True}), now=SECOND, nonces=None)


@pytest.mark.parametrize("nonce", [1, True, [], {"n": 1}])
def test_a_nonce_that_is_no_text_is_a_bad_proof(nonce: object) -> None:
    assert_refused("nonce", forge(claims={"nonce": nonce}))


@pytest.mark.parametrize("nonce", [ABSENT, "anything"])
def test_where_no_nonce_is_asked_for_none_is_checked(nonce: object) -> None:
    verify(forge(claims={"nonce": nonce}), nonces=None)


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        ({"typ": "JWT"}, {}),
        ({}, {"htm": "GET"}),
        ({}, {"htu": "https://x/"}),
        ({}, {"iat": 1}),
        ({}, {"jti": ""}),
        ({}, {"ath": "x"}),
    ],
)
def test_a_nonce_is_offered_only_when_all_else_is_right(header: dict[str, object], claims: dict[str, object]) -> None:
    proof = forge(header, {"ath": b64(sha256(TOKEN.encode()).digest()), **claims, "nonce": ABSENT})
    assert refusal(proof, access_token=TOKEN).code is ErrorCode.INVALID_DPOP_PROOF


BUCKET = 300 * SECOND


@given(st.integers(0, 10**10), st.integers(0, BUCKET - 1))
def test_a_nonce_is_good_in_its_bucket_and_the_next_to_the_microsecond(bucket: int, offset: int) -> None:
    nonce = NONCES.current(bucket * BUCKET + offset)
    first, last = bucket * BUCKET, (bucket + 2) * BUCKET - 1
    assert NONCES.accepts(nonce, first)
    assert NONCES.accepts(nonce, last)
    assert not NONCES.accepts(nonce, first - 1)
    assert not NONCES.accepts(nonce, last + 1)


def test_a_nonce_has_40_bytes_and_changes_every_five_minutes() -> None:
    start = NOW // BUCKET * BUCKET
    assert len(urlsafe_b64decode(NONCES.current(start) + "==")) == 40
    assert NONCES.current(start) == NONCES.current(start + BUCKET - 1) != NONCES.current(start + BUCKET)


def test_a_nonce_with_any_bit_changed_is_not_ours() -> None:
    raw = urlsafe_b64decode(NONCES.current(NOW) + "==")
    for place in range(len(raw) * 8):
        twin = int.from_bytes(raw, "big") ^ (1 << place)
        assert not NONCES.accepts(b64(twin.to_bytes(40, "big")), NOW)


def test_a_nonce_of_tomorrow_cannot_be_made_from_one_of_today() -> None:
    raw = urlsafe_b64decode(NONCES.current(NOW) + "==")
    moved = (NOW // BUCKET + 1).to_bytes(8, "big") + raw[8:]
    assert not NONCES.accepts(b64(moved), NOW + BUCKET)


@given(st.text(st.characters(codec=None), max_size=60))
def test_no_text_makes_the_nonce_check_raise(text: str) -> None:
    assert not NONCES.accepts(text, NOW)


def test_nonces_show_nothing_of_their_key() -> None:
    assert repr(NONCES) == "Nonces(…)"


# --- 11. The access token ---------------------------------------------------------------------------------------------


def test_a_proof_that_names_the_access_token_passes() -> None:
    verify(forge(claims={"ath": b64(sha256(TOKEN.encode()).digest())}), access_token=TOKEN)


@pytest.mark.parametrize(
    "ath",
    [
        ABSENT,
        None,
        "",
        TOKEN,
        b64(sha256(b"another").digest()),
        b64(sha256(TOKEN.encode()).digest()) + "=",
        sha256(TOKEN.encode()).hexdigest(),
        1,
    ],
)
def test_a_proof_for_no_or_another_access_token_is_refused(ath: object) -> None:
    assert_refused("ath", forge(claims={"ath": ath}), access_token=TOKEN)


def test_an_empty_access_token_is_still_one() -> None:
    assert_refused("ath", forge(), access_token="")


# --- 12. jti and replay -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jti", ["", "x" * 129, "\ud800", 1, ["one"]])
def test_a_jti_that_cannot_be_remembered_is_refused(jti: object) -> None:
    assert_refused("jti", forge(claims={"jti": jti}))


@pytest.mark.parametrize("jti", ["x", "x" * 128, "ü" * 128])
def test_a_jti_of_1_to_128_characters_passes(jti: str) -> None:
    verify(forge(claims={"jti": jti}))


def test_the_same_request_again_has_the_same_replay_key_even_signed_anew() -> None:
    later = forge(claims={"iat": NOW // SECOND - 1})
    assert verify(forge()).replay_key == verify(forge()).replay_key == verify(later).replay_key


def test_another_key_method_url_or_jti_has_another_replay_key() -> None:
    other = forge({"jwk": public_jwk(OTHER_KEY)}, sign=lambda message: es256(message, OTHER_KEY))
    replay_keys = {
        verify(forge()).replay_key,
        verify(other).replay_key,
        verify(forge(claims={"htm": "PUT"}), method="PUT").replay_key,
        verify(forge(claims={"htu": URL + "x"}), url=URL + "x").replay_key,
        verify(forge(claims={"jti": "two"})).replay_key,
        verify(forge(claims={"htu": URL + "o", "jti": "ne"}), url=URL + "o").replay_key,
    }
    assert len(replay_keys) == 6


def test_no_random_text_passes_or_raises_anything_but_a_refusal() -> None:
    seeded = random.Random(9449)
    pieces = [HEAD, BODY, SIGNATURE, ".", "", "e30", "W10", "bnVsbA", "=", " ", "A", "é"]
    for _ in range(2000):
        text = "".join(seeded.choices(pieces, k=seeded.randrange(8)))
        if text != f"{HEAD}.{BODY}.{SIGNATURE}":
            assert refusal(text).code is ErrorCode.INVALID_DPOP_PROOF


def test_a_refusal_repeats_nothing_of_the_proof() -> None:
    error = refusal(forge(claims={"jti": "x" * 129, "htu": URL}))
    assert "xxx" not in str(error)
    assert error.__cause__ is None
