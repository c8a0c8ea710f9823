# SPDX-License-Identifier: Apache-2.0
"""A28: whoever reads the mailbox, or carries its mail, signs in. Not defended; the documents must say so."""

from attack.kit.documents import said
from attack.kit.target import Target

ROW = "A28"
ATTACK = "the mailbox, or who carries its mail, is in hostile hands"


async def attack(_target: Target) -> str:
    """Read it up."""
    return said("**Whoever controls the mailbox controls the account.**")
