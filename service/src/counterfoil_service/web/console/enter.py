# SPDX-License-Identifier: Apache-2.0
"""`/console/enter/…`: the one-time link of an operator, for whom no mail leads in. Looking at it uses nothing up."""

from typing import Final

from litestar import Response, post, route
from litestar.enums import HttpMethod
from litestar.params import FromPath

from counterfoil_service.core import link
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import operator_links
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.operations.enter_console import EnterConsole, enter_console
from counterfoil_service.web.browser.answers import browser_name, go_to_path, path_of
from counterfoil_service.web.browser.cookies import browser_cookie, session_cookie, session_of
from counterfoil_service.web.browser.csrf import csrf_token, read_own_form
from counterfoil_service.web.console.frame import CONSOLE_PATH, show_alone
from counterfoil_service.web.limits import charge_network
from counterfoil_service.web.services import AnyRequest, services_of

_PATH: Final = "/enter"


@route(_PATH + "/{secret:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def show_entrance(request: AnyRequest, secret: FromPath[str]) -> Response[str]:
    """One button, as long as the link lives: a program that opens every link presses none."""
    services = services_of(request)
    lives = link.well_formed(secret) and await services.database.read(_lives, digest(secret), services.clock())
    if not lives:
        await charge_network(request, "range_opens")
        return _dead(request)
    browser = browser_name(request)
    csrf = csrf_token(request, browser)
    return show_alone(request, "enter.html", cookies=[browser_cookie(browser)], csrf=csrf, secret=secret)


@post(_PATH, status_code=303)
async def enter(request: AnyRequest) -> Response[str]:
    """Use the link up, and sign this browser in."""
    services = services_of(request)
    form, _ = await read_own_form(request)
    secret, replaced = form.get("secret", at_most=16_384) or "", session_of(request)
    command = EnterConsole(secret, None if replaced is None else digest(replaced))
    cookie = await services.database.write(enter_console, command) if link.well_formed(secret) else None
    if cookie is None:
        await charge_network(request, "range_tries")
        return _dead(request)
    cookies = [session_cookie(cookie, services.settings.session_lifetime)]
    return go_to_path(request, path_of(request, CONSOLE_PATH), cookies)


async def _lives(tx: ReadTransaction, link_hash: bytes, now: int) -> bool:
    return await operator_links.living(tx, link_hash, now=now) is not None


def _dead(request: AnyRequest) -> Response[str]:
    """The same page for every link that is none, or none any more."""
    return show_alone(request, "enter_dead.html", 410)
