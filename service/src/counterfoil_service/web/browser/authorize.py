# SPDX-License-Identifier: Apache-2.0
"""`GET /oauth/authorize`: a web application sends a browser here, and gets it back with a code (RFC 6749 §4.1)."""

from litestar import Response, route
from litestar.enums import HttpMethod

from counterfoil_service.core import redirects
from counterfoil_service.core.application import OWN_ID, Application
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.languages import of_ui_locales
from counterfoil_service.core.look import look_of
from counterfoil_service.core.words import N_
from counterfoil_service.db import applications
from counterfoil_service.operations.return_to_application import ReturnToApplication, return_to_application
from counterfoil_service.web.browser.answers import browser_name, go, signed_in
from counterfoil_service.web.browser.asked import Asked, read_asked
from counterfoil_service.web.browser.pages import ContinuePage
from counterfoil_service.web.browser.query import Query
from counterfoil_service.web.browser.sign_in import SignInForm, show_form
from counterfoil_service.web.services import AnyRequest, services_of
from counterfoil_service.web.speech import answer, pages_of

AUTHORIZE_PATH = "/oauth/authorize"


@route(AUTHORIZE_PATH, http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def authorize(request: AnyRequest) -> Response[str]:
    """A code at once where the browser is signed in, else the page that asks for an address.

    Nobody is sent to an address that was not registered: what is wrong with it is said on a page of ours [R58].
    """
    query = Query(request.scope["query_string"])
    application = await _application(request, query)
    uri = redirects.match(application.redirect_uris, query.required("redirect_uri", at_most=redirects.MAX_URI))
    try:
        asked = read_asked(query, application, uri, services_of(request).settings.public_url)
        return await _answer(request, application, asked)
    except Refusal as refusal:
        return _refuse(request, query, uri, refusal)


async def _application(request: AnyRequest, query: Query) -> Application:
    client_id = query.required("client_id", at_most=100)
    application = await services_of(request).database.read(applications.get, client_id)
    if application is None or application.id == OWN_ID:
        raise Refusal(
            ErrorCode.INVALID_REQUEST, N_("The site that led you here is not registered with this service (client_id)")
        )
    return application


async def _answer(request: AnyRequest, application: Application, asked: Asked) -> Response[str]:
    services = services_of(request)
    seen = _must_be_seen(application, asked)
    if asked.silent and seen:
        raise Refusal(ErrorCode.LOGIN_REQUIRED, "a program on the person's own computer cannot ask silently")
    # HEAD must change nothing, and a code would be a change.
    person = await signed_in(request) if request.method == HttpMethod.GET else None
    if person is not None and asked.is_met_by(person, services.keys, services.clock()):
        command = ReturnToApplication(person.session.id, asked.destination)
        target = await services.database.write(return_to_application, command)
        if target is not None and not seen:
            return go(target)
        if target is not None:
            shown = ContinuePage(application_name=application.name, target=target)
            pages = pages_of(request, look=look_of(application))
            return answer(pages, pages.show(shown))
    if asked.silent:
        raise Refusal(ErrorCode.LOGIN_REQUIRED, "nobody is signed in here as this request demands")
    hint = asked.address.mailing if asked.address else ""
    locales = of_ui_locales(asked.ui_locales or "")
    form = SignInForm(
        application.name, asked.destination, browser_name(request), hint, look=look_of(application), ui_locales=locales
    )
    return show_form(request, form)


def _must_be_seen(application: Application, asked: Asked) -> bool:
    """Any program of a computer may listen where a public application does: its person is to see it (RFC 8252 §8.6)."""
    return not application.confidential and not asked.destination.redirect_uri.startswith("https://")


def _refuse(request: AnyRequest, query: Query, uri: str, refusal: Refusal) -> Response[str]:
    """Back to the application, which knows what it asked (RFC 6749 §4.1.2.1)."""
    try:
        state = query.get("state")
    except Refusal:
        state = None
    issuer = services_of(request).settings.public_url
    answer = {"error": refusal.code.value, "error_description": refusal.description}
    return go(redirects.respond(uri, **answer, state=state, iss=issuer))
