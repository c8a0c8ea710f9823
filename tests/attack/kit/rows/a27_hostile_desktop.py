# SPDX-License-Identifier: Apache-2.0
"""A27: hostile software on the desktop has what the desktop has. Not defended; the documents must say so."""

from attack.kit.documents import said
from attack.kit.target import Target

ROW = "A27"
ATTACK = "hostile software on the desktop itself"


async def attack(_target: Target) -> str:
    """Read it up."""
    return said("Hostile software on the desktop itself is not defended against.")
