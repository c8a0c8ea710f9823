# SPDX-License-Identifier: Apache-2.0
"""`/console/applications/…`: what one application is, may change, and how to build on it."""

import asyncio
from typing import Final

import msgspec
from litestar import Response, post, route
from litestar.enums import HttpMethod
from litestar.params import FromPath

from counterfoil_service.core import link
from counterfoil_service.core.application import OWN_ID, Application, is_client_id
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.crypto.argon2 import hash_secret
from counterfoil_service.db import applications
from counterfoil_service.operations.change_application import change_application
from counterfoil_service.operations.remove_application import remove_application
from counterfoil_service.operations.renew_secret import RenewSecret, renew_secret
from counterfoil_service.web.browser.answers import path_of
from counterfoil_service.web.console.access import Visitor, act_freshly, admit, check_before_work, read_form_of
from counterfoil_service.web.console.application_form import Typed, errors_of, read_typed, typed_of, wrong_uris
from counterfoil_service.web.console.done import done_of, go_back
from counterfoil_service.web.console.frame import CONSOLE_PATH, ConsolePage, application_path, show
from counterfoil_service.web.console.policies import POLICIES, Policy
from counterfoil_service.web.console.snippets import Snippet, snippet_of
from counterfoil_service.web.forms import Form
from counterfoil_service.web.services import AnyRequest, services_of

_PATH: Final = "/applications/{name:str}"
_LIST: Final = f"{CONSOLE_PATH}/applications"

_DONE: Final = {
    "added": "The application is registered.",
    "changed": "Changed: new logins go by it from now on.",
    "same": "Nothing was changed: it is so already.",
}


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a press has left on the page: `errors` by field, `secret` this once, `checked` to judge redirect URIs.

    `typed` None: the form shows the application as it is. `confirm` is the client id as it was typed to remove it.
    """

    typed: Typed | None = None
    errors: dict[str, str] = {}
    checked: bool = False
    secret: str | None = None
    confirm: str = ""
    message: str | None = None

    def __repr__(self) -> str:
        return f"Shown(errors={sorted(self.errors)})"


_AS_IT_IS: Final = Shown()


class ApplicationPage(ConsolePage, frozen=True, kw_only=True):
    """Facts, forms, and code to copy."""

    template = "application.html"
    section = "/applications"
    application: Application
    path: str
    shown: Shown
    typed: Typed
    snippet: Snippet
    policies: tuple[Policy, ...] = POLICIES

    @property
    def errors(self) -> dict[str, str]:
        """By field, as in the form that registers one."""
        return self.shown.errors

    @property
    def checked(self) -> bool:
        """As there."""
        return self.shown.checked


@route(_PATH, http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def show_one(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """Facts for everybody, forms for operators."""
    visitor = await admit(request)
    application = await _named(request, name)
    return await show_application(request, visitor, application, Shown(message=done_of(request, _DONE)))


@post(_PATH, status_code=200)
async def change_one(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """One of four buttons."""
    form, visitor = await read_form_of(request)
    application = await _named(request, name)
    match form.get("action"):
        case "check":
            return await show_application(request, visitor, application, Shown(typed=read_typed(form), checked=True))
        case "change":
            return await _change(request, visitor, application, read_typed(form))
        case "secret":
            return await _renew(request, visitor, application)
        case "remove":
            return await _remove(request, visitor, application, form)
        case _:
            raise Refusal(ErrorCode.INVALID_REQUEST, "Choose one of the buttons.")


async def show_application(
    request: AnyRequest, visitor: Visitor, application: Application, shown: Shown = _AS_IT_IS
) -> Response[str]:
    """Its page; with errors nothing was changed, and what was typed is still there."""
    page = ApplicationPage(
        title=application.name,
        application=application,
        path=path_of(request, application_path(application.id)),
        shown=shown,
        typed=shown.typed or typed_of(application),
        snippet=snippet_of(application, services_of(request).settings.public_url),
    )
    errors, message = shown.errors, shown.message
    if errors:
        message = errors.get("") or "Nothing was changed: see what is marked below."
    return await show(request, visitor, page, 422 if errors else 200, message)


async def _named(request: AnyRequest, name: str) -> Application:
    application_id = name.removeprefix(":")
    database = services_of(request).database
    application = await database.read(applications.get, application_id) if is_client_id(application_id) else None
    if application is None or application.id == OWN_ID:
        raise Refusal(ErrorCode.NOT_FOUND, "No application has this client id, or not any more.")
    return application


async def _change(request: AnyRequest, visitor: Visitor, application: Application, typed: Typed) -> Response[str]:
    errors = wrong_uris(typed)
    if not errors:
        try:
            command = typed.change(application.id)
            changed = await act_freshly(request, visitor, change_application, command, page=None)
        except Refusal as refusal:
            if refusal.code is not ErrorCode.INVALID_REQUEST:
                raise
            errors = errors_of(refusal)
        else:
            done = "changed" if changed.names else "same"
            return go_back(request, application_path(application.id), done)
    return await show_application(request, visitor, application, Shown(typed=typed, errors=errors, checked=True))


async def _renew(request: AnyRequest, visitor: Visitor, application: Application) -> Response[str]:
    check_before_work(request, visitor, page=application_path(application.id))
    secret = link.make(services_of(request).database.context().entropy)
    command = RenewSecret(application.id, await asyncio.to_thread(hash_secret, secret))
    try:
        await act_freshly(request, visitor, renew_secret, command, page=application_path(application.id))
    except Refusal as refusal:
        return await _refused(request, visitor, application, refusal)
    message = "The secret before this one is worth nothing any more."
    return await show_application(request, visitor, application, Shown(secret=secret, message=message))


async def _remove(request: AnyRequest, visitor: Visitor, application: Application, form: Form) -> Response[str]:
    typed = (form.get("confirm") or "").strip()
    if typed != application.id:
        errors = {"confirm": f"Type {application.id} to remove it."}
        return await show_application(request, visitor, application, Shown(errors=errors, confirm=typed))
    try:
        await act_freshly(request, visitor, remove_application, application.id, page=None)
    except Refusal as refusal:
        return await _refused(request, visitor, application, refusal, typed)
    return go_back(request, _LIST, "removed")


async def _refused(
    request: AnyRequest, visitor: Visitor, application: Application, refusal: Refusal, confirm: str = ""
) -> Response[str]:
    """What was not done stands in its page, or in the list of all where somebody removed it meanwhile."""
    if refusal.code is not ErrorCode.INVALID_REQUEST:
        raise refusal
    if await services_of(request).database.read(applications.get, application.id) is None:
        return go_back(request, _LIST, "gone")
    shown = Shown(errors=errors_of(refusal), confirm=confirm)
    return await show_application(request, visitor, application, shown)
