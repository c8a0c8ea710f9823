# SPDX-License-Identifier: Apache-2.0
"""Proof of possession (RFC 9449): who asks now is who asked first, by key and not by what they carry.

Written on msgspec and cryptography alone: a general JOSE library takes twice as long and offers choices an attacker
could make for us. Everything is refused that the twelve checks of §4.3 do not need.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from json import JSONDecoder
from typing import Final, NamedTuple, NoReturn

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.identifiers import base64url, unbase64url
from counterfoil_service.crypto.keys import framed
from counterfoil_service.crypto.nonces import Nonces

LONGEST_PROOF: Final = 4096
"""Characters of a whole proof; one with P-256 has some 500."""
LONGEST_JTI: Final = 128
OLDEST: Final = 60_000_000
"""How old a proof may be, in microseconds (R64)."""
EARLIEST: Final = 30_000_000
"""How far ahead of our clock a proof may be, in microseconds (R64)."""

_SEGMENTS: Final = 3
_COORDINATE_BYTES: Final = 32
_ES256: Final = ec.ECDSA(SHA256())
_CURVE: Final = ec.SECP256R1()
# RFC 7518 §6.2.2, §6.3.2, §6.4: what only the holder of a key may know, in any key type.
_PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
# Headers that change what the other bytes mean (RFC 7515 §4.1.11, RFC 7797); we understand none of them.
_EXTENSIONS: Final = frozenset({"crit", "b64"})

_URI: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._~!$&'()*+,;=%-]+)(?::(?P<port>[0-9]*))?"
    r"(?P<path>(?:/(?:[a-z0-9._~!$&'()*+,;=:@-]|%[0-9a-f]{2}|/)*)?)(?:[?#][!-~]*)?",
    re.IGNORECASE | re.ASCII,
)
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}


class Proof(msgspec.Struct, frozen=True):
    """A proof that passed every check. Whether it was seen before is for the caller to ask, by `replay_key`."""

    jkt: str
    """RFC 7638 thumbprint of the key that signed, 43 base64url characters."""
    replay_key: bytes
    """SHA-256 over key, method, normalised URL and `jti` (R63), 32 bytes; good to remember for 90 s."""
    issued_at: int
    """`iat`, in seconds since 1970."""


class _Jws(NamedTuple):
    header: dict[str, object]
    claims: dict[str, object]
    signed: bytes
    signature: bytes


def thumbprint(jwk: Mapping[str, str]) -> str:
    """The RFC 7638 §3 thumbprint (SHA-256) of a public EC key, 43 base64url characters. Other members are ignored."""
    required = {member: jwk[member] for member in ("crv", "kty", "x", "y")}
    return base64url(sha256(msgspec.json.encode(required)).digest())


def verify(
    headers: Sequence[str], *, method: str, url: str, now: int, nonces: Nonces | None, access_token: str | None = None
) -> Proof:
    """Check the `DPoP` headers of one request by the twelve rules of RFC 9449 §4.3; the caller asks about its replay.

    `method` and `url` are the request's, the URL built from the configured issuer and never from `Host` (R62).
    `now` is in microseconds UTC. Without `nonces` none is asked for. With an `access_token` the proof must carry its
    hash (`ath`).

    Stricter than the RFC where it leaves room: P-256 with ES256 alone, one spelling of every value, no member twice,
    no header extension, `iat` a whole JSON number (RFC 7519 would let it have a fraction), `jti` 1 to 128 characters.
    As §4.3 no. 9 says, query and fragment are ignored, in the URL and in `htu`.

    Raises `Refusal(INVALID_DPOP_PROOF)` naming the broken rule, or, when only the nonce is missing or stale,
    `Refusal(USE_DPOP_NONCE)`: the caller adds a `DPoP-Nonce` header with `nonces.current(now)`.
    """
    jws = _parse(_only(headers))
    jkt = _check_signature(jws)
    target = _check_target(jws.claims, method, url)
    issued_at = _check_age(jws.claims.get("iat"), now)
    jti = _check_jti(jws.claims.get("jti"))
    _check_token(jws.claims.get("ath"), access_token)
    _check_nonce(jws.claims.get("nonce"), now, nonces)
    replay_key = sha256(framed(jkt.encode(), method.encode(), target.encode(), jti)).digest()
    return Proof(jkt=jkt, replay_key=replay_key, issued_at=issued_at)


def _refusal(rule: str) -> Refusal:
    return Refusal(ErrorCode.INVALID_DPOP_PROOF, f"The DPoP proof is not valid: {rule}.")


def _only(headers: Sequence[str]) -> str:
    if len(headers) != 1:
        raise _refusal(f"send exactly one DPoP header, not {len(headers)}")
    if len(headers[0]) > LONGEST_PROOF:
        raise _refusal(f"it has more than {LONGEST_PROOF} characters")
    return headers[0]


def _parse(proof: str) -> _Jws:
    segments = proof.split(".")
    if len(segments) != _SEGMENTS:
        raise _refusal("it must be a compact JWS of three parts")
    try:
        header, claims, signature = map(unbase64url, segments)
    except ValueError:
        raise _refusal("its parts must be canonical base64url without padding") from None
    signed = f"{segments[0]}.{segments[1]}".encode("ascii")
    return _Jws(_object(header, "header"), _object(claims, "payload"), signed, signature)


def _object(data: bytes, part: str) -> dict[str, object]:
    try:
        value: object = _JSON.decode(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise _refusal(f"its {part} must be a JSON object in UTF-8 that names no member twice") from None
    if not isinstance(value, dict):
        raise _refusal(f"its {part} must be a JSON object")
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is named twice")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


# Not msgspec's decoder, which takes the last of two equal members where another reader may take the first.
_JSON: Final = JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)


def _check_signature(jws: _Jws) -> str:
    if jws.header.get("typ") != "dpop+jwt":
        raise _refusal("its typ must be exactly dpop+jwt")
    if not _EXTENSIONS.isdisjoint(jws.header):
        raise _refusal("the headers crit and b64 are not supported")
    algorithm = jws.header.get("alg")
    verifier = _VERIFIERS.get(algorithm) if isinstance(algorithm, str) else None
    if verifier is None:
        raise _refusal(f"its alg must be one of: {', '.join(ALGORITHMS)}")
    jwk = jws.header.get("jwk")
    if not isinstance(jwk, dict):
        raise _refusal("its header must carry the public key as jwk")
    if not _PRIVATE_MEMBERS.isdisjoint(jwk):
        raise _refusal("its jwk must be a public key, without private or symmetric members")
    return verifier(jwk, jws.signed, jws.signature)


def _check_es256(jwk: Mapping[str, object], signed: bytes, signature: bytes) -> str:
    if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
        raise _refusal("its jwk must be an EC key on P-256")
    key, jkt = _p256_key(_coordinate(jwk.get("x")), _coordinate(jwk.get("y")))
    if len(signature) != 2 * _COORDINATE_BYTES:
        raise _refusal("an ES256 signature has 64 bytes")
    r, s = signature[:_COORDINATE_BYTES], signature[_COORDINATE_BYTES:]
    try:
        key.verify(encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big")), signed, _ES256)
    except InvalidSignature:
        raise _refusal("its signature does not fit its jwk") from None
    return jkt


# A device proves the same key at every poll and refresh: remembering it spares a fifth of the whole check.
@lru_cache(maxsize=1024)
def _p256_key(x: bytes, y: bytes) -> tuple[ec.EllipticCurvePublicKey, str]:
    try:
        # Not EllipticCurvePublicNumbers, which takes a coordinate above the field's prime for a second name of a key.
        key = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, b"\x04" + x + y)
    except ValueError:
        raise _refusal("its jwk is not a point on P-256") from None
    return key, thumbprint({"crv": "P-256", "kty": "EC", "x": base64url(x), "y": base64url(y)})


_Verifier = Callable[[Mapping[str, object], bytes, bytes], str]
# A further algorithm is a further entry: check key and signature, give back the thumbprint. Asymmetric ones only.
_VERIFIERS: Final[Mapping[str, _Verifier]] = {"ES256": _check_es256}
ALGORITHMS: Final = tuple(_VERIFIERS)
"""For `dpop_signing_alg_values_supported` in the metadata (RFC 9449 §5.1)."""


def _coordinate(value: object) -> bytes:
    try:
        coordinate = unbase64url(value) if isinstance(value, str) else b""
    except ValueError:
        coordinate = b""
    if len(coordinate) != _COORDINATE_BYTES:
        raise _refusal("x and y of its jwk must be 32 bytes each, in canonical base64url")
    return coordinate


def _check_target(claims: Mapping[str, object], method: str, url: str) -> str:
    if claims.get("htm") != method:
        raise _refusal("its htm is not the method of this request")
    htu = claims.get("htu")
    target = _normalised(url)
    if target is None or not isinstance(htu, str) or _normalised(htu) != target:
        raise _refusal("its htu is not the URL of this request")
    return target


def _check_age(iat: object, now: int) -> int:
    if not isinstance(iat, int) or isinstance(iat, bool):
        raise _refusal("its iat must be a whole number of seconds")
    age = now - iat * 1_000_000
    if age > OLDEST:
        raise _refusal(
            f"its iat is more than {OLDEST // 1_000_000} s old; make one proof per request, with a right clock"
        )
    if age < -EARLIEST:
        raise _refusal(f"its iat is more than {EARLIEST // 1_000_000} s ahead; set the clock of this device")
    return iat


def _check_jti(jti: object) -> bytes:
    if not isinstance(jti, str) or not 1 <= len(jti) <= LONGEST_JTI:
        raise _refusal(f"its jti must be a text of 1 to {LONGEST_JTI} characters")
    try:
        return jti.encode()
    except UnicodeEncodeError:
        raise _refusal("its jti must be valid Unicode") from None


def _check_token(ath: object, access_token: str | None) -> None:
    if access_token is not None and ath != base64url(sha256(access_token.encode("utf-8", "surrogatepass")).digest()):
        raise _refusal("its ath is not the hash of the access token")


def _check_nonce(nonce: object, now: int, nonces: Nonces | None) -> None:
    if nonces is None:
        return
    if nonce is not None and not isinstance(nonce, str):
        raise _refusal("its nonce must be a text")
    if nonce is None or not nonces.accepts(nonce, now):
        raise Refusal(
            ErrorCode.USE_DPOP_NONCE, "Make a new DPoP proof with the nonce from the DPoP-Nonce header of this answer."
        )


@lru_cache(maxsize=256)
def _normalised(uri: str) -> str | None:
    """The http(s) URI without query and fragment, normalised by RFC 3986 §6.2.2 and §6.2.3; None if it is none.

    A pattern of our own, as urllib drops tabs and line breaks inside a URL without a word.
    """
    match = _URI.fullmatch(uri)
    if match is None:
        return None
    scheme = match["scheme"].lower()
    host = _ESCAPE.sub(_unescaped, match["host"]).lower()
    port = match["port"]
    authority = host if port in {None, "", _DEFAULT_PORTS[scheme]} else f"{host}:{port}"
    return f"{scheme}://{authority}{_without_dots(_ESCAPE.sub(_unescaped, match['path']))}"


def _unescaped(escape: re.Match[str]) -> str:
    character = chr(int(escape[1], 16))
    return character if character in _UNRESERVED else f"%{escape[1].upper()}"


def _without_dots(path: str) -> str:
    """Remove dot segments (RFC 3986 §5.2.4) from a path that is empty or begins with a slash; empty becomes `/`."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments and segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)
