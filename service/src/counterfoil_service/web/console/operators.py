# SPDX-License-Identifier: Apache-2.0
"""`/console/operators`: who has which role and which tokens, and how that is given and taken away."""

from typing import Final

import msgspec
from litestar import Response, post, route
from litestar.enums import HttpMethod
from litestar.params import FromPath

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.operator import ROLES, Role
from counterfoil_service.operations.add_operator import AddOperator, add_operator
from counterfoil_service.operations.describe_staff import Colleague, describe_staff
from counterfoil_service.operations.make_operator_token import make_operator_token
from counterfoil_service.operations.remove_colleague import remove_colleague
from counterfoil_service.operations.revoke_operator_token import revoke_operator_token
from counterfoil_service.web.browser.answers import go_to_path, path_of
from counterfoil_service.web.browser.query import Query
from counterfoil_service.web.console.access import Visitor, act, act_freshly, admit, read_form_of, view
from counterfoil_service.web.console.frame import CONSOLE_PATH, ConsolePage, show
from counterfoil_service.web.forms import Form
from counterfoil_service.web.services import AnyRequest, services_of

_LIST: Final = "/operators"
_PATH: Final = "/operators/{operator_id:str}"
_STALE: Final = (
    "To give a role needs a sign-in of less than five minutes ago. Sign in again in another tab, then press the button"
    " here once more."
)
_DONE: Final = {
    "added": "The role is given. Tell them: they sign in at this console with that address.",
    "removed": "The role is taken away: its tokens and the console are closed to that person from this moment on.",
    "revoked": "The token is revoked: it opens nothing any more.",
}


class OperatorsPage(ConsolePage, frozen=True, kw_only=True):
    """Everybody; `email`, `role` and `error` are what was typed into the form, and what is wrong with it."""

    template = "operators.html"
    section = "/operators"
    staff: list[Colleague]
    email: str = ""
    role: Role = "operator"
    error: str = ""
    stale: bool = False


class OperatorPage(ConsolePage, frozen=True, kw_only=True):
    """One of them; `token` is shown this once."""

    template = "operator.html"
    section = "/operators"
    colleague: Colleague
    myself: bool
    token: str | None = None
    error: str = ""


@route(_LIST, http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def list_operators(request: AnyRequest) -> Response[str]:
    """Addresses are personal: that somebody looked at them is recorded."""
    visitor = await admit(request)
    done = _DONE.get(Query(request.scope["query_string"]).get("done") or "")
    return await _list(request, visitor, message=done)


@post(_LIST, status_code=200)
async def add_colleague(request: AnyRequest) -> Response[str]:
    """Give a role; what was typed is not lost."""
    form, visitor = await read_form_of(request)
    email, role = (form.get("email") or "").strip(), form.get("role") or "operator"
    if role not in ROLES:
        raise Refusal(ErrorCode.INVALID_REQUEST, f"role: one of {', '.join(ROLES)}")
    typed = AddOperator(email, role)
    if visitor.changes and not visitor.fresh:
        return await _list(request, visitor, typed, error=_STALE, stale=True)
    try:
        await act_freshly(request, visitor, add_operator, typed, page=f"{CONSOLE_PATH}{_LIST}")
    except Refusal as refusal:
        if refusal.code is not ErrorCode.INVALID_REQUEST:
            raise
        return await _list(request, visitor, typed, error=_sentence(refusal))
    return go_to_path(request, path_of(request, f"{CONSOLE_PATH}{_LIST}?done=added"))


@route(_PATH, http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def show_operator(request: AnyRequest, operator_id: FromPath[str]) -> Response[str]:
    """Tokens and roles of one."""
    visitor = await admit(request)
    done = _DONE.get(Query(request.scope["query_string"]).get("done") or "")
    return await _one(request, visitor, operator_id, message=done)


@post(_PATH, status_code=200)
async def change_operator(request: AnyRequest, operator_id: FromPath[str]) -> Response[str]:
    """One of three buttons."""
    form, visitor = await read_form_of(request)
    match form.get("action"):
        case "token":
            page = f"{CONSOLE_PATH}{_LIST}/{operator_id}"
            made = await act_freshly(request, visitor, make_operator_token, operator_id, page=page)
            message = "A token is made. It opens the audit log at the API for whoever has it."
            return await _one(request, visitor, operator_id, token=made.token, message=message)
        case "revoke":
            await act(request, visitor, revoke_operator_token, form.required("token"))
            return go_to_path(request, path_of(request, f"{CONSOLE_PATH}{_LIST}/{operator_id}?done=revoked"))
        case "remove":
            return await _remove(request, visitor, operator_id, form)
        case _:
            raise Refusal(ErrorCode.INVALID_REQUEST, "Choose one of the buttons.")


async def _remove(request: AnyRequest, visitor: Visitor, operator_id: str, form: Form) -> Response[str]:
    colleague = await _colleague(request, operator_id)
    address = colleague.operator.address
    if (form.get("confirm") or "").strip().casefold() != address.casefold():
        return await _one(request, visitor, operator_id, error=f"Type {address} to take the role away.")
    try:
        page = f"{CONSOLE_PATH}{_LIST}/{operator_id}"
        await act_freshly(request, visitor, remove_colleague, operator_id, page=page)
    except Refusal as refusal:
        if refusal.code is not ErrorCode.INVALID_REQUEST:
            raise
        return await _one(request, visitor, operator_id, error=_sentence(refusal))
    return go_to_path(request, path_of(request, f"{CONSOLE_PATH}{_LIST}?done=removed"))


async def _list(
    request: AnyRequest,
    visitor: Visitor,
    typed: AddOperator | None = None,
    *,
    error: str = "",
    stale: bool = False,
    message: str | None = None,
) -> Response[str]:
    await view(request, visitor, "operators")
    staff = await services_of(request).database.read(describe_staff)
    page = OperatorsPage(title="Operators and auditors", staff=staff, error=error, stale=stale)
    if typed is not None:
        page = msgspec.structs.replace(page, email=typed.address, role=typed.role)
    message = "Nobody was given a role: see the form below." if error else message
    return await show(request, visitor, page, 422 if error else 200, message)


async def _one(
    request: AnyRequest,
    visitor: Visitor,
    operator_id: str,
    *,
    token: str | None = None,
    error: str = "",
    message: str | None = None,
) -> Response[str]:
    await view(request, visitor, "operators")
    colleague = await _colleague(request, operator_id)
    page = OperatorPage(
        title=colleague.operator.address,
        colleague=colleague,
        myself=operator_id == visitor.operator.id,
        token=token,
        error=error,
    )
    message = "The role was not taken away: see below." if error else message
    return await show(request, visitor, page, 422 if error else 200, message)


async def _colleague(request: AnyRequest, operator_id: str) -> Colleague:
    staff = await services_of(request).database.read(describe_staff)
    colleague = next((each for each in staff if each.operator.id == operator_id), None)
    if colleague is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Nobody has a role by this id, or not any more.")
    return colleague


def _sentence(refusal: Refusal) -> str:
    return f"{refusal.description[:1].upper()}{refusal.description[1:].rstrip('.')}."
