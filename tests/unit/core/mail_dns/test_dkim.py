# SPDX-License-Identifier: Apache-2.0
"""DKIM keys: there, whole, long enough, and not revoked."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core.mail_dns.dkim import check_dkim, rsa_bits
from support.zone import Zone, base64_of, looked_up, rsa_key

MINE, PARENT = "mail.shop.example", "shop.example"
NAME = f"s1._domainkey.{MINE}"
GOOD = f"v=DKIM1; k=rsa; p={base64_of(rsa_key(2048))}"


def judged(zone: Zone) -> tuple[list[tuple[str, str]], str | None]:
    (found, signer), asked = looked_up(check_dkim("s1", (MINE, PARENT)), zone)
    assert len(asked) <= 2
    return [(each.verdict, each.text) for each in found], signer


@pytest.mark.parametrize(
    ("bits", "verdict"),
    [(512, "error"), (1023, "error"), (1024, "warning"), (2047, "warning"), (2048, "ok"), (4096, "ok")],
)
@pytest.mark.parametrize("form", [PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1], ids=["spki", "pkcs1"])
def test_an_rsa_key_is_judged_by_its_length(bits: int, verdict: str, form: PublicFormat) -> None:
    zone = {NAME: f"v=DKIM1; h=sha256; p={base64_of(rsa_key(bits), form)}"}
    ((found, text),), signer = judged(zone)
    assert (found, f"{bits} bits" in text, signer) == (verdict, True, MINE)


RECORDS = {
    "no kind": (GOOD.replace("k=rsa; ", ""), "ok", "2048"),
    "no version": (GOOD.removeprefix("v=DKIM1; "), "ok", "2048"),
    "blanks": (GOOD.replace("p=", "p= \t"), "ok", "2048"),
    "Ed25519": (f"v=DKIM1; k=ed25519; p={base64_of(Ed25519PrivateKey.generate().public_key())}", "ok", "Ed25519"),
    "short Ed25519": ("v=DKIM1; k=ed25519; p=AAAA", "error", "3 bytes"),
    "revoked": ("v=DKIM1; p=", "error", "revoked"),
    "revoked RSA": ("v=DKIM1; k=rsa; p=;", "error", "revoked"),
    "another version": (GOOD.replace("DKIM1", "DKIM2"), "error", "version"),
    "cut short": (GOOD[:200], "error", "in one piece"),
    "quotes": (f'{GOOD}""', "error", "no base64"),
    "no key": ("v=DKIM1; p=bm8ga2V5", "error", "no RSA key"),
    "another kind": (GOOD.replace("k=rsa", "k=dsa"), "error", "dsa"),
}
"""By name: a key that is made anew each time may stand in no test's id."""


@pytest.mark.parametrize("what", RECORDS)
def test_a_key_that_cannot_verify_is_an_error_by_its_reason(what: str) -> None:
    record, verdict, words = RECORDS[what]
    ((found, text),), _ = judged({NAME: record})
    assert (found, words in text) == (verdict, True), text


def test_test_mode_is_told_of_beside_the_key() -> None:
    (key, mode), _ = judged({NAME: f"t=s:y; {GOOD}"})
    assert (key[0], mode[0], "t=y" in mode[1]) == ("ok", "warning", True)


def test_several_keys_at_one_name_are_an_error() -> None:
    assert judged({NAME: [GOOD, GOOD]})[0][0][0] == "error"
    assert judged({NAME: ["a note", GOOD]})[0][0][0] == "ok"


def test_the_key_of_the_organization_is_found_behind_that_of_the_domain_itself() -> None:
    parents = {f"s1._domainkey.{PARENT}": GOOD}
    assert judged(parents)[1] == PARENT
    assert judged(parents | {NAME: GOOD})[1] == MINE
    ((verdict, text),), signer = judged({})
    assert (verdict, signer) == ("error", None)
    assert NAME in text
    assert f"s1._domainkey.{PARENT}" in text


@given(st.binary(max_size=120))
def test_any_bytes_are_a_key_or_none(der: bytes) -> None:
    bits = rsa_bits(der)
    assert bits is None or 0 < bits <= 8 * len(der)


@given(st.integers(min_value=0, max_value=293), st.integers(min_value=0, max_value=255))
def test_a_torn_key_raises_nothing(place: int, byte: int) -> None:
    der = bytearray(base64.b64decode(GOOD.rpartition("p=")[2]))
    assert rsa_bits(bytes(der[:place])) is None, "half a key is none"
    der[place] = byte
    rsa_bits(bytes(der))
