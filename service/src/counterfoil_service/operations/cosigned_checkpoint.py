# SPDX-License-Identifier: Apache-2.0
"""The log's checkpoint as others get it: with the line of every witness that cosigned it [R130]."""

from counterfoil_service.db import cosignatures, log
from counterfoil_service.db.engine import ReadTransaction


async def newest_checkpoint(tx: ReadTransaction) -> str | None:
    """The newest signed note, with whatever cosignatures it has by now; None before the first."""
    newest = await log.latest_checkpoint(tx)
    return None if newest is None else await _with_lines(tx, newest.size, newest.note)


async def newest_cosigned_checkpoint(tx: ReadTransaction) -> str | None:
    """The newest that has a cosignature at all, for those who believe no other; None while there is none."""
    newest = await cosignatures.newest_cosigned(tx)
    return None if newest is None else await _with_lines(tx, *newest)


async def _with_lines(tx: ReadTransaction, size: int, note: str) -> str:
    return note + "".join(await cosignatures.lines(tx, size))
