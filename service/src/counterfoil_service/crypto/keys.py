# SPDX-License-Identifier: Apache-2.0
"""Every key of the service comes from one secret, here: one label for each purpose, so that no two uses share a key.

The database holds hashes, keyed hashes and seals only; whoever copies it without the secret holds nothing to use.
"""

import hmac
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable
from hashlib import sha256
from typing import Final, NoReturn, final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

KEY_BYTES: Final = 32
SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16

_HEX: Final = re.compile(r"[0-9A-Fa-f]{64}")
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]{43}")


class CannotUnseal(Exception):  # noqa: N818 - says what happened, as Refusal does
    """A sealed value was altered, moved to another place, or sealed under another key. Says nothing of its content."""


def is_raw_key(secret_key: str) -> bool:
    """Whether this is 32 bytes spelt as 64 hex or 43 base64url characters; all else is a passphrase."""
    return (_HEX.fullmatch(secret_key) or _BASE64URL.fullmatch(secret_key)) is not None


def root_key(secret_key: str, salt: bytes) -> bytes:
    """The 32 bytes from which `Keys` derives. `salt` is the database's, 16 bytes (`ValueError` otherwise).

    A raw key is full of entropy and takes HKDF-Extract with SHA-256 (RFC 5869 §2.2). A passphrase takes argon2id with
    t=3, 64 MiB, p=4 (RFC 9106 §4): some 90 ms, once at start.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"the salt must have {SALT_BYTES} bytes")
    if is_raw_key(secret_key):
        return HKDF.extract(SHA256(), salt, _raw(secret_key))
    return _stretched(secret_key, salt)


@final
class Keys:
    """The keys of one service, from `root_key`'s 32 bytes: each 32 bytes by HKDF-Expand (RFC 5869 §2.3), derived once.

    Read-only, and silent in logs. The attribute's name is part of its label: renaming one changes the key.
    Raises `ValueError` for a root of another length.
    """

    __slots__ = (
        "browser_code",
        "check",
        "client_secret",
        "csrf",
        "fingerprint",
        "lock",
        "log",
        "mailbox",
        "nonce",
        "notice",
        "persistent_id",
        "refresh",
        "seal_mailbox",
        "seal_outbox",
        "seal_request",
        "seal_signing",
        "settings",
        "source",
        "user_code",
    )

    mailbox: bytes
    """HMAC of canonical addresses."""
    user_code: bytes
    """HMAC of user codes (R26)."""
    nonce: bytes
    """HMAC of DPoP nonces."""
    refresh: bytes
    """HMAC that makes a refresh token's successor."""
    source: bytes
    """HMAC of callers' address ranges."""
    seal_outbox: bytes
    """Seals link secrets in the outbox."""
    seal_signing: bytes
    """Seals private signing keys."""
    seal_mailbox: bytes
    """Seals the keys of single mailboxes."""
    seal_request: bytes
    """Seals what a browser asked for while its person signs in."""
    browser_code: bytes
    """HMAC that gives a browser's login its user code."""
    csrf: bytes
    """HMAC of a browser's cookie that its forms carry."""
    fingerprint: bytes
    """HMAC of the digests that devices send of themselves [R102]."""
    notice: bytes
    """HMAC of session ids that gives the secret in a session's notices."""
    persistent_id: bytes
    """HMAC of canonical addresses, for applications that link accounts by it."""
    log: bytes
    """Seed of the Ed25519 key that signs the audit log's checkpoints."""
    settings: bytes
    """HMAC of settings, by which a change of one is noticed."""
    lock: bytes
    """HMAC that names advisory locks."""
    client_secret: bytes
    """Names client secrets that were verified moments ago."""
    check: bytes
    """Known-answer value by which a wrong SECRET_KEY is noticed at start."""

    def __init__(self, root: bytes) -> None:
        if len(root) != KEY_BYTES:
            raise ValueError(f"the root key must have {KEY_BYTES} bytes")
        for name in self.__slots__:
            label = b"counterfoil/1/" + name.encode("ascii")
            object.__setattr__(self, name, HKDFExpand(SHA256(), KEY_BYTES, label).derive(root))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse: every part of the service holds the same keys."""
        raise AttributeError(f"{name} is read-only")

    def __delattr__(self, name: str) -> NoReturn:
        """Refuse, for the same reason."""
        raise AttributeError(f"{name} is read-only")

    def __repr__(self) -> str:
        """Name the class alone."""
        return "Keys(…)"


def framed(*parts: bytes) -> bytes:
    """The parts in one string, each behind its length in 8 bytes, so that no two lists of parts give the same."""
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


def keyed(key: bytes, *parts: bytes) -> bytes:
    """HMAC-SHA-256 (RFC 2104) of the `framed` parts, 32 bytes."""
    return hmac.digest(key, framed(*parts), "sha256")


def digest(secret: bytes | str) -> bytes:
    """SHA-256 of a secret of full entropy, 32 bytes; text is taken as UTF-8."""
    return sha256(secret.encode() if isinstance(secret, str) else secret).digest()


def seal(key: bytes, plaintext: bytes, *, associated: bytes, entropy: Callable[[int], bytes]) -> bytes:
    """AES-256-GCM (NIST SP 800-38D): 12-byte nonce from `entropy`, ciphertext, 16-byte tag.

    `associated` ties the seal to its place (a row's id): it opens nowhere else. With random nonces one key may seal
    2^32 values (§8.3 there). Raises `ValueError` for a key that has not 32 bytes.
    """
    nonce = entropy(_NONCE_BYTES)
    return nonce + _cipher(key).encrypt(nonce, plaintext, associated)


def unseal(key: bytes, sealed: bytes, *, associated: bytes) -> bytes:
    """What `seal` was given, for the same key and `associated`; anything else raises `CannotUnseal`."""
    cipher = _cipher(key)
    if len(sealed) < _NONCE_BYTES + _TAG_BYTES:
        raise CannotUnseal("a sealed value is too short: it was cut, or is none")
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], associated)
    except InvalidTag:
        raise CannotUnseal(
            "a sealed value was altered or moved, or SECRET_KEY is not the one it was made with"
        ) from None


def _cipher(key: bytes) -> AESGCM:
    if len(key) != KEY_BYTES:
        raise ValueError(f"a sealing key must have {KEY_BYTES} bytes")
    return AESGCM(key)


def _raw(secret_key: str) -> bytes:
    if _HEX.fullmatch(secret_key):
        return bytes.fromhex(secret_key)
    # Not unbase64url: 43 letters drawn one by one leave two spare bits at random, and is_raw_key counts letters only.
    return urlsafe_b64decode(secret_key + "=")


def _stretched(passphrase: str, salt: bytes) -> bytes:
    # Imported here: 28 ms that only a passphrase costs.
    from argon2.low_level import Type, hash_secret_raw

    return hash_secret_raw(
        # Environments may hold bytes that are no UTF-8; a failed encoding would put the passphrase into its message.
        passphrase.encode("utf-8", "surrogateescape"),
        salt,
        time_cost=3,
        memory_cost=64 * 1024,
        parallelism=4,
        hash_len=KEY_BYTES,
        type=Type.ID,
    )
