# SPDX-License-Identifier: Apache-2.0
"""The link, opened by a person or by a mail scanner: a page on GET, a decision on POST (protocol.md §3)."""

from urllib.parse import urlsplit

from litestar import Response, Router, post, route
from litestar.enums import HttpMethod
from litestar.params import FromPath

from counterfoil_service.core import email_address, link, redirects, user_code
from counterfoil_service.core.login import MAX_CODES, SECOND, State
from counterfoil_service.core.opener import nearness_words
from counterfoil_service.core.words import N_
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import logins
from counterfoil_service.operations.approve_login import Approval, ApproveLogin, approve_login, is_same_browser
from counterfoil_service.operations.describe_link import LinkView, describe_link
from counterfoil_service.operations.issue_code import CodeIssued, IssueCode, NoCode, issue_code, may_return
from counterfoil_service.operations.open_link import OpenLink, open_link
from counterfoil_service.operations.reject_login import RejectLogin, reject_login
from counterfoil_service.operations.report_login import ReportLogin, is_reportable, report_login
from counterfoil_service.web.browser.answers import go, path_of
from counterfoil_service.web.browser.cookies import browser_hash_of
from counterfoil_service.web.browser.pages import TappedPage
from counterfoil_service.web.browser.sign_in import SIGN_IN_PATH
from counterfoil_service.web.forms import Form, read_form
from counterfoil_service.web.limits import charge_network
from counterfoil_service.web.oauth import CHECK_MAIL_PATH
from counterfoil_service.web.openers import opener_of
from counterfoil_service.web.page_errors import handle_page_error
from counterfoil_service.web.pages import DecidedPage, HandOverPage, LinkPage, OpenedIn, Pages
from counterfoil_service.web.same_site import refuse_cross_site
from counterfoil_service.web.services import AnyRequest, services_of
from counterfoil_service.web.speech import answer, pages_of

_MALFORMED = N_("Type the six letters that your device shows.")
_WRONG = N_("That code does not match. Look at the screen of the device you are signing in on, and type it again.")
_SAME_DEVICE = N_("No code is taken here: open this mail on the computer where you started.")
_ASK_AGAIN = N_("The way back was taken three times; that is enough. Ask for a new link.")
_USED_UP = N_("The way back was taken three times; that is enough. Type the code instead.")
_NO_WAY_HOME = N_("This sign-in cannot go on in this browser. Type the code instead.")
_UNCLEAR = N_("Choose one of the buttons.")


@route("/l/{secret:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def show_link(request: AnyRequest, secret: FromPath[str]) -> Response[str]:
    """The page of a live link. Changes nothing, however often and by whomever it is made [R18]."""
    services = services_of(request)
    view = await _live(request, secret)
    if view is None or view.login.state is not State.PENDING:
        await charge_network(request, "range_opens")
        return _dead(request)
    await charge_network(request, "link_opens", digest(secret))
    await services.database.write(open_link, OpenLink(view.login, await opener_of(request)))
    return await _link(request, view, secret)


@post("/l", status_code=200)
async def decide(request: AnyRequest) -> Response[str]:
    """Approve with the code that only the asking device shows, or reject. Checks run 403, 410, 422."""
    refuse_cross_site(request)
    form = await read_form(request)
    secret = form.get("secret", at_most=16_384) or ""
    view = await _live(request, secret)
    login = view.login if view else await _login_of(request, secret)
    if login is None:
        # First of all, and alone: else each secret that somebody makes up would have a counter of its own.
        await charge_network(request, "range_tries")
        return _dead(request)
    await charge_network(request, "link_tries", digest(secret))
    if form.get("action") == "report":
        return await _report(request, login, secret)
    if view is None:
        await charge_network(request, "range_tries")
        await _record_dead(request, form, secret)
        return _dead(request)
    return await _decide_live(request, view, form, secret)


async def _decide_live(request: AnyRequest, view: LinkView, form: Form, secret: str) -> Response[str]:
    match form.get("action"):
        case "approve":
            return await _approve(request, view, secret, _typed(form))
        case "reject":
            return await _reject(request, view, secret)
        case "here":
            return await _here(request, view, secret)
        case _:
            return await _unclear(request, view, secret)


def _typed(form: Form) -> str:
    return form.get("user_code", at_most=16_384) or ""


@route(CHECK_MAIL_PATH, http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def check_mail(request: AnyRequest) -> Response[str]:
    """What a device may show as its verification address: help, without any secret."""
    pages = pages_of(request)
    return answer(pages, pages.check_mail())


async def _live(request: AnyRequest, secret: str) -> LinkView | None:
    services = services_of(request)
    if not link.well_formed(secret):
        return None
    return await services.database.read(describe_link, secret, services.clock())


async def _login_of(request: AnyRequest, secret: str) -> logins.Login | None:
    """However it stands."""
    if not link.well_formed(secret):
        return None
    return await services_of(request).database.read(logins.by_link, digest(secret))


async def _approve(request: AnyRequest, view: LinkView, secret: str, typed: str) -> Response[str]:
    services = services_of(request)
    code = user_code.normalise(typed)
    same_browser = _is_same_browser(request, view)
    if view.login.state is State.PENDING and code is None and not same_browser and not view.same_device_only:
        return await _again(request, view, secret, _MALFORMED)
    command = ApproveLogin(secret, code or "", await opener_of(request), browser_hash_of(request))
    match await services.database.write(approve_login, command):
        case Approval.APPROVED if same_browser:
            return _go_on(request, view)
        case Approval.APPROVED:
            pages = _pages(request, view)
            return answer(pages, pages.approved(_decided_page(request, view, secret)))
        case Approval.MISSED | Approval.REFUSED as failed:
            return await _again(request, view, secret, _WRONG if failed is Approval.MISSED else _SAME_DEVICE)
        case Approval.LOCKED:
            pages = _pages(request, view)
            return answer(pages, pages.locked(), 410)
        case Approval.DEAD:
            return _dead(request)


def _go_on(request: AnyRequest, view: LinkView) -> Response[str]:
    """To the waiting page, by a page and no redirect.

    Chromium holds form-action against each step that follows a form, and only the application knows all of its own.
    """
    shown = TappedPage(target=path_of(request, f"{SIGN_IN_PATH}/{view.login.id}"))
    pages = _pages(request, view)
    return answer(pages, pages.show(shown))


async def _reject(request: AnyRequest, view: LinkView, secret: str) -> Response[str]:
    services = services_of(request)
    if not await services.database.write(reject_login, RejectLogin(secret, await opener_of(request))):
        return _dead(request)
    pages = _pages(request, view)
    return answer(pages, pages.rejected(_decided_page(request, view, secret)))


async def _here(request: AnyRequest, view: LinkView, secret: str) -> Response[str]:
    """Send this browser home with a code; where the policy lets no form lead, a page with one link does it [R31]."""
    services = services_of(request)
    issued = await services.database.write(issue_code, IssueCode(secret, await opener_of(request)))
    match issued:
        case NoCode.DEAD:
            return _dead(request)
        case NoCode.USED_UP:
            return await _again(request, view, secret, _ASK_AGAIN if view.same_device_only else _USED_UP)
        case NoCode.NO_WAY_HOME:
            return await _again(request, view, secret, _NO_WAY_HOME)
        case CodeIssued(redirect_uri=uri, target=target) if redirects.form_target(uri) is None:
            page = HandOverPage(application_name=view.application_name, target=target)
            pages = _pages(request, view)
            return answer(pages, pages.hand_over(page))
        case CodeIssued(target=target):
            return go(target)


async def _report(request: AnyRequest, login: logins.Login, secret: str) -> Response[str]:
    """The one decision that a link takes when it is dead for all others: denied or collected, for a day."""
    services = services_of(request)
    if not is_reportable(login, services.clock()):
        await charge_network(request, "range_tries")
    reported = await services.database.write(report_login, ReportLogin(secret, await opener_of(request)))
    if reported is None:
        return _dead(request)
    pages = pages_of(request, reported.language, reported.look)
    return answer(pages, pages.reported(reported.application_name, reported.device_label))


async def _unclear(request: AnyRequest, view: LinkView, secret: str) -> Response[str]:
    if view.login.state is State.PENDING:
        return await _again(request, view, secret, _UNCLEAR)
    pages = _pages(request, view)
    return answer(pages, pages.approved(_decided_page(request, view, secret)), 422)


async def _record_dead(request: AnyRequest, form: Form, secret: str) -> None:
    """A decision on a login that has ended changes nothing and leaves a trace."""
    write, opener = services_of(request).database.write, await opener_of(request)
    match form.get("action"):
        case "approve":
            await write(approve_login, ApproveLogin(secret, user_code.normalise(_typed(form)) or "", opener))
        case "reject":
            await write(reject_login, RejectLogin(secret, opener))
        case "here":
            await write(issue_code, IssueCode(secret, opener))


def _action(request: AnyRequest) -> str:
    return f"{urlsplit(services_of(request).settings.public_url).path}/l"


async def _link_page(request: AnyRequest, view: LinkView, secret: str, message: str | None = None) -> LinkPage:
    return LinkPage(
        application_name=view.application_name,
        device_label=view.login.device_label,
        asked_seconds_ago=max(0, services_of(request).clock() - view.login.created_at) // SECOND,
        masked_address=email_address.masked(view.login.address),
        origin=_pages(request, view).place(view.login.country, view.login.place),
        opener=await _opened_in(request, view),
        standing=view.standing,
        secret=secret,
        message=message,
        action=_action(request),
        may_return=_may_return(view),
        same_browser=_is_same_browser(request, view),
        same_device_only=view.same_device_only,
    )


async def _opened_in(request: AnyRequest, view: LinkView) -> OpenedIn | None:
    opener = await opener_of(request)
    nearness = nearness_words(opener.nearness(view.login, services_of(request).keys))
    return OpenedIn(opener.browser, nearness) if opener.browser or nearness else None


def _decided_page(request: AnyRequest, view: LinkView, secret: str) -> DecidedPage:
    return DecidedPage(
        application_name=view.application_name,
        device_label=view.login.device_label,
        secret=secret,
        action=_action(request),
    )


async def _again(request: AnyRequest, view: LinkView, secret: str, message: str) -> Response[str]:
    return await _link(request, view, secret, message)


async def _link(request: AnyRequest, view: LinkView, secret: str, message: str | None = None) -> Response[str]:
    """The live link's page; only where one of its buttons leads away does its policy let a form go there [R31]."""
    pages = _pages(request, view)
    html = pages.link(await _link_page(request, view, secret, message))
    uri = view.login.redirect_uri
    target = redirects.form_target(uri) if uri is not None and _may_return(view) else None
    return answer(pages, html, 200 if message is None else 422, way_home=target)


def _is_same_browser(request: AnyRequest, view: LinkView) -> bool:
    return is_same_browser(view.login, browser_hash_of(request))


def _may_return(view: LinkView) -> bool:
    return may_return(view.login) and view.login.codes_minted < MAX_CODES


def _dead(request: AnyRequest) -> Response[str]:
    """The same bytes for every link that is dead, and every caller who reads the same language."""
    pages = pages_of(request)
    return answer(pages, pages.dead(), 410)


def _pages(request: AnyRequest, view: LinkView) -> Pages:
    return pages_of(request, view.login.language, view.look)


def link_router(path: str) -> Router:
    """The pages' routes; their errors are pages too."""
    return Router(
        path, route_handlers=[show_link, decide, check_mail], exception_handlers={Exception: handle_page_error}
    )
