# SPDX-License-Identifier: Apache-2.0
"""`/console/audit/tail`: rows of the audit page as their events are sealed (server-sent events, WHATWG HTML §9.2)."""

from functools import partial

import msgspec
from litestar import get
from litestar.response import Stream

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.operations.describe_new_entries import NewEntries, describe_new_entries
from counterfoil_service.web.audit_api.queries import FILTERS, Parameters
from counterfoil_service.web.audit_api.stream import HEADERS, grow, start_of
from counterfoil_service.web.browser.cookies import session_of
from counterfoil_service.web.console.access import admit
from counterfoil_service.web.console.audit_access import read_as_staff
from counterfoil_service.web.console.audit_query import AuditQuery
from counterfoil_service.web.console.audit_rows import row_of
from counterfoil_service.web.services import AnyRequest, Services, services_of


@get("/audit/tail")
async def follow_audit(request: AnyRequest) -> Stream:
    """What fits the filters, from `from_index`, from behind `Last-Event-ID`, or from now on."""
    services = services_of(request)
    if request.headers.get("sec-fetch-mode") == "navigate":
        # Any site can lead a browser here; a script's request comes from our own pages alone (CORP, SameSite).
        raise Refusal(ErrorCode.INVALID_REQUEST, "This is for the audit page's script: open the audit page instead.")
    visitor = await admit(request)
    cookie = session_of(request)
    parameters = Parameters(request, (*FILTERS, "from_index"))
    query = AuditQuery.read(parameters.given())
    if query.errors or cookie is None:
        raise Refusal(ErrorCode.INVALID_REQUEST, "a filter cannot be used: the audit page says what is wrong with it")
    start = await start_of(request, parameters)
    asked = NewEntries(digest(cookie), services.settings.session_limits, query.wanted)
    blocks = grow(services, partial(_look, services, asked), start)
    held = services.open_streams.begin(visitor.operator.id, blocks)
    await read_as_staff(request, visitor, "stream", filters=query.told, from_index=start)
    return Stream(held, media_type="text/event-stream", headers=HEADERS)


async def _look(
    services: Services, asked: NewEntries, tx: ReadTransaction, index: int, limit: int
) -> tuple[list[bytes], int]:
    now, seal_key = services.clock(), services.keys.seal_mailbox
    sealed = await describe_new_entries(tx, asked, seal_key, now, index, limit)
    blocks = [
        f"id: {stored.index}\ndata: ".encode() + msgspec.json.encode(row_of(stored, sealed.staff)) + b"\n\n"
        for stored in sealed.events
    ]
    if sealed.following > index:
        # An id without data is no event, but where to go on after a break: at least what does not fit was looked at.
        blocks.append(f"id: {sealed.following - 1}\n\n".encode())
    return blocks, sealed.following
