# SPDX-License-Identifier: Apache-2.0
"""Text that keys vouch for: C2SP signed-note with Ed25519 [R125], and witnesses' cosignatures of checkpoints [R130].

A verifier names the keys it trusts as *vkeys*, `name+id+base64(type ‖ public key)`. Signatures of other keys are
ignored; one of a trusted key that does not fit spoils the note. Text counts for nothing until it was opened here.
"""

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Final, final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from counterfoil_service.core.checkpoint import base64_text, parse_base64

ED25519: Final = 0x01
"""Type byte of a signature over the note's text (signed-note, Signature types)."""
COSIGNATURE: Final = 0x04
"""Type byte of a witness's signature over a time and a checkpoint (tlog-cosignature, Ed25519 signed message)."""
MAX_SIGNATURES: Final = 100
"""Signature lines of a note that is looked at."""

_ID_BYTES, _TIME_BYTES, _PUBLIC_BYTES = 4, 8, 32
_MAX_TIME: Final = 2**63 - 1
_NO_NAME: Final = re.compile(r"[\s+\x00-\x1f]")
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")
_LINE: Final = re.compile("\N{EM DASH} (?P<name>[^\\s+]+) (?P<signature>[A-Za-z0-9+/=]+)")
_VKEY: Final = re.compile(r"(?P<name>[^+]+)\+(?P<id>[0-9a-f]{8})\+(?P<key>[A-Za-z0-9+/=]+)")


class BadNote(ValueError):  # noqa: N818 - says what happened, as Refusal does
    """A malformed note, key or name, or a note that the given keys do not vouch for. Says what is wrong."""


class VerifierKey(msgspec.Struct, frozen=True):
    """A public key and the name that it signs under."""

    name: str
    algorithm: int
    """`ED25519` or `COSIGNATURE`."""
    public: bytes
    """32 bytes (RFC 8032 §5.1.5)."""

    def __post_init__(self) -> None:
        """Refuse names that no note may have, and types of key that are not ours to judge."""
        if not self.name or _NO_NAME.search(self.name):
            raise BadNote("a key's name is not empty and has no spaces, plus signs or control characters")
        if self.algorithm not in {ED25519, COSIGNATURE} or len(self.public) != _PUBLIC_BYTES:
            raise BadNote("not an Ed25519 key of type 1 (notes) or 4 (cosignatures)")

    @property
    def id(self) -> bytes:
        """4 bytes that tell the keys of one name apart; they prove nothing."""
        return key_id(self.name, self.algorithm, self.public)

    @property
    def text(self) -> str:
        """The vkey, as it is handed to verifiers."""
        return f"{self.name}+{self.id.hex()}+{base64_text(bytes([self.algorithm]) + self.public)}"

    @classmethod
    def parse(cls, vkey: str) -> "VerifierKey":
        """The key with exactly this vkey; `BadNote` for anything else, an id that is not the key's included."""
        match = _VKEY.fullmatch(vkey)
        if match is None:
            raise BadNote("a vkey is name, id in 8 hex digits and key in base64, with plus signs between")
        material = _bytes(match["key"])
        key = cls(match["name"], material[0], material[1:])
        if key.id.hex() != match["id"]:
            raise BadNote(f"the id in the vkey of {key.name} is not that of its key")
        return key

    def opens(self, text: str, signature: bytes) -> int | None:
        """When a witness signed, in Unix seconds; None for a plain signature; `BadNote` when it is not this key's."""
        time = int.from_bytes(signature[:_TIME_BYTES], "big") if self.algorithm == COSIGNATURE else None
        message = text.encode() if time is None else _cosigned(text, time)
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(
                signature if time is None else signature[_TIME_BYTES:], message
            )
        except InvalidSignature:
            raise BadNote(f"the signature of {self.name} does not fit this text") from None
        return time


@final
class NoteKey:
    """A private key that signs under one name, from 32 secret bytes (RFC 8032 §5.1.5). Silent in logs.

    Raises `BadNote` for a name that no note may have and `ValueError` for a seed of another length.
    """

    __slots__ = ("_private", "_verifier", "name", "vkey")

    def __init__(self, name: str, seed: bytes, algorithm: int = ED25519) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self._verifier = VerifierKey(name, algorithm, self._private.public_key().public_bytes_raw())
        self.name = name
        self.vkey = self._verifier.text

    def sign(self, text: str) -> str:
        """The note: the text, which ends in a newline (`BadNote` otherwise), a blank line and this key's signature."""
        if self._verifier.algorithm != ED25519 or not text.endswith("\n"):
            raise BadNote("a note's text ends in a newline, and its key is no witness's")
        return f"{text}\n{self._line(self._private.sign(_checked(text).encode()))}"

    def cosign(self, body: str, time: int) -> str:
        """The line that a witness adds to the note of a checkpoint with this body. `time` is Unix seconds.

        The key must be of type `COSIGNATURE` (`BadNote` otherwise); whether the log kept its promises is not asked.
        """
        if self._verifier.algorithm != COSIGNATURE:
            raise BadNote("only a witness's key cosigns")
        signature = self._private.sign(_cosigned(_checked(body), time))
        return self._line(time.to_bytes(_TIME_BYTES, "big") + signature)

    def _line(self, signature: bytes) -> str:
        return f"\N{EM DASH} {self.name} {base64_text(self._verifier.id + signature)}\n"

    def __repr__(self) -> str:
        """Show the public key alone."""
        return f"NoteKey({self.vkey!r})"


def key_id(name: str, algorithm: int, public: bytes) -> bytes:
    r"""SHA-256(name ‖ "\n" ‖ type ‖ public key), its first 4 bytes (signed-note and tlog-cosignature)."""
    return sha256(name.encode() + b"\n" + bytes([algorithm]) + public).digest()[:_ID_BYTES]


def open_note(note: str | bytes, vkeys: Iterable[str]) -> tuple[str, list[str]]:
    """The note's text, and the name of each of these keys that signed it, at least one. See `signers` for errors."""
    text, found = signers(note, vkeys)
    return text, [key.name for key in found]


def signers(note: str | bytes, vkeys: Iterable[str]) -> tuple[str, dict[VerifierKey, int | None]]:
    """The note's text, and which of these keys signed it: in Unix seconds when, for witnesses, None for others.

    A key counts once however often it signed, at its latest time; keys that share their 32 bytes under several names
    count apart. Raises `BadNote` for a malformed note, when a given key's signature does not fit, and when none signed.
    """
    trusted = {(key.name, key.id): key for key in map(VerifierKey.parse, vkeys)}
    text, lines = _split(note)
    found: dict[VerifierKey, int | None] = {}
    for name, signature in lines:
        key = trusted.get((name, signature[:_ID_BYTES]))
        if key is not None:
            time = key.opens(text, signature[_ID_BYTES:])
            found[key] = time if time is None else max(time, found.get(key) or 0)
    if not found:
        raise BadNote("none of the given keys signed this note")
    return text, found


def _split(note: str | bytes) -> tuple[str, list[tuple[str, bytes]]]:
    """Text, and name and signature (its id first) of each line after the last empty one (signed-note, Format)."""
    text, blank, block = _checked(note).rpartition("\n\n")
    *lines, rest = block.split("\n")
    if not blank or not lines or rest:
        raise BadNote("a note is text, a blank line and signature lines, each ended by a newline")
    if len(lines) > MAX_SIGNATURES:
        raise BadNote(f"a note has at most {MAX_SIGNATURES} signatures")
    return text + "\n", [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise BadNote("a signature line is an em dash, a name without spaces or plus signs, and base64")
    signature = _bytes(match["signature"])
    if len(signature) <= _ID_BYTES:
        raise BadNote("a signature is too short to be one")
    return match["name"], signature


def _bytes(text: str) -> bytes:
    try:
        return parse_base64(text)
    except ValueError as error:
        raise BadNote(str(error)) from None


def _checked(text: str | bytes) -> str:
    try:
        decoded = text.decode() if isinstance(text, bytes) else text.encode().decode()
    except UnicodeError:
        raise BadNote("a note is UTF-8") from None
    if _CONTROL.search(decoded):
        raise BadNote("a note has no control characters but newlines")
    return decoded


def _cosigned(body: str, time: int) -> bytes:
    """The message of tlog-cosignature, Ed25519 signed message."""
    if not 0 <= time <= _MAX_TIME:
        raise BadNote(f"a cosignature's time is 0 to {_MAX_TIME} seconds")
    return f"cosignature/v1\ntime {time}\n{body}".encode()
