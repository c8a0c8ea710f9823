# SPDX-License-Identifier: Apache-2.0
"""One page of the audit log as the console shows it: its events, when such events happened, and one's own bookmarks."""

import msgspec

from counterfoil_service.core.event_filter import Cursor, EventFilter
from counterfoil_service.core.timeline import Bar, bars_of, span_of
from counterfoil_service.db import audit_pages, event_moments, log, saved_searches
from counterfoil_service.db.audit_pages import Page
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.db.saved_searches import SavedSearch


class DescribeAudit(msgspec.Struct, frozen=True):
    """`operator_id` is whoever looks; `limit` is how many events a page has."""

    operator_id: str
    wanted: EventFilter
    after: Cursor | None
    limit: int


class AuditView(msgspec.Struct, frozen=True):
    """`last_index` is the log's newest entry, -1 before the first; `cut` is the time before which nothing was counted."""

    page: Page
    bars: list[Bar]
    cut: int | None
    last_index: int
    searches: list[SavedSearch]


async def describe_audit(tx: ReadTransaction, seal_key: bytes, asked: DescribeAudit, now: int) -> AuditView:
    """All of it as of one moment."""
    span = span_of(asked.wanted, now)
    since, until = max(span.start, asked.wanted.since), min(span.end, asked.wanted.until)
    counted = await event_moments.moments(tx, asked.wanted, since, until)
    return AuditView(
        await audit_pages.page(tx, seal_key, asked.wanted, asked.after, asked.limit),
        bars_of(span, counted.counts),
        counted.cut,
        await log.last_index(tx),
        await saved_searches.of_operator(tx, asked.operator_id),
    )
