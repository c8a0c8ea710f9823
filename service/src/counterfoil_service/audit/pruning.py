# SPDX-License-Identifier: Apache-2.0
"""Entries that are not there: pruned, where the log itself says so, and deleted otherwise [R134]."""

from typing import Final

import msgspec

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.leaf import parse_leaf

_NAME: Final = EventName.AUDIT_PRUNED.value
MARK: Final = _NAME.encode()
"""Is in every leaf that announces something, and in few others: those alone need a closer look."""


def announced_below(data: bytes) -> int:
    """The first entry that is kept, by an `audit.pruned` event; 0 where this leaf is none."""
    try:
        leaf = parse_leaf(data)
    except ValueError:
        return 0
    below = leaf.fields.get("below")
    return below if leaf.type == _NAME and isinstance(below, int) else 0


class Pruning(msgspec.Struct, frozen=True):
    """What a verification has met so far: `count` places without entry, from `first` to before `end`.

    `below` is the first entry that is kept, by the events in the log.
    """

    count: int = 0
    first: int = 0
    end: int = 0
    below: int = 0

    def without(self, index: int) -> "Pruning":
        """One more place has no entry."""
        return Pruning(self.count + 1, self.first if self.count else index, index + 1, self.below)

    def told(self, index: int, data: bytes) -> "Pruning":
        """Entry `index` has these bytes. None can announce that it is gone itself."""
        below = announced_below(data)
        return msgspec.structs.replace(self, below=below) if self.below < below <= index else self

    @property
    def unannounced(self) -> int | None:
        """The first place that may have no entry by no event; None where there is none."""
        return None if self.end <= self.below else max(self.first, self.below)
