# SPDX-License-Identifier: Apache-2.0
"""The lines of `audit explain`: each with its day and second in UTC, and repetition told once."""

from counterfoil_service.cli.audit import story_lines
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.db.audit import StoredEvent

SECOND = 1_000_000
NINE = 1_795_166_102 * SECOND
DAY = 86_400 * SECOND


def stored(time: int, name: EventName) -> StoredEvent:
    return StoredEvent(position=1, index=None, time=time, event=AuditEvent(name=name, jkt="K"), personal={})


def test_each_line_says_day_and_second_and_a_repetition_its_number_and_its_end() -> None:
    events = [
        stored(NINE, EventName.LOGIN_COMPLETED),
        stored(NINE + 114_000, EventName.SESSION_REFRESHED),
        stored(NINE + DAY, EventName.SESSION_REFRESHED),
    ]
    assert story_lines(events) == [
        "2026-11-20 09:15:02Z  The device proved its key and collected the login.",
        "2026-11-20 09:15:02Z  The device proved its key and renewed its tokens. (2 times, until 2026-11-21 09:15:02Z)",
    ]
