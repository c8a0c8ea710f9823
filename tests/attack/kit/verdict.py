# SPDX-License-Identifier: Apache-2.0
"""What came of an attack, in one of five words, and how an attack says so."""

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Verdict(Enum):
    """The words of the report."""

    HELD = "held"
    BROKE = "DID NOT HOLD"
    NOT_TRIED = "not tried"
    UNDEFENDED = "not defended, documented"
    FAILED = "THE ATTACK FAILED"
    """It met something that it does not understand: nobody knows whether the row holds."""


BAD: Final = frozenset({Verdict.BROKE, Verdict.FAILED})
"""What makes the exit status 1."""


@dataclass(frozen=True)
class Finding:
    """One line of the report. `name` is the attack's file, `evidence` a sentence, `seconds` how long it took."""

    row: str
    name: str
    attack: str
    verdict: Verdict
    evidence: str
    seconds: float


class Broke(Exception):  # noqa: N818 - says what happened
    """The attack succeeded; its text is the evidence."""


class Needs(Exception):  # noqa: N818 - says what is missing
    """The attack cannot be tried with what was given; its text names what it needs."""


class Undefended(str):
    """Evidence of a row that is documented and not defended."""

    __slots__ = ()


def demand(condition: object, otherwise: str) -> None:
    """What a sound deployment does; `otherwise` is what the attacker has won."""
    if not condition:
        raise Broke(otherwise)
