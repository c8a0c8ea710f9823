# SPDX-License-Identifier: Apache-2.0
"""Names that carry no authority (references of logins, subjects), and the one spelling of bytes as text."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from string import ascii_letters, digits
from typing import Final

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID_LETTERS: Final = 26
_SUBJECT_LETTERS: Final = 22
_BASE64URL: Final = frozenset(f"{ascii_letters}{digits}-_")
_TIME_LETTERS: Final = 10
_PAIRS: Final = [first + second for first in _CROCKFORD for second in _CROCKFORD]
_SHIFTS: Final = range(10 * (_ULID_LETTERS // 2 - 1), -1, -10)


def base64url(data: bytes) -> str:
    """Base64url without padding (RFC 4648 §5, RFC 7515 §2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unbase64url(text: str) -> bytes:
    """The bytes that `base64url` spells exactly this way.

    Raises `ValueError`, without the text in it, for padding, foreign letters and spare bits that are not zero: a value
    with two spellings would pass for two values where it is compared, counted or remembered as text.
    """
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64url(data) != text:
        raise ValueError("not canonical base64url without padding")
    return data


def ulid(now: int, entropy: Callable[[int], bytes]) -> str:
    """A name that sorts by time: 48 bits of Unix milliseconds, 80 random bits, in 26 letters of Crockford's base 32.

    `now` is in microseconds UTC. Raises `OverflowError` before 1970 and after the year 10889 (ULID specification).
    """
    value = int.from_bytes((now // 1000).to_bytes(6, "big") + entropy(10), "big")
    return "".join([_PAIRS[value >> shift & 1023] for shift in _SHIFTS])


def ulid_time(text: str) -> int:
    """When a ULID was made, in microseconds UTC, to the millisecond. For texts of which `is_ulid` is true."""
    milliseconds = 0
    for letter in text[:_TIME_LETTERS]:
        milliseconds = milliseconds << 5 | _CROCKFORD.index(letter)
    return milliseconds * 1000


def is_ulid(text: str) -> bool:
    """Whether `ulid` could have made this text: what could not is looked up nowhere."""
    return len(text) == _ULID_LETTERS and set(text) <= set(_CROCKFORD)


def is_subject(text: str) -> bool:
    """Whether `subject` could have made this text."""
    return len(text) == _SUBJECT_LETTERS and set(text) <= _BASE64URL


def subject(entropy: Callable[[int], bytes]) -> str:
    """A person's `sub`: 128 random bits in 22 base64url characters, so that it says nothing about the address (R78).

    None begins with a hyphen, or a command line would take it for an option.
    """
    while (text := base64url(entropy(16))).startswith("-"):
        pass
    return text
