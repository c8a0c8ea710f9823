# SPDX-License-Identifier: Apache-2.0
"""Events by what they share, and the whole story of one login."""

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.identifiers import is_ulid
from counterfoil_service.core.shown_event import shown_event
from counterfoil_service.db import audit, audit_pages
from counterfoil_service.db.audit import StoredEvent
from counterfoil_service.web.audit_api.access import read_as_auditor
from counterfoil_service.web.audit_api.queries import read_query
from counterfoil_service.web.services import AnyRequest, services_of


@get("/audit/events")
async def list_events(request: AnyRequest) -> Response[bytes]:
    """Newest first. `next` is the cursor of the following page; without it there is nothing behind this one.

    A page may be short, even empty, and have a `next`: filters that few events fit are looked for in bounded steps.
    """
    services = services_of(request)
    query = read_query(request)
    await read_as_auditor(request, "events", filters=query.told)
    page = await services.database.read(
        audit_pages.page, services.keys.seal_mailbox, query.wanted, query.after, query.limit
    )
    answer: dict[str, object] = {"events": [_shown(stored) for stored in page.events]}
    if page.following is not None:
        answer["next"] = page.following.text()
    return _json(answer)


@get("/audit/logins/{login_id:str}")
async def tell_login(request: AnyRequest, login_id: FromPath[str]) -> Response[bytes]:
    """One login from the request to its session's end, as `audit explain` tells it."""
    services = services_of(request)
    known = is_ulid(login_id)
    await read_as_auditor(request, "login", login=login_id if known else None)
    events = await services.database.read(audit.of_login, services.keys.seal_mailbox, login_id) if known else []
    if not events:
        raise Refusal(ErrorCode.NOT_FOUND, "No login has this id: it is the `login_id` of the device's answer.")
    return _json({"login_id": login_id, "events": [_shown(stored) for stored in events]})


def _shown(stored: StoredEvent) -> dict[str, object]:
    return shown_event(stored.event, stored.personal, index=stored.index, time=stored.time)


def _json(answer: dict[str, object]) -> Response[bytes]:
    return Response(msgspec.json.encode(answer), media_type="application/json")
