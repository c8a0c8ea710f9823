# SPDX-License-Identifier: Apache-2.0
"""`/console/audit/export`: what the filters of the audit page fit, in one of the formats in which the log leaves."""

import asyncio
from collections.abc import AsyncIterator

from litestar import Response, get
from litestar.response import Stream

from counterfoil_service.core.checkpoint import parse_decimal
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.event_filter import Cursor, EventFilter
from counterfoil_service.core.exports.exported import Exported
from counterfoil_service.db import audit_pages
from counterfoil_service.db.audit_pages import EntryPage
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.db.log import Entry
from counterfoil_service.operations.record_export import RecordStaffExport, record_staff_export
from counterfoil_service.operations.record_reading import check_staff
from counterfoil_service.spellings import FORMATS, Spelling, spelling
from counterfoil_service.web.audit_api.queries import FILTERS, Parameters
from counterfoil_service.web.console.access import admit
from counterfoil_service.web.console.audit import Refused, show_query
from counterfoil_service.web.console.audit_query import AuditQuery, moment
from counterfoil_service.web.services import AnyRequest, Services, services_of

PAGE = 500
_TYPES = {"jsonl": "application/jsonl", "csv": "text/csv; charset=utf-8"}
_ENDINGS = {"ocsf": "ocsf.jsonl", "ecs": "ecs.jsonl", "syslog": "syslog.log", "cef": "cef.log"}


@get("/audit/export")
async def export_audit(request: AnyRequest) -> Response[str] | Stream:
    """Every sealed entry that fits, newest first, a line each; personal details stay sealed, as in every copy."""
    services = services_of(request)
    visitor = await admit(request)
    parameters = Parameters(request, (*FILTERS, "format", "enterprise"))
    given = parameters.given()
    query = AuditQuery.read(given)
    form = given.get("format", "")
    if form not in FORMATS:
        raise Refusal(ErrorCode.INVALID_REQUEST, f"format: one of {', '.join(FORMATS)}")
    try:
        spell = spelling(form, parse_decimal(given["enterprise"]) if "enterprise" in given else None)
    except ValueError:
        refused = Refused(
            "Nothing was exported.",
            form=form,
            enterprise=given.get("enterprise", ""),
            enterprise_error="syslog needs your own IANA enterprise number (RFC 5424 §7.2.2).",
        )
        return await show_query(request, visitor, query, refused=refused)
    if query.errors:
        return await show_query(request, visitor, query)
    lines = services.open_streams.begin(visitor.operator.id, _lines(services, visitor.operator.id, query, spell))
    command = RecordStaffExport(visitor.operator.id, form, query.told)
    await services.database.write(record_staff_export, command)
    name = f"audit-{moment(services.clock()):%Y%m%dT%H%M%SZ}.{_ENDINGS.get(form, form)}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Stream(lines, media_type=_TYPES.get(form, "text/plain; charset=utf-8"), headers=headers)


async def _lines(services: Services, operator_id: str, query: AuditQuery, spell: Spelling) -> AsyncIterator[bytes]:
    """A page at a time; what ends it early raises, so that no half of a copy passes for all of it."""
    if spell.header:
        yield spell.header.encode()
    after: Cursor | None = Cursor(min(query.wanted.until, services.clock() + 1), 0)
    while after is not None:
        page = await services.database.read(_page, operator_id, query.wanted, after)
        content = b"".join(_line(entry, spell) for entry in page.entries if entry.index is not None)
        if content:
            yield content
        after = page.following
        # SQLite's reads never suspend, and others wait.
        await asyncio.sleep(0)


async def _page(tx: ReadTransaction, operator_id: str, wanted: EventFilter, after: Cursor) -> EntryPage:
    await check_staff(tx, operator_id)
    return await audit_pages.entry_page(tx, wanted, after, PAGE)


def _line(entry: Entry, spell: Spelling) -> bytes:
    if entry.leaf is None:
        raise ValueError(f"entry {entry.index} is no leaf of this log: run `counterfoil audit verify`")
    return (spell.line(Exported(entry.leaf, entry.index or 0, {})) + spell.end).encode()
