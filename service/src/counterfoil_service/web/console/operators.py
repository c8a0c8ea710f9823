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
from counterfoil_service.web.console.access import (
    StaleSignIn,
    Visitor,
    act,
    act_freshly,
    admit,
    check_changes,
    read_form_of,
    view,
)
from counterfoil_service.web.console.done import as_sentence, done_of, go_back
from counterfoil_service.web.console.frame import CONSOLE_PATH, ConsolePage, show
from counterfoil_service.web.forms import Form
from counterfoil_service.web.services import AnyRequest, services_of

_LIST: Final = "/operators"
_LIST_PATH: Final = f"{CONSOLE_PATH}{_LIST}"
_PATH: Final = "/operators/{operator_id:str}"
_DONE: Final = {
    "added": "The role is given. Tell them: they sign in at this console with that address.",
    "removed": "The role is taken away: its tokens and the console are closed to that person from this moment on.",
    "gone": "Nothing was changed: that role had been taken away already.",
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


class Pressed(msgspec.Struct, frozen=True, kw_only=True):
    """What a button has left on the page of one: `token` this once, or what was typed and why it was not done.

    `confirm` is the address as it was typed to take the role away, `error` what is wrong with it.
    """

    token: str | None = None
    confirm: str = ""
    error: str = ""
    refused: str = ""
    message: str | None = None

    def __repr__(self) -> str:
        return f"Pressed(refused={self.refused!r})"


class OperatorPage(ConsolePage, frozen=True, kw_only=True):
    """One of them."""

    template = "operator.html"
    section = "/operators"
    colleague: Colleague
    myself: bool
    pressed: Pressed


@route(_LIST, http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def list_operators(request: AnyRequest) -> Response[str]:
    """Addresses are personal: that somebody looked at them is recorded."""
    visitor = await admit(request)
    return await _list(request, visitor, message=done_of(request, _DONE))


@post(_LIST, status_code=200)
async def add_colleague(request: AnyRequest) -> Response[str]:
    """Give a role; what was typed is not lost."""
    form, visitor = await read_form_of(request)
    email, role = (form.get("email") or "").strip(), form.get("role") or "operator"
    if role not in ROLES:
        raise Refusal(ErrorCode.INVALID_REQUEST, f"role: one of {', '.join(ROLES)}")
    typed = AddOperator(email, role)
    try:
        await act_freshly(request, visitor, add_operator, typed, page=None)
    except StaleSignIn as refusal:
        return await _list(request, visitor, typed, refused=as_sentence(refusal.description))
    except Refusal as refusal:
        if refusal.code is not ErrorCode.INVALID_REQUEST:
            raise
        return await _list(request, visitor, typed, error=as_sentence(refusal.description))
    return go_back(request, _LIST_PATH, "added")


@route(_PATH, http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def show_operator(request: AnyRequest, operator_id: FromPath[str]) -> Response[str]:
    """Tokens and roles of one."""
    visitor = await admit(request)
    return await _one(request, visitor, operator_id, Pressed(message=done_of(request, _DONE)))


@post(_PATH, status_code=200)
async def change_operator(request: AnyRequest, operator_id: FromPath[str]) -> Response[str]:
    """One of three buttons."""
    form, visitor = await read_form_of(request)
    match form.get("action"):
        case "token":
            return await _make_token(request, visitor, operator_id)
        case "revoke":
            return await _revoke(request, visitor, operator_id, form.required("token"))
        case "remove":
            return await _remove(request, visitor, operator_id, form)
        case _:
            raise Refusal(ErrorCode.INVALID_REQUEST, "Choose one of the buttons.")


async def _make_token(request: AnyRequest, visitor: Visitor, operator_id: str) -> Response[str]:
    try:
        page = f"{_LIST_PATH}/{(await _colleague(request, operator_id)).operator.id}"
        made = await act_freshly(request, visitor, make_operator_token, operator_id, page=page)
    except Refusal as refusal:
        if refusal.code not in {ErrorCode.INVALID_REQUEST, ErrorCode.NOT_FOUND}:
            raise
        return go_back(request, _LIST_PATH, "gone")
    message = "A token is made. It opens the audit log at the API for whoever has it."
    return await _one(request, visitor, operator_id, Pressed(token=made.token, message=message))


async def _revoke(request: AnyRequest, visitor: Visitor, operator_id: str, token_id: str) -> Response[str]:
    check_changes(visitor)
    colleague = await _colleague(request, operator_id)
    is_theirs = token_id in {each.id for each in colleague.tokens}
    if not is_theirs or await act(request, visitor, revoke_operator_token, token_id) is None:
        return await _one(request, visitor, operator_id, Pressed(refused="This token was revoked already."))
    return go_back(request, f"{_LIST_PATH}/{colleague.operator.id}", "revoked")


async def _remove(request: AnyRequest, visitor: Visitor, operator_id: str, form: Form) -> Response[str]:
    colleague = await _colleague(request, operator_id)
    address, typed = colleague.operator.address, (form.get("confirm") or "").strip()
    if typed.casefold() != address.casefold():
        error = f"Type {address} to take the role away."
        return await _one(request, visitor, operator_id, Pressed(confirm=typed, error=error))
    try:
        await act_freshly(request, visitor, remove_colleague, operator_id, page=None)
    except Refusal as refusal:
        if refusal.code is not ErrorCode.INVALID_REQUEST:
            raise
        said = as_sentence(refusal.description)
        return await _one(request, visitor, operator_id, Pressed(confirm=typed, refused=said))
    return go_back(request, _LIST_PATH, "removed")


async def _list(
    request: AnyRequest,
    visitor: Visitor,
    typed: AddOperator | None = None,
    *,
    error: str = "",
    refused: str = "",
    message: str | None = None,
) -> Response[str]:
    await view(request, visitor, "operators")
    staff = await services_of(request).database.read(describe_staff)
    page = OperatorsPage(title="Operators and auditors", staff=staff, error=error)
    if typed is not None:
        page = msgspec.structs.replace(page, email=typed.address, role=typed.role)
    refused = refused or ("Nobody was given a role: see the form below." if error else "")
    return await show(request, visitor, page, 422 if refused else 200, refused or message)


async def _one(request: AnyRequest, visitor: Visitor, operator_id: str, pressed: Pressed) -> Response[str]:
    await view(request, visitor, "operators")
    colleague = await _colleague(request, operator_id)
    page = OperatorPage(
        title=colleague.operator.address,
        colleague=colleague,
        myself=operator_id == visitor.operator.id,
        pressed=pressed,
    )
    refused = pressed.refused or ("The role was not taken away: see below." if pressed.error else "")
    return await show(request, visitor, page, 422 if refused else 200, refused or pressed.message)


async def _colleague(request: AnyRequest, operator_id: str) -> Colleague:
    staff = await services_of(request).database.read(describe_staff)
    colleague = next((each for each in staff if each.operator.id == operator_id), None)
    if colleague is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Nobody has a role by this id, or not any more.")
    return colleague
