# SPDX-License-Identifier: Apache-2.0
"""The public key of DKIM (RFC 6376, RFC 8301, RFC 8463) at one selector."""

import base64
import binascii
from typing import Final, Literal

from counterfoil_service.core.mail_dns.judgement import Judgement, LookUps, shown, tags_of

LEAST_BITS: Final = 1024
"""Of RSA; verifiers take nothing shorter (RFC 8301 §3.2)."""
GOOD_BITS: Final = 2048
_ED25519_BYTES: Final = 32
_SEQUENCE: Final = 0x30
_INTEGER: Final = 0x02
_BIT_STRING: Final = 0x03
_LONG_LENGTH: Final = 0x80


def key_name(selector: str, domain: str) -> str:
    """Where the key of a selector stands."""
    return f"{selector}._domainkey.{domain}"


def check_dkim(selector: str, domains: tuple[str, ...]) -> LookUps[tuple[list[Judgement], str | None]]:
    """The key at the first of the domains that has one, and which that is."""
    for domain in domains:
        texts = [text for text in (yield key_name(selector, domain)) if "p" in tags_of(text)]
        if texts:
            return _judged(texts, key_name(selector, domain)), domain
    tried = " and ".join(key_name(selector, domain) for domain in domains)
    text = f"no key at {tried}: publish what your mail server or provider gives you, or correct DKIM_SELECTOR"
    return [_said("error", text)], None


def _judged(texts: list[str], name: str) -> list[Judgement]:
    if len(texts) > 1:
        return [_said("error", f"{name} has {len(texts)} keys, and nobody can tell which counts: keep one")]
    tags = tags_of(texts[0])
    if tags.get("v", "DKIM1") != "DKIM1":
        return [_said("error", f"{name} is of version {shown(tags['v'])}: only DKIM1 is read")]
    judged = [_key(tags, name)]
    if "y" in tags.get("t", "").split(":"):
        judged.append(_said("warning", f"{name} is in test mode (t=y): receivers may treat mail as unsigned"))
    return judged


def _key(tags: dict[str, str], name: str) -> Judgement:
    kind, encoded = tags.get("k", "rsa"), "".join(tags["p"].split())
    if not encoded:
        return _said("error", f"the key of {name} is revoked (empty p): sign with another selector")
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return _said("error", f"the key of {name} is no base64: publish it anew, in one piece")
    if kind == "ed25519":
        if len(key) == _ED25519_BYTES:
            text = f"{name} has an Ed25519 key; sign with RSA as well, as many receivers verify nothing else"
            return _said("ok", text)
        return _said("error", f"the key of {name} is no Ed25519 key: it has {len(key)} bytes and not {_ED25519_BYTES}")
    if kind != "rsa":
        return _said("error", f"the key of {name} is of a kind that nobody verifies: {shown(kind)}")
    return _rsa(rsa_bits(key), name)


def _rsa(bits: int | None, name: str) -> Judgement:
    if bits is None:
        return _said("error", f"the key of {name} is no RSA key: publish it anew, in one piece")
    if bits < LEAST_BITS:
        return _said(
            "error", f"the key of {name} has {bits} bits, and verifiers take {LEAST_BITS} or more: make another"
        )
    if bits < GOOD_BITS:
        return _said("warning", f"the key of {name} has {bits} bits: make one of {GOOD_BITS}")
    return _said("ok", f"{name} has an RSA key of {bits} bits")


def rsa_bits(der: bytes) -> int | None:
    """The length of the modulus of a SubjectPublicKeyInfo or RSAPublicKey; None for anything else."""
    try:
        first, rest = _element(_inside(der, _SEQUENCE))
        if first[0] == _SEQUENCE:
            # The algorithm; then the key in a bit string, behind a byte that counts its unused bits.
            first, _ = _element(_inside(_inside(rest, _BIT_STRING)[1:], _SEQUENCE))
        modulus = int.from_bytes(_inside(first, _INTEGER))
    except (IndexError, ValueError):
        return None
    return modulus.bit_length() or None


def _inside(der: bytes, kind: int) -> bytes:
    element, _ = _element(der)
    if element[0] != kind:
        raise ValueError("another kind of element")
    return element[_header(element) :]


def _element(der: bytes) -> tuple[bytes, bytes]:
    """The first element (X.690 §8.1), and what follows."""
    start = _header(der)
    length = der[1] if der[1] < _LONG_LENGTH else int.from_bytes(der[2:start])
    if len(der) < start + length:
        raise ValueError("cut short")
    return der[: start + length], der[start + length :]


def _header(der: bytes) -> int:
    return 2 if der[1] < _LONG_LENGTH else 2 + der[1] - _LONG_LENGTH


def _said(verdict: Literal["ok", "warning", "error"], text: str) -> Judgement:
    return Judgement(verdict, "DKIM", text)
