# SPDX-License-Identifier: Apache-2.0
"""One page of the audit log as the console shows it: its events, when such events happened, and one's own bookmarks."""

from typing import Final

import msgspec

from counterfoil_service.core.event_buckets import FIVE_MINUTES
from counterfoil_service.core.event_filter import Cursor, EventFilter
from counterfoil_service.core.timeline import Span, TimelineBar, bars_of, span_of
from counterfoil_service.db import audit_pages, event_counts, event_moments, log, operators, saved_searches
from counterfoil_service.db.audit_pages import Page
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.db.event_counts import Wanted
from counterfoil_service.db.event_moments import Moments
from counterfoil_service.db.saved_searches import SavedSearch

_COUNTED: Final = {"name", "application_id", "outcome"}


class DescribeAudit(msgspec.Struct, frozen=True):
    """`operator_id` is whoever looks; `limit` is how many events a page has."""

    operator_id: str
    wanted: EventFilter
    after: Cursor | None
    limit: int


class AuditView(msgspec.Struct, frozen=True):
    """`last_index` is the log's newest entry, -1 before the first. Before `cut` nothing was counted.

    `staff` are the addresses of all who have a role, by their ids.
    """

    page: Page
    bars: list[TimelineBar]
    cut: int | None
    last_index: int
    searches: list[SavedSearch]
    staff: dict[str, str]


async def describe_audit(tx: ReadTransaction, seal_key: bytes, asked: DescribeAudit, now: int) -> AuditView:
    """All of it as of one moment."""
    span = span_of(asked.wanted, now)
    counted = await _counted(tx, asked.wanted, span)
    return AuditView(
        await audit_pages.page(tx, seal_key, asked.wanted, asked.after, asked.limit),
        bars_of(span, counted.counts),
        counted.cut,
        await log.last_index(tx),
        await saved_searches.of_operator(tx, asked.operator_id),
        await operators.staff_addresses(tx),
    )


async def _counted(tx: ReadTransaction, wanted: EventFilter, span: Span) -> Moments:
    """What was counted as it was sealed, where that tells what is asked for; else what the log's own indexes tell."""
    if span.width < FIVE_MINUTES or wanted.equal.keys() - _COUNTED:
        return await event_moments.moments(tx, wanted, span.start, span.end)
    kind = Wanted(name=wanted.name, application_id=wanted.application_id, outcome=wanted.outcome)
    bars = await event_counts.series(tx, kind, span.start, span.end, span.width)
    return Moments([(bar.start, bar.successes + bar.failures, bar.failures) for bar in bars], None)
