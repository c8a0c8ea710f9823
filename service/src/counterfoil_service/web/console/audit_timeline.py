# SPDX-License-Identifier: Apache-2.0
"""When the events of a query happened: a bar for each stretch of time, which is a link to the events in it."""

import msgspec

from counterfoil_service.core.event_buckets import DAY
from counterfoil_service.core.timeline import MINUTE, SECOND, TimelineBar
from counterfoil_service.operations.describe_audit import AuditView
from counterfoil_service.web.console.audit_query import AuditQuery, moment, utc

_SPANS = (("Last hour", 3600), ("Last day", 86_400), ("Last 7 days", 7 * 86_400), ("Last 30 days", 30 * 86_400))


class BarLink(msgspec.Struct, frozen=True):
    """`words` say when; `href` is the query of its stretch, from `since` to `until` as an address has them."""

    words: str
    events: int
    failures: int
    since: str
    until: str
    href: str


class Timeline(msgspec.Struct, frozen=True):
    """`total` is of all bars; `cut` says what was not counted; `spans` are further stretches to look at, by name."""

    bars: list[BarLink]
    total: int
    words: str
    cut: str | None
    spans: list[tuple[str, str]]


def timeline_of(view: AuditView, query: AuditQuery, now: int) -> Timeline:
    """The bars, and the ways to narrower and wider stretches."""
    bars = [_bar(bar, query) for bar in view.bars]
    first, last = view.bars[0], view.bars[-1]
    cut = None
    if view.cut is not None:
        cut = (
            f"Counted back to {moment(view.cut):%Y-%m-%d %H:%M:%S} and no further, as there are many:"
            " choose a shorter time to see the rest."
        )
    spans = [(name, query.link(since=utc(now - seconds * SECOND), until=None)) for name, seconds in _SPANS]
    return Timeline(
        bars=bars,
        total=sum(bar.events for bar in view.bars),
        words=f"{moment(first.start):%Y-%m-%d %H:%M} to {moment(last.end):%Y-%m-%d %H:%M}",
        cut=cut,
        spans=spans,
    )


def _bar(bar: TimelineBar, query: AuditQuery) -> BarLink:
    since, until = utc(bar.start), utc(bar.end)
    return BarLink(
        words=_between(bar),
        events=bar.events,
        failures=bar.failures,
        since=since,
        until=until,
        href=query.link(since=since, until=until),
    )


def _between(bar: TimelineBar) -> str:
    width, day = bar.end - bar.start, f"{moment(bar.start):%Y-%m-%d}"
    if width > DAY:
        return f"{day} to {moment(bar.end - 1):%Y-%m-%d}"
    if width == DAY:
        return day
    clock = "%H:%M:%S" if width < MINUTE else "%H:%M"
    return f"{day}, {moment(bar.start):{clock}} to {moment(bar.end):{clock}}"
