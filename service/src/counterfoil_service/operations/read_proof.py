# SPDX-License-Identifier: Apache-2.0
"""Make a proof about the log from its tiles in the database (RFC 9162 §2.1.3, §2.1.4)."""

from collections.abc import Callable

from counterfoil_service.core import tiles
from counterfoil_service.db import log
from counterfoil_service.db.engine import ReadTransaction


async def read_proof(tx: ReadTransaction, prove: Callable[[tiles.Read], list[bytes]]) -> list[bytes]:
    """What `prove` makes of the tiles; 32 bytes a hash. `ValueError` where the tiles that are kept do not give it.

    Which tiles a proof takes only the proof knows, so it is begun anew with each one that it lacked: a few.
    """
    found: dict[tuple[int, int], bytes] = {}
    while True:
        try:
            return prove(tiles.reader(found))
        except KeyError as missing:
            level, index = missing.args[0]
            found[level, index] = await log.tile(tx, level, index)
