# SPDX-License-Identifier: Apache-2.0
"""`/sign-in/{login_id}`: shows the code, waits for the link, and goes on by itself once the person said yes there."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

import msgspec
from litestar import Response, get, route
from litestar.enums import HttpMethod
from litestar.params import FromPath

from counterfoil_service.core import redirects, user_code
from counterfoil_service.core.application import OWN_ID
from counterfoil_service.core.destination import Destination
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.identifiers import is_ulid
from counterfoil_service.core.login import SECOND, State
from counterfoil_service.core.polling import MAX_WAIT
from counterfoil_service.crypto.keys import digest
from counterfoil_service.operations.asking_browser import browser_user_code
from counterfoil_service.operations.describe_sign_in import SignInView, describe_sign_in
from counterfoil_service.operations.finish_sign_in import FinishSignIn, SignedIn, destination_of, finish_sign_in
from counterfoil_service.web.bodies import read_body
from counterfoil_service.web.browser.answers import go, go_to_path, path_of, signed_in
from counterfoil_service.web.browser.authorize import AUTHORIZE_PATH
from counterfoil_service.web.browser.cookies import browser_of, session_cookie, session_of
from counterfoil_service.web.browser.pages import ContinuePage, SignInEndedPage, WaitingPage
from counterfoil_service.web.browser.sign_in import SIGN_IN_PATH
from counterfoil_service.web.headers import content_security_policy
from counterfoil_service.web.polling import hold
from counterfoil_service.web.services import AnyRequest, services_of
from counterfoil_service.web.speech import answer, pages_of


@route(SIGN_IN_PATH + "/{login_id:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def wait(request: AnyRequest, login_id: FromPath[str]) -> Response[str]:
    """The page, or where the browser goes next. To any other browser it is the page of a dead sign-in."""
    view = await _view(request, login_id)
    if view is not None and view.state is State.APPROVED and request.method == HttpMethod.GET:
        finished = await _finish(request, view)
        if finished is not None:
            return finished
        view = await _view(request, login_id)
    if view is None:
        return _ended(request, None, "elsewhere")
    if view.state is State.PENDING:
        return _waiting(request, view)
    person = await signed_in(request) if view.state is State.CONSUMED else None
    if person is None or person.session.login_id != view.login.id:
        return _ended(request, view, view.state.value)
    if view.login.application_id == OWN_ID:
        return go_to_path(request, destination_of(view.login).redirect_uri)
    return _ended(request, view, "signed_in", 200)


@get(SIGN_IN_PATH + "/{login_id:str}/state")
async def state(request: AnyRequest, login_id: FromPath[str]) -> Response[bytes]:
    """For the page's script: how the login stands, held like a poll while nothing happens; one at a time."""
    services = services_of(request)
    view = await _view(request, login_id)
    if view is None:
        return _json({"state": "gone"}, 404)
    pace = services.paces.of(view.login.id)
    if view.state is not State.PENDING or pace.held:
        return _json({"state": view.state.value})
    await read_body(request)  # or `hold` would take the body's end for that of the connection
    pace.held, pace.received_at = True, services.clock()
    try:
        await hold(request, view.login.id, services.clock() + MAX_WAIT * SECOND)
    except Refusal as refusal:
        if refusal.code is not ErrorCode.AUTHORIZATION_PENDING:
            raise
    finally:
        pace.held = False
    view = await _view(request, login_id)
    return _json({"state": "gone" if view is None else view.state.value})


def restart_of(request: AnyRequest, destination: Destination, language: str | None = None) -> str:
    """The address that begins a sign-in to the same place again, whoever is signed in by then."""
    if destination.application_id == OWN_ID:
        own = {"return_to": destination.redirect_uri, "ui_locales": language}
        return f"{path_of(request, SIGN_IN_PATH)}?{_encoded(own)}"
    again = {
        "response_type": "code",
        "client_id": destination.application_id,
        "redirect_uri": destination.redirect_uri,
        "state": destination.state,
        "code_challenge": destination.code_challenge,
        "code_challenge_method": "S256",
        "dpop_jkt": destination.code_jkt,
        "scope": destination.scope,
        "resource": destination.resource,
        "prompt": "login",
        "ui_locales": language,
    }
    return f"{path_of(request, AUTHORIZE_PATH)}?{_encoded(again)}"


def _restart(request: AnyRequest, view: SignInView) -> str:
    return restart_of(request, destination_of(view.login), view.login.language)


def _encoded(fields: Mapping[str, str | None]) -> str:
    return urlencode({name: value for name, value in fields.items() if value}, quote_via=quote, safe="")


async def _view(request: AnyRequest, login_id: str) -> SignInView | None:
    services = services_of(request)
    browser = browser_of(request)
    if browser is None or not is_ulid(login_id):
        return None
    return await services.database.read(describe_sign_in, login_id, digest(browser), services.clock())


async def _finish(request: AnyRequest, view: SignInView) -> Response[str] | None:
    """None when something else happened to it meanwhile."""
    services = services_of(request)
    replaced = session_of(request)
    command = FinishSignIn(
        view.login.id, digest(browser_of(request) or ""), None if replaced is None else digest(replaced)
    )
    finished = await services.database.write(finish_sign_in, command)
    if not isinstance(finished, SignedIn):
        return None
    services.wake_mail()  # a notice may be among what was written
    cookies = [session_cookie(finished.cookie, services.settings.session_lifetime)]
    if finished.application_name is None:
        return go_to_path(request, finished.target, cookies)
    # A form may have led here, and no policy of a form can name such a target [R31].
    if redirects.form_target(view.login.redirect_uri or "") is None:
        shown = ContinuePage(application_name=finished.application_name, target=finished.target)
        pages = pages_of(request, view.login.language, view.look)
        return answer(pages, pages.show(shown), cookies=cookies)
    return go(finished.target, cookies)


def _waiting(request: AnyRequest, view: SignInView) -> Response[str]:
    services = services_of(request)
    code = browser_user_code(services.keys, browser_of(request) or "", view.login.id)
    shown = WaitingPage(
        application_name=view.application_name,
        user_code=None if view.same_device_only else user_code.display(code),
        seconds_left=max(0, view.login.expires_at - services.clock()) // SECOND,
        restart=_restart(request, view),
    )
    pages = pages_of(request, view.login.language, view.look)
    policy = content_security_policy(*pages.style_hashes)
    script = f"script-src '{pages.script_hash}'; connect-src 'self'"
    return answer(pages, pages.show(shown), headers={"Content-Security-Policy": f"{policy}; {script}"})


def _ended(request: AnyRequest, view: SignInView | None, state: str, status: int = 410) -> Response[str]:
    restart = path_of(request, SIGN_IN_PATH) if view is None else _restart(request, view)
    name = None if view is None else view.application_name
    shown = SignInEndedPage(application_name=name, state=state, restart=restart)
    pages = pages_of(request) if view is None else pages_of(request, view.login.language, view.look)
    return answer(pages, pages.show(shown), status)


def _json(value: dict[str, str], status: int = 200) -> Response[bytes]:
    return Response(msgspec.json.encode(value), status_code=status, media_type="application/json")
