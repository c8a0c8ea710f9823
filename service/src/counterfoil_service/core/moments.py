# SPDX-License-Identifier: Apache-2.0
"""Times as a mail or a page tells them to a person whose zone nobody knows: in UTC, and in words."""

from datetime import UTC, datetime
from typing import Final

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def in_utc(moment: datetime) -> datetime:
    """The same instant; ValueError for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC)


def in_words(moment: datetime) -> str:
    """`14:03 UTC on 21 November 2025`."""
    # Not strftime, whose month names follow the locale of the process.
    utc = in_utc(moment)
    return f"{utc:%H:%M} UTC on {utc.day} {_MONTHS[utc.month - 1]} {utc.year}"
