# SPDX-License-Identifier: Apache-2.0
"""One secret, many keys, none of them another's; a seal opens nowhere but in its own place."""

import hmac
import random
from base64 import urlsafe_b64encode
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.crypto import keys
from counterfoil_service.crypto.keys import CannotUnseal, Keys

RAW = bytes(range(32))
HEX = RAW.hex()
TEXT = urlsafe_b64encode(RAW).decode().rstrip("=")
SALT = b"sixteen bytes ok"
ROOT = sha256(b"root").digest()
NAMES = [
    "mailbox",
    "user_code",
    "nonce",
    "refresh",
    "source",
    "seal_outbox",
    "seal_signing",
    "seal_mailbox",
    "lock",
    "settings",
    "check",
    "client_secret",
    "browser_code",
    "csrf",
    "persistent_id",
    "fingerprint",
    "notice",
    "log",
    "seal_request",
]


@pytest.mark.parametrize("secret_key", [HEX, HEX.upper(), TEXT, "Z" * 43, "-_" * 21 + "A"])
def test_32_bytes_in_hex_or_base64url_are_a_raw_key(secret_key: str) -> None:
    assert keys.is_raw_key(secret_key)


@pytest.mark.parametrize(
    "secret_key", ["", HEX[:-1], HEX + "0", "g" * 64, TEXT + "=", TEXT[:-1], TEXT + "\n", "٣" * 64, "a passphrase " * 4]
)
def test_all_else_is_a_passphrase(secret_key: str) -> None:
    assert not keys.is_raw_key(secret_key)


@pytest.mark.parametrize("secret_key", [HEX, HEX.upper(), TEXT])
def test_a_raw_key_is_extracted_from_its_bytes_whatever_their_spelling(secret_key: str) -> None:
    assert keys.root_key(secret_key, SALT) == hmac.digest(SALT, RAW, "sha256")


def test_every_43_letters_are_a_raw_key_even_with_spare_bits() -> None:
    assert len(keys.root_key("Z" * 43, SALT)) == 32


def test_a_passphrase_is_stretched_by_argon2id() -> None:
    # Made by OpenSSL's argon2id (t=3, m=65536, lanes=4), which the service does not use.
    expected = "9cf856a530f2c0f14265b4cc6448dec52e322159d0fb1aff7752064d9e7d6d55"
    assert keys.root_key("correct horse battery staple, twice", SALT).hex() == expected


@pytest.mark.parametrize("secret_key", [HEX, "correct horse battery staple, twice"])
def test_another_salt_gives_another_root(secret_key: str) -> None:
    assert keys.root_key(secret_key, SALT) != keys.root_key(secret_key, SALT[::-1])


def test_a_passphrase_in_no_known_encoding_works_and_does_not_end_in_an_error() -> None:
    assert len(keys.root_key("caf\udce9 " * 8, SALT)) == 32


@pytest.mark.parametrize("salt", [b"", SALT[:-1], SALT + b"!"])
def test_a_salt_of_another_length_is_refused(salt: bytes) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        keys.root_key(HEX, salt)


@pytest.mark.parametrize("name", NAMES)
def test_each_key_is_an_hkdf_expansion_by_its_own_label(name: str) -> None:
    # RFC 5869 §2.3 for one block, written out; the labels are stored data's and may never change.
    expected = hmac.digest(ROOT, b"counterfoil/1/" + name.encode() + b"\x01", "sha256")
    assert getattr(Keys(ROOT), name) == expected


def test_no_two_purposes_share_a_key() -> None:
    held = Keys(ROOT)
    assert set(Keys.__slots__) == set(NAMES)
    assert len({getattr(held, name) for name in NAMES} | {ROOT}) == len(NAMES) + 1


def test_keys_show_nothing_of_themselves() -> None:
    held = Keys(ROOT)
    assert repr(held) == str(held) == "Keys(…)"
    assert not hasattr(held, "__dict__")


def test_keys_cannot_be_changed() -> None:
    held = Keys(ROOT)
    with pytest.raises(AttributeError, match="read-only"):
        setattr(held, "mailbox", bytes(32))  # noqa: B010 - mypy knows better than to allow the plain form
    with pytest.raises(AttributeError, match="read-only"):
        del held.mailbox


def test_a_short_root_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Keys(b"short")


@given(st.lists(st.binary(max_size=20), max_size=5), st.lists(st.binary(max_size=20), max_size=5))
def test_two_lists_of_parts_never_give_the_same_keyed_hash(one: list[bytes], other: list[bytes]) -> None:
    assert (keys.keyed(ROOT, *one) == keys.keyed(ROOT, *other)) == (one == other)


def test_a_boundary_between_parts_cannot_be_moved() -> None:
    assert keys.keyed(ROOT, b"ab", b"c") != keys.keyed(ROOT, b"a", b"bc")
    assert keys.keyed(ROOT) != keys.keyed(ROOT, b"") != keys.keyed(ROOT, b"", b"")


def test_a_keyed_hash_depends_on_its_key_and_has_32_bytes() -> None:
    assert keys.keyed(ROOT, b"a") != keys.keyed(RAW, b"a")
    assert len(keys.keyed(ROOT, b"a")) == 32


def test_a_digest_is_sha_256_of_bytes_and_of_text() -> None:
    # FIPS 180-4's example for "abc".
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert keys.digest(b"abc").hex() == keys.digest("abc").hex() == expected


def seal(plaintext: bytes, *, key: bytes = ROOT, associated: bytes = b"outbox 1", seed: int = 1) -> bytes:
    return keys.seal(key, plaintext, associated=associated, entropy=random.Random(seed).randbytes)


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_what_was_sealed_comes_out_again(plaintext: bytes, associated: bytes) -> None:
    assert keys.unseal(ROOT, seal(plaintext, associated=associated), associated=associated) == plaintext


def test_a_seal_is_nonce_then_ciphertext_then_tag_and_hides_its_content() -> None:
    sealed = seal(b"the link secret")
    assert sealed[:12] == random.Random(1).randbytes(12)
    assert len(sealed) == 12 + len(b"the link secret") + 16
    assert b"secret" not in sealed


def test_two_seals_of_one_value_differ() -> None:
    assert seal(b"same", seed=1) != seal(b"same", seed=2)


def test_a_seal_with_any_single_bit_changed_does_not_open() -> None:
    sealed = seal(b"the link secret")
    for place in range(len(sealed)):
        for bit in range(8):
            tampered = bytearray(sealed)
            tampered[place] ^= 1 << bit
            with pytest.raises(CannotUnseal):
                keys.unseal(ROOT, bytes(tampered), associated=b"outbox 1")


def test_a_seal_cut_anywhere_does_not_open() -> None:
    sealed = seal(b"the link secret")
    for length in range(len(sealed)):
        with pytest.raises(CannotUnseal):
            keys.unseal(ROOT, sealed[:length], associated=b"outbox 1")


def test_a_seal_moved_to_another_row_does_not_open() -> None:
    with pytest.raises(CannotUnseal):
        keys.unseal(ROOT, seal(b"x"), associated=b"outbox 2")


def test_a_seal_opens_under_no_other_key_and_the_error_says_nothing_of_it() -> None:
    with pytest.raises(CannotUnseal, match="SECRET_KEY") as caught:
        keys.unseal(RAW, seal(b"the link secret"), associated=b"outbox 1")
    assert caught.value.__suppress_context__
    assert "link secret" not in str(caught.value)


@pytest.mark.parametrize("size", [16, 24, 31, 33])
def test_only_256_bit_keys_seal(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        seal(b"x", key=bytes(size))
    with pytest.raises(ValueError, match="32 bytes"):
        keys.unseal(bytes(size), seal(b"x"), associated=b"outbox 1")
