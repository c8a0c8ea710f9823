# SPDX-License-Identifier: Apache-2.0
"""Read what a sink gets in one delivery: the same entries however often, whenever and by whomever it is tried.

A batch never goes beyond the first checkpoint over its first entry. Without that bound a repetition would hold what was
sealed in the meantime, and a receiver could not tell it from a new delivery.
"""

import msgspec

from counterfoil_service.core.leaf import Leaf
from counterfoil_service.db import audit_sinks, log
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.db.log import Entry

BATCH_ENTRIES = 100
BATCH_BYTES = 512 * 1024
"""Of leaves, unless the first alone is longer: common web servers take a body of 1 MiB."""


class NotALeafError(Exception):
    """A row of the log was changed: it is no event any more, and nothing is delivered over it."""

    def __init__(self, index: int) -> None:
        super().__init__(f"entry {index} is no leaf of this log")
        self.index = index


class BatchEntry(msgspec.Struct, frozen=True):
    """`data` are the leaf's canonical bytes."""

    index: int
    leaf: Leaf
    data: bytes


class Batch(msgspec.Struct, frozen=True):
    """`end` is the entry after it, `time` that of its checkpoint in microseconds UTC.

    `missing` counts entries that are there no more: pruned, or deleted by somebody.
    """

    entries: tuple[BatchEntry, ...]
    end: int
    time: int
    missing: int


async def read_batch(tx: ReadTransaction, index: int) -> Batch:
    """The batch that begins with this entry, or with the next one that is there; some checkpoint must cover it.

    Raises NotALeafError.
    """
    found = await log.entries(tx, index, BATCH_ENTRIES)
    first = found[0].index or 0 if found else index
    covering = await audit_sinks.covering(tx, first)
    if covering is None:
        return Batch((), index, 0, 0)
    size, time = covering
    inside = [_batch_entry(entry) for entry in found if (entry.index or 0) < size]
    taken = _within_bytes(inside)
    whole = len(taken) == len(inside) < BATCH_ENTRIES
    end = size if whole else taken[-1].index + 1
    return Batch(tuple(taken), end, time, end - index - len(taken))


def _batch_entry(entry: Entry) -> BatchEntry:
    index = entry.index or 0
    if entry.leaf is None or entry.data is None:
        raise NotALeafError(index)
    return BatchEntry(index, entry.leaf, entry.data)


def _within_bytes(entries: list[BatchEntry]) -> list[BatchEntry]:
    taken: list[BatchEntry] = []
    total = 0
    for entry in entries:
        total += len(entry.data)
        if taken and total > BATCH_BYTES:
            break
        taken.append(entry)
    return taken
