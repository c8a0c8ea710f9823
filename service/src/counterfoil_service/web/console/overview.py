# SPDX-License-Identifier: Apache-2.0
"""`/console`: how the service does, at a glance."""

from litestar import Response, route
from litestar.enums import HttpMethod

from counterfoil_service.web.console.access import admit
from counterfoil_service.web.console.frame import ConsolePage, show
from counterfoil_service.web.services import AnyRequest


class OverviewPage(ConsolePage, frozen=True, kw_only=True):
    """The first page."""

    template = "overview.html"
    section = ""


@route("/", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def show_overview(request: AnyRequest) -> Response[str]:
    """Counts alone: nothing here is about anybody."""
    visitor = await admit(request)
    return await show(request, visitor, OverviewPage(title="Overview"))
