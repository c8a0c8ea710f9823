# SPDX-License-Identifier: Apache-2.0
"""The link, opened by a person or by a mail scanner: a page on GET, a decision on POST (protocol.md §3)."""

from typing import Any
from urllib.parse import urlsplit

from litestar import Response, Router, post, route
from litestar.enums import HttpMethod
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from counterfoil_service.core import email_address, link, user_code
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.login import SECOND, State
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import logins
from counterfoil_service.operations.approve_login import Approval, ApproveLogin, approve_login
from counterfoil_service.operations.describe_link import LinkView, describe_link
from counterfoil_service.operations.open_link import OpenLink, open_link
from counterfoil_service.operations.opener import Opener
from counterfoil_service.operations.reject_login import RejectLogin, reject_login
from counterfoil_service.web import problems
from counterfoil_service.web.caller import source_of, user_agent_of
from counterfoil_service.web.forms import read_form
from counterfoil_service.web.oauth import CHECK_MAIL_PATH
from counterfoil_service.web.pages import DecidedPage, ErrorPage, LinkPage
from counterfoil_service.web.services import AnyRequest, services_of

_MALFORMED = "Type the six letters that your device shows."
_WRONG = "That code does not match. Look at the screen of the device you are signing in on, and type it again."
_SAME_SITE = {"same-origin", "none"}
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


@route("/l/{secret:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def show_link(request: AnyRequest, secret: FromPath[str]) -> Response[str]:
    """The page of a live link. Changes nothing, however often and by whomever it is made [R18]."""
    services = services_of(request)
    view = await _live(request, secret)
    if view is None or view.login.state is not State.PENDING:
        return _dead(request)
    await services.database.write(open_link, OpenLink(view.login, _opener(request)))
    return _page(services.pages.link(_link_page(request, view, secret)))


@post("/l", status_code=200)
async def decide(request: AnyRequest) -> Response[str]:
    """Approve with the code that only the asking device shows, or reject. Checks run 403, 410, 422."""
    _refuse_cross_site(request)
    form = await read_form(request)
    secret = form.get("secret", at_most=16_384) or ""
    view = await _live(request, secret)
    typed = form.get("user_code", at_most=16_384) or ""
    if view is None:
        await _record_dead(request, form.get("action"), secret, typed)
        return _dead(request)
    match form.get("action"):
        case "approve":
            return await _approve(request, view, secret, typed)
        case "reject":
            return await _reject(request, view, secret)
        case _ if view.login.state is State.PENDING:
            return _again(request, view, secret, "Choose one of the two buttons.")
        case _:
            return _page(services_of(request).pages.approved(_decided_page(request, view, secret)), 422)


@route(CHECK_MAIL_PATH, http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def check_mail(request: AnyRequest) -> Response[str]:
    """What a device may show as its verification address: help, without any secret."""
    return _page(services_of(request).pages.check_mail())


def handle_page_error(request: AnyRequest, error: Exception) -> Response[str]:
    """Errors met by a browser are pages."""
    refusal = problems.as_refusal(error, request)
    status = 403 if isinstance(refusal, _CrossSite) else problems.status_of(refusal)
    page = ErrorPage(
        status=status,
        title="This request came from another site" if isinstance(refusal, _CrossSite) else problems.title_of(status),
        message=_sentence(refusal.description),
        request_id=problems.request_id(request.scope),
    )
    return _page(services_of(request).pages.error(page), status, problems.headers_of(refusal, error))


def handle_any_error(request: AnyRequest, error: Exception) -> Response[Any]:
    """Below the link a page, the dead link's for an address that cannot be one; JSON everywhere else."""
    path, link_path = request.scope["path"], _action(request)
    if path != link_path and not path.startswith(f"{link_path}/"):
        return problems.handle_error(request, error)
    if isinstance(error, NotFoundException):
        return _dead(request)
    return handle_page_error(request, error)


def _sentence(description: str) -> str:
    """Descriptions begin with a field's name, for programs; a page speaks to a person."""
    return description[:1].upper() + description[1:] + ("" if description.endswith(".") else ".")


class _CrossSite(Refusal):
    def __init__(self) -> None:
        super().__init__(ErrorCode.INVALID_REQUEST, "Open the link from your mail and use the buttons on that page.")


def _refuse_cross_site(request: AnyRequest) -> None:
    """Both headers, where sent, must say same site; `no-referrer` pages make `Origin` null [R39]."""
    fetch_site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if fetch_site is not None and fetch_site not in _SAME_SITE:
        raise _CrossSite
    if origin is not None and origin not in {"null", origin_of(services_of(request).settings.public_url)}:
        raise _CrossSite


def origin_of(url: str) -> str:
    """The origin as browsers write it: lower case, without a default port (RFC 6454 §6.2)."""
    parts = urlsplit(url)
    host = parts.netloc.lower()
    return f"{parts.scheme}://{host.removesuffix(_DEFAULT_PORTS[parts.scheme])}"


async def _live(request: AnyRequest, secret: str) -> LinkView | None:
    services = services_of(request)
    if not link.well_formed(secret):
        return None
    return await services.database.read(describe_link, secret, services.clock())


async def _approve(request: AnyRequest, view: LinkView, secret: str, typed: str) -> Response[str]:
    services = services_of(request)
    code = user_code.normalise(typed)
    if view.login.state is State.PENDING and code is None:
        return _again(request, view, secret, _MALFORMED)
    command = ApproveLogin(secret, code or "", _opener(request))
    match await services.database.write(approve_login, command):
        case Approval.APPROVED:
            return _page(services.pages.approved(_decided_page(request, view, secret)))
        case Approval.MISSED:
            return _again(request, view, secret, _WRONG)
        case Approval.LOCKED:
            return _page(services.pages.locked(), 410)
        case Approval.DEAD:
            return _dead(request)


async def _reject(request: AnyRequest, view: LinkView, secret: str) -> Response[str]:
    services = services_of(request)
    if not await services.database.write(reject_login, RejectLogin(secret, _opener(request))):
        return _dead(request)
    return _page(services.pages.rejected(_decided_page(request, view, secret)))


async def _record_dead(request: AnyRequest, action: str | None, secret: str, typed: str) -> None:
    """A decision on a login that has ended changes nothing and leaves a trace; a secret nobody issued leaves none."""
    database = services_of(request).database
    if not link.well_formed(secret) or await database.read(logins.by_link, digest(secret)) is None:
        return
    if action == "approve":
        await database.write(approve_login, ApproveLogin(secret, user_code.normalise(typed) or "", _opener(request)))
    elif action == "reject":
        await database.write(reject_login, RejectLogin(secret, _opener(request)))


def _opener(request: AnyRequest) -> Opener:
    return Opener(request.method, str(source_of(request)), user_agent_of(request))


def _action(request: AnyRequest) -> str:
    return f"{urlsplit(services_of(request).settings.public_url).path}/l"


def _link_page(request: AnyRequest, view: LinkView, secret: str, message: str | None = None) -> LinkPage:
    return LinkPage(
        application_name=view.application_name,
        device_label=view.login.device_label,
        asked_seconds_ago=max(0, services_of(request).clock() - view.login.created_at) // SECOND,
        masked_address=email_address.masked(view.login.address),
        origin=None,
        known_device=view.known_device,
        secret=secret,
        message=message,
        action=_action(request),
    )


def _decided_page(request: AnyRequest, view: LinkView, secret: str) -> DecidedPage:
    return DecidedPage(
        application_name=view.application_name,
        device_label=view.login.device_label,
        secret=secret,
        action=_action(request),
    )


def _again(request: AnyRequest, view: LinkView, secret: str, message: str) -> Response[str]:
    return _page(services_of(request).pages.link(_link_page(request, view, secret, message)), 422)


def _dead(request: AnyRequest) -> Response[str]:
    return _page(services_of(request).pages.dead(), 410)


def _page(html: str, status: int = 200, headers: dict[str, Any] | None = None) -> Response[str]:
    return Response(html, status_code=status, headers=headers, media_type="text/html")


def link_router(path: str) -> Router:
    """The pages' routes; their errors are pages too."""
    return Router(
        path, route_handlers=[show_link, decide, check_mail], exception_handlers={Exception: handle_page_error}
    )
