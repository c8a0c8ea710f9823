# SPDX-License-Identifier: Apache-2.0
"""The eight digits that the mail of some applications carries for the app that asked; made, shown and read back here.

Eight decimal digits hold 26.6 bits, above the 20 that ASVS 6.5.4 asks of a code that is typed; five tries give a
guesser one chance in twenty million.
"""

from collections.abc import Callable
from typing import Final

from counterfoil_service.core.errors import ErrorCode, Refusal

LENGTH: Final = 8
MAX_TRIES: Final = 5
"""Wrong mail codes before the login is locked for good."""

MAX_MISSES: Final = 100
"""Wrong mail codes in a row, over all logins of a mailbox, before its mails carry none (SP 800-63B-4 §3.2.2)."""

_SPACE: Final = 10**LENGTH
_BYTES: Final = 4
# The largest multiple of the space that the bytes can spell: what lies above would favour the first codes.
_FAIR: Final = 2 ** (8 * _BYTES) - 2 ** (8 * _BYTES) % _SPACE
_LONGEST_INPUT: Final = 64
_DIGITS: Final = frozenset("0123456789")


def make(entropy: Callable[[int], bytes]) -> str:
    """Eight digits, each code equally likely, from `entropy` (called again while it draws none that is fair)."""
    while (drawn := int.from_bytes(entropy(_BYTES), "big")) >= _FAIR:
        pass
    return f"{drawn % _SPACE:0{LENGTH}d}"


def display(code: str) -> str:
    """The code as people see it: `1234 5678`."""
    return f"{code[: LENGTH // 2]} {code[LENGTH // 2 :]}"


def normalise(typed: str) -> str | None:
    """The eight digits that a person meant, or None for what is no code and so counts as no try."""
    if len(typed) > _LONGEST_INPUT:
        return None
    digits = "".join(character for character in typed if not (character.isspace() or character == "-"))
    return digits if len(digits) == LENGTH and _DIGITS.issuperset(digits) else None


class CodeMismatch(Refusal):
    """A wrong mail code that was counted; `tries_left` is at least one."""

    def __init__(self, tries_left: int) -> None:
        left = "1 try is left" if tries_left == 1 else f"{tries_left} tries are left"
        super().__init__(ErrorCode.CODE_MISMATCH, f"The code does not match the newest mail; {left}.")
        self.tries_left = tries_left
