# SPDX-License-Identifier: Apache-2.0
"""The link of a notice mail, opened by a person or a mail scanner: a page on GET, the session's end on POST [R89]."""

from urllib.parse import urlsplit

from litestar import Response, Router, post, route
from litestar.enums import HttpMethod
from litestar.params import FromPath

from counterfoil_service.core import email_address, link
from counterfoil_service.crypto.keys import digest
from counterfoil_service.operations.describe_notice import NoticeView, describe_notice
from counterfoil_service.operations.end_noticed_session import EndNoticedSession, end_noticed_session
from counterfoil_service.web.forms import read_form
from counterfoil_service.web.limits import charge_network
from counterfoil_service.web.openers import opener_of
from counterfoil_service.web.page_errors import handle_page_error
from counterfoil_service.web.pages import NoticePage
from counterfoil_service.web.same_site import refuse_cross_site
from counterfoil_service.web.services import AnyRequest, services_of
from counterfoil_service.web.speech import answer, pages_of


@route("/n/{secret:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def show_notice(request: AnyRequest, secret: FromPath[str]) -> Response[str]:
    """The page of a living session. Changes nothing, however often and by whomever it is opened [R18]."""
    view = await _living(request, secret)
    if view is None:
        await charge_network(request, "range_opens")
        return _dead(request)
    await charge_network(request, "link_opens", digest(secret))
    pages = pages_of(request, view.language, view.look)
    return answer(pages, pages.notice(_notice_page(request, view, secret)))


@post("/n", status_code=200)
async def end_session(request: AnyRequest) -> Response[str]:
    """End the session. Checks run 403, 410."""
    refuse_cross_site(request)
    secret = (await read_form(request)).get("secret", at_most=16_384) or ""
    if await _living(request, secret) is None:
        await charge_network(request, "range_tries")
        return _dead(request)
    await charge_network(request, "link_tries", digest(secret))
    command = EndNoticedSession(secret, await opener_of(request))
    view = await services_of(request).database.write(end_noticed_session, command)
    if view is None:
        return _dead(request)
    pages = pages_of(request, view.language, view.look)
    return answer(pages, pages.notice_ended(_notice_page(request, view, secret)))


async def _living(request: AnyRequest, secret: str) -> NoticeView | None:
    if not link.well_formed(secret):
        return None
    services = services_of(request)
    limits = services.settings.session_limits
    return await services.database.read(describe_notice, secret, services.clock(), limits)


def _notice_page(request: AnyRequest, view: NoticeView, secret: str) -> NoticePage:
    services = services_of(request)
    return NoticePage(
        application_name=view.application_name,
        device_label=view.device_label,
        signed_in_at=view.session.created_at,
        changed_at=view.session.changed_at,
        masked_address=email_address.masked(view.user.address),
        secret=secret,
        action=f"{urlsplit(services.settings.public_url).path}/n",
    )


def _dead(request: AnyRequest) -> Response[str]:
    pages = pages_of(request)
    return answer(pages, pages.notice_dead(), 410)


def notice_router(path: str) -> Router:
    """The routes; their errors are pages too."""
    return Router(path, route_handlers=[show_notice, end_session], exception_handlers={Exception: handle_page_error})
