# SPDX-License-Identifier: Apache-2.0
"""Where a page of rows goes on that stand newest first, and at the same time by their ids."""

import re
from typing import Final

import msgspec

_LAST: Final = 2**63 - 1
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class RowCursor(msgspec.Struct, frozen=True):
    """The last row of a page: its time, in microseconds UTC, and its id. The next page begins behind it."""

    time: int
    id: str

    def text(self) -> str:
        """For a URL; it says nothing secret."""
        return f"{self.time}-{self.id}"

    @classmethod
    def parse(cls, text: str) -> "RowCursor":
        """What `text` spelt; a `ValueError` for anything else."""
        time, _, name = text.partition("-")
        if not (time.isascii() and time.isdecimal() and _ID.fullmatch(name)) or int(time) > _LAST:
            raise ValueError("follow the link of the page before")
        return cls(int(time), name)


BEFORE_ALL: Final = RowCursor(_LAST, "~")
"""In front of the newest row there can be."""
