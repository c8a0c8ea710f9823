# SPDX-License-Identifier: Apache-2.0
"""`/sign-in`: asks for an address, and has a link mailed to it for this browser (protocol.md §5)."""

import asyncio

import msgspec
from litestar import Response, post, route
from litestar.enums import HttpMethod

from counterfoil_service.core import destination as destinations
from counterfoil_service.core import email_address
from counterfoil_service.core.application import OWN_ID
from counterfoil_service.core.destination import Destination
from counterfoil_service.core.email_address import EmailAddress
from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.return_path import check_return_path
from counterfoil_service.db import applications
from counterfoil_service.operations.asking_browser import AskingBrowser
from counterfoil_service.operations.link_request import StartLogin
from counterfoil_service.operations.start_login import LoginStarted, start_login
from counterfoil_service.web.browser.answers import browser_name, go_to_path, page, path_of, signed_in
from counterfoil_service.web.browser.cookies import browser_cookie
from counterfoil_service.web.browser.csrf import csrf_token, read_own_form
from counterfoil_service.web.browser.labels import label_of
from counterfoil_service.web.browser.pages import SignInPage
from counterfoil_service.web.browser.query import Query
from counterfoil_service.web.browser.sealed import open_destination, seal_destination
from counterfoil_service.web.caller import network_of, source_of, user_agent_of
from counterfoil_service.web.limits import asked
from counterfoil_service.web.services import AnyRequest, Services, services_of

SIGN_IN_PATH = "/sign-in"
ACCOUNT_PATH = "/account"

_MAX_ADDRESS = 1024
_MAX_SEALED = 12_000


class SignInForm(msgspec.Struct, frozen=True):
    """What the page is made of. `browser` is the cookie; `application_name` None at our own pages."""

    application_name: str | None
    destination: Destination
    browser: str
    address: str
    again: bool = False
    message: str | None = None

    def __repr__(self) -> str:
        return "SignInForm(***)"


@route(SIGN_IN_PATH, http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def show_sign_in(request: AnyRequest) -> Response[str]:
    """The page, unless somebody is signed in here already; `prompt=login` asks again."""
    query = Query(request.scope["query_string"])
    path = check_return_path(query.get("return_to", at_most=4096) or path_of(request, ACCOUNT_PATH))
    again = query.get("prompt") == "login"
    person = await signed_in(request)
    if person is not None and not again:
        return go_to_path(request, path)
    address = person.user.address if person else ""
    form = SignInForm(None, destinations.own(path), browser_name(request), address, again=person is not None)
    return show_form(request, form)


@post(SIGN_IN_PATH, status_code=303)
async def begin_sign_in(request: AnyRequest) -> Response[str]:
    """Ask for a link. What comes next is the same for every address [R92]."""
    services = services_of(request)
    form, browser = await read_own_form(request)
    sealed = form.get("request", at_most=_MAX_SEALED)
    destination = (
        destinations.own(path_of(request, ACCOUNT_PATH))
        if sealed is None
        else open_destination(request, sealed, browser)
    )
    typed = form.get("email", at_most=16_384) or ""
    try:
        address = email_address.parse(typed[: _MAX_ADDRESS + 1])
    except Refusal as refusal:
        return await _again(
            request, SignInForm(None, destination, browser, typed[:_MAX_ADDRESS], message=refusal.description)
        )
    command = await _command(request, address, AskingBrowser(browser, destination))
    started = await asked(request, command, _start)
    services.wake_mail()
    waiting = path_of(request, f"{SIGN_IN_PATH}/{started.login_id}")
    return go_to_path(request, waiting, [browser_cookie(browser)])


def show_form(request: AnyRequest, form: SignInForm, status: int = 200) -> Response[str]:
    """The page, which names the browser if nothing did so far."""
    shown = SignInPage(
        application_name=form.application_name,
        address=form.address,
        sealed=seal_destination(request, form.destination, form.browser),
        csrf=csrf_token(request, form.browser),
        action=path_of(request, SIGN_IN_PATH),
        again=form.again,
        message=form.message,
    )
    return page(services_of(request).pages.show(shown), status, [browser_cookie(form.browser)])


async def _again(request: AnyRequest, form: SignInForm) -> Response[str]:
    application = await services_of(request).database.read(applications.get, form.destination.application_id)
    name = None if application is None or application.id == OWN_ID else application.name
    return show_form(request, msgspec.structs.replace(form, application_name=name), 422)


async def _start(services: Services, command: StartLogin) -> LoginStarted:
    return await services.database.write(start_login, command)


async def _command(request: AnyRequest, address: EmailAddress, browser: AskingBrowser) -> StartLogin:
    source, user_agent = source_of(request), user_agent_of(request)
    return StartLogin(
        application_id=browser.destination.application_id,
        address=address,
        proof=None,
        scope=browser.destination.scope,
        resource=browser.destination.resource,
        # In a thread: its first use reads large rules.
        device_label=await asyncio.to_thread(label_of, user_agent),
        evidence=None,
        source=str(source),
        source_range=network_of(request),
        place=services_of(request).places.place_of(source),
        user_agent=user_agent,
        browser=browser,
    )
