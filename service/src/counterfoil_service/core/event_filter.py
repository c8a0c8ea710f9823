# SPDX-License-Identifier: Apache-2.0
"""Which events of the audit log somebody asks for, and where a page of them goes on."""

from typing import Final, Literal

import msgspec

from counterfoil_service.core.address_range import coarse
from counterfoil_service.core.audit_event import AuditEvent

MAX_TIME: Final = 2**63 - 1


class EventFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Every condition that is not None has to hold. `since` is included, `until` is not; microseconds UTC."""

    since: int = 0
    until: int = MAX_TIME
    login_id: str | None = None
    subject: str | None = None
    application_id: str | None = None
    jkt: str | None = None
    name: str | None = None
    outcome: Literal["success", "failure"] | None = None
    source_prefix: str | None = None
    """As `core.address_range` writes it."""

    @property
    def equal(self) -> dict[str, str]:
        """The columns that must hold a value."""
        names = ("login_id", "subject", "jkt", "source_prefix", "application_id", "name", "outcome")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    def takes(self, event: AuditEvent, time: int, source: str | None) -> bool:
        """Whether an event of this time (microseconds UTC), from this address, is among those that are asked for."""
        if not self.since <= time < self.until:
            return False
        place = coarse(source or "")
        return all(
            (place if name == "source_prefix" else getattr(event, name)) == value for name, value in self.equal.items()
        )


class Cursor(msgspec.Struct, frozen=True):
    """The last event of a page, newest first; the next page begins behind it."""

    time: int
    position: int

    def text(self) -> str:
        """For a URL; it says nothing secret."""
        return f"{self.time}-{self.position}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """What `text` spelt; a `ValueError` for anything else."""
        time, separator, position = text.partition("-")
        if not (separator and time.isdecimal() and position.isdecimal() and text.isascii()):
            raise ValueError("give the `next` of an earlier page as it was")
        cursor = cls(int(time), int(position))
        if max(cursor.time, cursor.position) > MAX_TIME:
            raise ValueError("give the `next` of an earlier page as it was")
        return cursor
