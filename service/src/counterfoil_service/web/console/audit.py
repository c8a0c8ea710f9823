# SPDX-License-Identifier: Apache-2.0
"""`/console/audit`: the events that filters in the address ask for, newest first, and when such events happened."""

from collections.abc import Sequence

import msgspec
from litestar import Response, route
from litestar.enums import HttpMethod

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.db.saved_searches import SavedSearch
from counterfoil_service.operations.describe_audit import DescribeAudit, describe_audit
from counterfoil_service.spellings import FORMATS
from counterfoil_service.web.browser.answers import go_to_path, path_of
from counterfoil_service.web.console.access import Visitor, admit
from counterfoil_service.web.console.audit_access import read_as_staff
from counterfoil_service.web.console.audit_query import AuditQuery
from counterfoil_service.web.console.audit_rows import AuditRow, row_of
from counterfoil_service.web.console.audit_timeline import Timeline, timeline_of
from counterfoil_service.web.console.done import done_of
from counterfoil_service.web.console.frame import CONSOLE_PATH, ConsolePage, show
from counterfoil_service.web.services import AnyRequest, services_of

AUDIT_SECTION = "/audit"
PAGE = 50
_DONE = {"saved": "The search is kept under its name.", "removed": "The search is not kept any more."}


class Refused(msgspec.Struct, frozen=True):
    """What somebody pressed on the page and did not get: what they typed, and what is wrong with it."""

    message: str | None = None
    search: str = ""
    search_error: str = ""
    form: str = ""
    enterprise: str = ""
    enterprise_error: str = ""


NOTHING_REFUSED = Refused()


class AuditPage(ConsolePage, frozen=True, kw_only=True):
    """`following` is the query of the next page, None behind the last; `tail_from` the first entry that is not here."""

    template = "audit.html"
    section = AUDIT_SECTION
    query: AuditQuery
    rows: list[AuditRow] | None = None
    timeline: Timeline | None = None
    following: str | None = None
    tail_from: int = 0
    searches: Sequence[SavedSearch] = ()
    names: tuple[str, ...] = tuple(name.value for name in EventName)
    formats: tuple[str, ...] = FORMATS
    refused: Refused = NOTHING_REFUSED

    @property
    def exact(self) -> bool:
        """Whether one of the filters is on that are folded away."""
        return bool(self.query.typed.keys() & {"application_id", "login_id", "subject", "jkt", "source"})


@route("/audit", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def show_audit(request: AnyRequest) -> Response[str]:
    """A page of it; a wrong filter is said at its field, and then nothing is looked for."""
    visitor = await admit(request)
    query = AuditQuery.of(request, "done")
    if request.query_params.get("source") and request.query_params["source"] != query.typed.get("source"):
        return go_to_path(request, path_of(request, f"{CONSOLE_PATH}{AUDIT_SECTION}{query.link()}"))
    return await show_query(request, visitor, query, done_of(request, _DONE))


async def show_query(
    request: AnyRequest,
    visitor: Visitor,
    query: AuditQuery,
    message: str | None = None,
    refused: Refused = NOTHING_REFUSED,
) -> Response[str]:
    """The page of a query, and what of it was not done."""
    if query.errors:
        page = AuditPage(title="Audit", query=query)
        return await show(request, visitor, page, 422, "A filter cannot be used: nothing was looked for.")
    await read_as_staff(request, visitor, "events", filters=query.told)
    services = services_of(request)
    now = services.clock()
    asked = DescribeAudit(visitor.operator.id, query.wanted, query.after, PAGE)
    view = await services.database.read(describe_audit, services.keys.seal_mailbox, asked, now)
    following = view.page.following
    page = AuditPage(
        title="Audit",
        query=query,
        rows=[row_of(stored, view.staff) for stored in view.page.events],
        timeline=timeline_of(view, query, path_of(request, CONSOLE_PATH + AUDIT_SECTION), now),
        following=None if following is None else query.link(cursor=following.text()),
        tail_from=view.last_index + 1,
        searches=view.searches,
        refused=refused,
    )
    return await show(request, visitor, page, 422 if refused.message else 200, refused.message or message)
