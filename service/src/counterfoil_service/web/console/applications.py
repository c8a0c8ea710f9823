# SPDX-License-Identifier: Apache-2.0
"""`/console/applications`: those that there are, and the form that registers another one."""

import asyncio

from litestar import Response, post, route
from litestar.enums import HttpMethod

from counterfoil_service.core import link
from counterfoil_service.core.application import Application
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.crypto.argon2 import hash_secret
from counterfoil_service.db import applications
from counterfoil_service.operations.add_application import add_application
from counterfoil_service.web.browser.answers import path_of
from counterfoil_service.web.console.access import (
    StaleSignIn,
    Visitor,
    act_freshly,
    admit,
    check_before_work,
    read_form_of,
)
from counterfoil_service.web.console.application import Shown, show_application
from counterfoil_service.web.console.application_form import Typed, errors_of, read_typed, wrong_uris
from counterfoil_service.web.console.done import done_of, go_back
from counterfoil_service.web.console.frame import ConsolePage, application_path, show
from counterfoil_service.web.console.policies import POLICIES, Policy
from counterfoil_service.web.console.redirect_words import Verdict, lines_of, verdicts_on
from counterfoil_service.web.services import AnyRequest, services_of

_LIST = "/applications"
_NEW = "/applications/new"
_DONE = {
    "removed": "The application is removed: its open logins were denied, and its sessions have ended.",
    "gone": "Nothing was changed: somebody removed this application meanwhile.",
}


class ApplicationsPage(ConsolePage, frozen=True, kw_only=True):
    """All of them, each with the path of its page: they are registered by hand, and few."""

    template = "applications.html"
    section = "/applications"
    applications: list[tuple[str, Application]]


class NewApplicationPage(ConsolePage, frozen=True, kw_only=True):
    """The form; `errors` by field, `checked` once its redirect URIs are to be judged."""

    template = "application_new.html"
    section = "/applications"
    typed: Typed
    errors: dict[str, str]
    checked: bool
    policies: tuple[Policy, ...] = POLICIES


@route(_LIST, http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def list_applications(request: AnyRequest) -> Response[str]:
    """By client id. Nothing here is about anybody."""
    visitor = await admit(request)
    found = await services_of(request).database.read(applications.list_all)
    done = done_of(request, _DONE)
    listed = [(path_of(request, application_path(each.id)), each) for each in found]
    return await show(request, visitor, ApplicationsPage(title="Applications", applications=listed), message=done)


@route(_NEW, http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def show_new(request: AnyRequest) -> Response[str]:
    """The empty form."""
    visitor = await admit(request)
    if not visitor.changes:
        raise Refusal(ErrorCode.ACCESS_DENIED, "Only operators change things here: auditors read.")
    return await _form(request, visitor, Typed(), {}, checked=False)


@post(_NEW, status_code=200)
async def register(request: AnyRequest) -> Response[str]:
    """Register it, or look at its redirect URIs alone; what was typed is never lost."""
    form, visitor = await read_form_of(request)
    typed = read_typed(form)
    if form.get("action") == "check":
        return await _form(request, visitor, typed, {}, checked=True)
    errors = wrong_uris(typed)
    if errors:
        return await _form(request, visitor, typed, errors, checked=True)
    try:
        check_before_work(request, visitor, page=None)
    except StaleSignIn as refusal:
        return await _form(request, visitor, typed, errors_of(refusal), checked=True)
    context = services_of(request).database.context()
    secret = link.make(context.entropy) if typed.chosen["confidential"] == "yes" else None
    hashed = None if secret is None else await asyncio.to_thread(hash_secret, secret)
    application = typed.application(context.now, hashed)
    try:
        await act_freshly(request, visitor, add_application, application, page=None)
    except Refusal as refusal:
        if refusal.code is not ErrorCode.INVALID_REQUEST:
            raise
        return await _form(request, visitor, typed, errors_of(refusal), checked=True)
    if secret is None:
        return go_back(request, application_path(application.id), "added")
    shown = Shown(secret=secret, message="The application is registered.")
    return await show_application(request, visitor, application, shown)


@post("/applications/check", status_code=200)
async def check_uris(request: AnyRequest) -> Response[list[Verdict]]:
    """What the page says of its lines while they are typed."""
    form, _ = await read_form_of(request)
    verdicts = verdicts_on(lines_of(form.get("redirect_uris", at_most=12_288) or ""))
    return Response(verdicts, media_type="application/json")


async def _form(
    request: AnyRequest, visitor: Visitor, typed: Typed, errors: dict[str, str], *, checked: bool
) -> Response[str]:
    page = NewApplicationPage(title="Register an application", typed=typed, errors=errors, checked=checked)
    message = (errors.get("") or "Nothing was registered: see what is marked below.") if errors else None
    return await show(request, visitor, page, 422 if errors else 200, message)
