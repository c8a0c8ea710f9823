# SPDX-License-Identifier: Apache-2.0
"""When the events of a query happened: a column for each stretch of time, which is a link to the events in it."""

import msgspec

from counterfoil_service.core.event_buckets import DAY
from counterfoil_service.core.timeline import MINUTE, SECOND, TimelineBar
from counterfoil_service.operations.describe_audit import AuditView
from counterfoil_service.web.audit_api.queries import local_moment
from counterfoil_service.web.console.audit_query import AuditQuery, moment, utc
from counterfoil_service.web.console.plots import Column, Plot, plot_columns

_HEIGHT = 120
_SPANS = (("Last hour", 3600), ("Last day", 86_400), ("Last 7 days", 7 * 86_400), ("Last 30 days", 30 * 86_400))


class BarRow(msgspec.Struct, frozen=True):
    """A column in words and numbers."""

    words: str
    events: int
    failures: int


class Timeline(msgspec.Struct, frozen=True):
    """`total` is of all columns, `words` say of which time; `cut` says what was not counted.

    `reaches_back`: older events fit, too. `spans` are further stretches to look at, by name.
    """

    plot: Plot
    bars: list[BarRow]
    total: int
    words: str
    reaches_back: bool
    cut: str | None
    spans: list[tuple[str, str]]


def timeline_of(view: AuditView, query: AuditQuery, here: str, now: int) -> Timeline:
    """The columns, and the ways to narrower and wider stretches; `here` is the page's path."""
    first, events = view.bars[0], view.page.events
    cut = None
    if view.cut is not None:
        cut = (
            f"Counted back to {moment(view.cut):%Y-%m-%d %H:%M:%S} and no further, as there are many:"
            " choose a shorter time to see the rest."
        )
    spans = [(name, query.link(since=utc(now - seconds * SECOND), until=None)) for name, seconds in _SPANS]
    return Timeline(
        plot=plot_columns([_column(bar, query, here) for bar in view.bars], first.end - first.start, _HEIGHT),
        bars=[BarRow(_between(bar), bar.events, bar.failures) for bar in view.bars],
        total=sum(bar.events for bar in view.bars),
        words=_words(query, now),
        # A filter that names no beginning has a time-line of one day.
        reaches_back="since" not in query.typed
        and bool(events)
        and (view.page.following is not None or events[-1].time < first.start),
        cut=cut,
        spans=spans,
    )


def _column(bar: TimelineBar, query: AuditQuery, here: str) -> Column:
    events = f"{bar.events:,} {'event' if bar.events == 1 else 'events'}"
    failures = f"{bar.failures:,} {'failure' if bar.failures == 1 else 'failures'}"
    return Column(
        start=bar.start,
        good=bar.events - bar.failures,
        bad=bar.failures,
        name=f"{_between(bar)}: {events}, {failures}",
        href=here + query.link(since=utc(bar.start), until=utc(bar.end)) if bar.events else None,
    )


def _words(query: AuditQuery, now: int) -> str:
    """Which time it is, to go on after `9 events`."""
    since, until = (_minute(query, name) for name in ("since", "until"))
    if since and until:
        return f"from {since} to {until}"
    if until:
        return f"in the day before {until}"
    if not since:
        return "in the last day"
    # The links of `_SPANS` name a moment, which is a little longer ago by the time they are followed.
    ago = now - query.wanted.since
    named = next((name for name, seconds in _SPANS if 0 <= ago - seconds * SECOND < MINUTE), None)
    return f"in the {named.lower()}" if named else f"since {since}"


def _minute(query: AuditQuery, name: str) -> str | None:
    return f"{moment(local_moment(query.typed[name])):%Y-%m-%d %H:%M}" if name in query.typed else None


def _between(bar: TimelineBar) -> str:
    width, day = bar.end - bar.start, f"{moment(bar.start):%Y-%m-%d}"
    if width > DAY:
        return f"{day} to {moment(bar.end - 1):%Y-%m-%d}"
    if width == DAY:
        return day
    clock = "%H:%M:%S" if width < MINUTE else "%H:%M"
    return f"{day}, {moment(bar.start):{clock}} to {moment(bar.end):{clock}}"
