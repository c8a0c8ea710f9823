# SPDX-License-Identifier: Apache-2.0
"""`/console/audit/searches`: filters that somebody of the staff keeps for themselves under a name."""

from litestar import Response, post

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.operations.remove_search import RemoveSearch, remove_search
from counterfoil_service.operations.save_search import SaveSearch, save_search
from counterfoil_service.web.audit_api.queries import FILTERS
from counterfoil_service.web.browser.answers import go_to_path, path_of
from counterfoil_service.web.console.access import Visitor, read_form_of
from counterfoil_service.web.console.audit import Refused, show_query
from counterfoil_service.web.console.audit_query import AuditQuery
from counterfoil_service.web.forms import Form
from counterfoil_service.web.services import AnyRequest, services_of

_LONGEST = 60


@post("/audit/searches", status_code=303)
async def change_searches(request: AnyRequest) -> Response[str]:
    """Keep the filters of the page, or forget what was kept. Both roles have their own."""
    form, visitor = await read_form_of(request)
    action = form.required("action", at_most=64)
    if action == "remove":
        query = _filters_of(form)
        command = RemoveSearch(visitor.operator.id, form.required("id", at_most=64))
        await services_of(request).database.write(remove_search, command)
        return _back(request, query, "removed")
    if action == "save":
        return await _save(request, form, visitor)
    raise Refusal(ErrorCode.INVALID_REQUEST, "action: use one of the buttons on the page")


async def _save(request: AnyRequest, form: Form, visitor: Visitor) -> Response[str]:
    query = _filters_of(form)
    name = " ".join((form.get("search", at_most=1024) or "").split())
    try:
        _check(query, name)
        command = SaveSearch(visitor.operator.id, name, query.link().lstrip("?"), query.wanted.application_id)
        await services_of(request).database.write(save_search, command)
    except Refusal as refusal:
        if refusal.code is not ErrorCode.INVALID_REQUEST:
            raise
        refused = Refused("The search was not kept.", search=name, search_error=refusal.description)
        return await show_query(request, visitor, query, refused=refused)
    return _back(request, query, "saved")


def _filters_of(form: Form) -> AuditQuery:
    """Those of the page that the form stood on."""
    return AuditQuery.read({name: text for name in FILTERS if (text := form.get(name)) is not None})


def _check(query: AuditQuery, name: str) -> None:
    if not 1 <= len(name) <= _LONGEST or not name.isprintable():
        raise Refusal(ErrorCode.INVALID_REQUEST, f"Give it a name of 1 to {_LONGEST} letters and signs.")
    if "source" in query.typed:
        raise Refusal(
            ErrorCode.INVALID_REQUEST, "An address is not kept: take “Address or network” out of the filters first."
        )


def _back(request: AnyRequest, query: AuditQuery, done: str) -> Response[str]:
    return go_to_path(request, path_of(request, f"/console/audit{query.link(done=done)}"))
