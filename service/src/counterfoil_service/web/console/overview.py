# SPDX-License-Identifier: Apache-2.0
"""`/console`: how the service does, at a glance."""

from typing import Final

import msgspec
from litestar import Response, route
from litestar.enums import HttpMethod

from counterfoil_service.core.event_buckets import DAY, FIVE_MINUTES, HOUR, floor
from counterfoil_service.core.funnel import FunnelStep
from counterfoil_service.db.overview_figures import APPROVALS
from counterfoil_service.operations.describe_overview import Overview, OverviewWindow, describe_overview
from counterfoil_service.web.console.access import admit
from counterfoil_service.web.console.frame import ConsolePage, show
from counterfoil_service.web.console.overview_parts import (
    Misses,
    ProviderRow,
    WitnessRow,
    duration_words,
    has_reports,
    misses_of,
    plot_of,
    providers_of,
    steps_of,
    witnesses_of,
)
from counterfoil_service.web.console.plots import Plot
from counterfoil_service.web.services import AnyRequest, services_of


class Span(msgspec.Struct, frozen=True):
    """One of the windows that a visitor may choose: how long it is, and how wide its bars are."""

    words: str
    length: int
    width: int


SPANS: Final = {
    "hour": Span("Last hour", HOUR, FIVE_MINUTES),
    "day": Span("Last day", DAY, HOUR),
    "week": Span("Last week", 7 * DAY, 6 * HOUR),
}


class OverviewPage(ConsolePage, frozen=True, kw_only=True):
    """The first page. `chosen` is the key of one of `spans`; `newest`: not all approvals were looked at.

    `reports`: mail providers tell what became of mail.
    """

    template = "overview.html"
    section = ""
    spans: dict[str, Span]
    chosen: str
    window: OverviewWindow
    overview: Overview
    steps: list[FunnelStep]
    reports: bool
    typical: str | None
    newest: bool
    misses: Misses
    plot: Plot
    providers: list[ProviderRow]
    witnesses: list[WitnessRow]


@route("/", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def show_overview(request: AnyRequest) -> Response[str]:
    """Counts alone: nothing here is about anybody."""
    visitor = await admit(request)
    services = services_of(request)
    chosen = request.query_params.get("window", "day")
    chosen = chosen if chosen in SPANS else "day"
    window = window_of(SPANS[chosen], services.clock())
    overview = await services.database.read(describe_overview, window)
    settings = services.settings
    reports = bool(settings.mail_webhooks) or has_reports(overview)
    page = OverviewPage(
        title="Overview",
        spans=SPANS,
        chosen=chosen,
        window=window,
        overview=overview,
        steps=steps_of(overview, reports=reports),
        reports=reports,
        typical=None if overview.typical is None else duration_words(overview.typical),
        newest=overview.approvals >= APPROVALS,
        misses=misses_of(overview),
        plot=plot_of(overview, window),
        providers=providers_of(overview, services.mail_circuits()),
        witnesses=witnesses_of(overview, settings.audit_witnesses),
    )
    return await show(request, visitor, page)


def window_of(span: Span, now: int) -> OverviewWindow:
    """Whole bars, the last of which is still under way."""
    return OverviewWindow(floor(now, span.width) + span.width - span.length, now, span.width)
