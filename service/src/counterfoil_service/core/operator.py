# SPDX-License-Identifier: Apache-2.0
"""Who runs the service or reads its audit log, and the tokens that stand for them at the API [R139]."""

from collections.abc import Callable
from typing import Final, Literal

import msgspec

from counterfoil_service.core.identifiers import base64url

Role = Literal["operator", "auditor"]
"""An operator works at the service, an auditor reads the audit log: neither is the other."""
ROLES: Final[tuple[Role, ...]] = ("operator", "auditor")

COMMAND_LINE: Final = "cli"
"""In the operator's place, where a command ran on the service's own machine."""

_PREFIX: Final = "cfo_"
_BYTES: Final = 32
_LETTERS: Final = 43


class Operator(msgspec.Struct, frozen=True):
    """`mailbox` is the keyed hash of the canonical address."""

    id: str
    mailbox: bytes
    address: str
    role: Role
    created_at: int

    def __repr__(self) -> str:
        return f"Operator(id={self.id!r}, role={self.role!r})"


class OperatorToken(msgspec.Struct, frozen=True):
    """A token as it is kept: `token_hash` is SHA-256 of what only its holder knows."""

    id: str
    operator_id: str
    token_hash: bytes
    created_at: int
    last_used_at: int | None = None

    def __repr__(self) -> str:
        return f"OperatorToken(id={self.id!r})"


def make_token(entropy: Callable[[int], bytes]) -> str:
    """256 random bits behind a prefix by which scanners of leaked secrets know it."""
    return _PREFIX + base64url(entropy(_BYTES))


def is_token(text: str) -> bool:
    """Whether `make_token` could have made it: what could not is looked up nowhere."""
    return text.startswith(_PREFIX) and len(text) == len(_PREFIX) + _LETTERS and text.isascii()
