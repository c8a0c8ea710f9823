# SPDX-License-Identifier: Apache-2.0
"""The six letters a person carries from one screen to the other: made, shown and read back here.

The letters are those of RFC 8628 §6.1: no vowels (so no words) and no digits; six of them hold 25.9 bits (R22).
"""

import unicodedata
from collections.abc import Callable
from typing import Final

ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH: Final = 6

_LONGEST_INPUT: Final = 64
# The largest multiple of the alphabet's size in a byte: bytes above it would favour the first letters.
_FAIR_BYTES: Final = 256 - 256 % len(ALPHABET)
_LETTERS: Final = frozenset(ALPHABET)


def make(entropy: Callable[[int], bytes]) -> str:
    """Six letters, each equally likely, from `entropy` (called again while too few of its bytes are fair)."""
    letters: list[str] = []
    while len(letters) < LENGTH:
        letters += [ALPHABET[byte % len(ALPHABET)] for byte in entropy(2 * LENGTH) if byte < _FAIR_BYTES]
    return "".join(letters[:LENGTH])


def display(code: str) -> str:
    """The code as people see it, with a hyphen in the middle: `WDJ-BMJ`."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def normalise(typed: str) -> str | None:
    """The six letters a person meant, or None when this is not a code at all and so must not count as a try.

    Case, blanks, hyphens and all other punctuation, symbols and invisible marks of Unicode are ignored (RFC 8628 §6.1).
    Letters are folded within ASCII only, so that no look-alike passes. Input above 64 characters is never a code.
    """
    if len(typed) > _LONGEST_INPUT:
        return None
    letters = "".join(character for character in typed if not _ignored(character))
    # Some letters outside ASCII become ASCII letters in upper case, U+017F (long s) for one.
    code = letters.upper() if letters.isascii() else ""
    return code if len(code) == LENGTH and _LETTERS.issuperset(code) else None


def _ignored(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "PZS" or category == "Cf" or character.isspace()
