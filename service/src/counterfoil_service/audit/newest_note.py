# SPDX-License-Identifier: Apache-2.0
"""The newest checkpoint with its cosignatures: on a busy log witnesses are a moment behind."""

import asyncio
from collections.abc import Callable
from typing import Final

from counterfoil_service.db.engine import Database
from counterfoil_service.operations.cosigned_checkpoint import newest_checkpoint

_LOOKS: Final = 20
_SECONDS: Final = 0.25


async def newest_note(database: Database, is_cosigned: Callable[[str], bool]) -> str | None:
    """The newest signed note, None before the first; after five seconds also one that is not cosigned as wanted."""
    note = await database.read(newest_checkpoint)
    for _ in range(_LOOKS):
        if note is None or is_cosigned(note):
            break
        await asyncio.sleep(_SECONDS)
        note = await database.read(newest_checkpoint)
    return note
