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
from counterfoil_service.core.languages import of_ui_locales
from counterfoil_service.core.look import OUR_LOOK, Look, look_of
from counterfoil_service.core.return_path import check_return_path
from counterfoil_service.db import applications
from counterfoil_service.operations.asking_browser import AskingBrowser
from counterfoil_service.operations.link_request import StartLogin
from counterfoil_service.operations.start_login import LoginStarted, start_login
from counterfoil_service.web.browser.answers import browser_name, go_to_path, path_of, signed_in
from counterfoil_service.web.browser.cookies import browser_cookie
from counterfoil_service.web.browser.csrf import csrf_token, read_own_form
from counterfoil_service.web.browser.labels import label_of
from counterfoil_service.web.browser.pages import SignInPage
from counterfoil_service.web.browser.query import Query
from counterfoil_service.web.browser.sealed import open_destination, seal_destination
from counterfoil_service.web.caller import network_of, source_of, user_agent_of
from counterfoil_service.web.limits import asked
from counterfoil_service.web.services import AnyRequest, Services, services_of
from counterfoil_service.web.speech import LONGEST_LOCALES, answer, language_asked, pages_of

SIGN_IN_PATH = "/sign-in"
ACCOUNT_PATH = "/account"

_MAX_ADDRESS = 1024
_MAX_SEALED = 12_000


class SignInForm(msgspec.Struct, frozen=True):
    """What the page is made of. `browser` is the cookie; `application_name` None at our own pages.

    `refusal` is what was wrong with the address; `ui_locales` the language that was asked for by name.
    """

    application_name: str | None
    destination: Destination
    browser: str
    address: str
    again: bool = False
    refusal: Refusal | None = None
    look: Look = OUR_LOOK
    ui_locales: str | None = None

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
    locales = of_ui_locales(query.get("ui_locales", at_most=LONGEST_LOCALES) or "")
    form = SignInForm(
        None, destinations.own(path), browser_name(request), address, again=person is not None, ui_locales=locales
    )
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
    locales = of_ui_locales(form.get("ui_locales", at_most=LONGEST_LOCALES) or "")
    try:
        address = email_address.parse(typed[: _MAX_ADDRESS + 1])
    except Refusal as refusal:
        again = SignInForm(None, destination, browser, typed[:_MAX_ADDRESS], refusal=refusal, ui_locales=locales)
        return await _again(request, again)
    command = await _command(request, address, AskingBrowser(browser, destination), locales)
    started = await asked(request, command, _start)
    services.wake_mail()
    waiting = path_of(request, f"{SIGN_IN_PATH}/{started.login_id}")
    return go_to_path(request, waiting, [browser_cookie(browser)])


def show_form(request: AnyRequest, form: SignInForm, status: int = 200) -> Response[str]:
    """The page, which names the browser if nothing did so far."""
    pages = pages_of(request, form.ui_locales, form.look)
    shown = SignInPage(
        application_name=form.application_name,
        address=form.address,
        sealed=seal_destination(request, form.destination, form.browser),
        csrf=csrf_token(request, form.browser),
        action=path_of(request, SIGN_IN_PATH),
        again=form.again,
        message=None if form.refusal is None else pages.say(form.refusal) or form.refusal.description,
        ui_locales=form.ui_locales,
    )
    return answer(pages, pages.show(shown), status, cookies=[browser_cookie(form.browser)])


async def _again(request: AnyRequest, form: SignInForm) -> Response[str]:
    application = await services_of(request).database.read(applications.get, form.destination.application_id)
    if application is not None and application.id != OWN_ID:
        form = msgspec.structs.replace(form, application_name=application.name, look=look_of(application))
    return show_form(request, form, 422)


async def _start(services: Services, command: StartLogin) -> LoginStarted:
    return await services.database.write(start_login, command)


async def _command(
    request: AnyRequest, address: EmailAddress, browser: AskingBrowser, locales: str | None
) -> StartLogin:
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
        language=language_asked(request, locales),
    )
