# SPDX-License-Identifier: Apache-2.0
"""`/account`: a person sees what they are signed in to, and ends what should not be (protocol.md §6) [R87]."""

from litestar import Response, post, route
from litestar.enums import HttpMethod

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.identifiers import base64url
from counterfoil_service.core.session import is_fresh
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db.devices import Device
from counterfoil_service.db.sessions import Listed
from counterfoil_service.operations.change_own_device import ChangeOwnDevice, change_own_device
from counterfoil_service.operations.describe_account import AccountView, describe_account
from counterfoil_service.operations.describe_person import Person
from counterfoil_service.operations.end_other_sessions import end_other_sessions
from counterfoil_service.operations.end_session import EndSession, end_session
from counterfoil_service.web.browser.answers import browser_name, go_to_path, path_of, signed_in
from counterfoil_service.web.browser.cookies import browser_cookie, no_session_cookie
from counterfoil_service.web.browser.csrf import csrf_token, read_own_form
from counterfoil_service.web.browser.pages import AccountPage, DeviceRow, SessionRow, SignedOutPage, SignInRow
from counterfoil_service.web.browser.query import Query
from counterfoil_service.web.browser.sign_in import ACCOUNT_PATH, SIGN_IN_PATH
from counterfoil_service.web.forms import Form
from counterfoil_service.web.services import AnyRequest, services_of
from counterfoil_service.web.speech import answer, pages_of

SIGNED_OUT_PATH = "/signed-out"

_READ = [HttpMethod.GET, HttpMethod.HEAD]
_DONE = {"session", "others", "device"}


@route(ACCOUNT_PATH, http_method=_READ)
async def show_account(request: AnyRequest) -> Response[str]:
    """The page, for whoever this browser signs in."""
    services = services_of(request)
    person = await signed_in(request)
    if person is None:
        return go_to_path(request, _sign_in(request))
    now, limits = services.clock(), services.settings.session_limits
    view = await services.database.read(describe_account, person.user.id, limits, now)
    browser = browser_name(request)
    done = Query(request.scope["query_string"]).get("done")
    shown = AccountPage(
        address=person.user.address,
        sessions=sorted((_session_row(listed, view, person) for listed in view.sessions), key=_after_current),
        devices=sorted((_device_row(device, view, browser) for device in view.devices), key=_after_current),
        sign_ins=[_sign_in_row(listed, view) for listed in view.sign_ins],
        csrf=csrf_token(request, browser),
        action=path_of(request, ACCOUNT_PATH),
        fresh=is_fresh(person.session.auth_time, now),
        done=done if done in _DONE else None,
    )
    pages = pages_of(request)
    return answer(pages, pages.show(shown), cookies=[browser_cookie(browser)])


@post(ACCOUNT_PATH, status_code=303)
async def change_account(request: AnyRequest) -> Response[str]:
    """Sign out, end something, or forget a device; a sign-in that is too old for it leads to a new one first."""
    form, _ = await read_own_form(request)
    action = form.required("action", at_most=64)
    person = await signed_in(request)
    try:
        done = await _change(request, action, form, person) if person is not None else "nothing"
    except Refusal as refusal:
        if refusal.code is ErrorCode.INSUFFICIENT_USER_AUTHENTICATION:
            return go_to_path(request, f"{_sign_in(request)}&prompt=login")
        if refusal.code is not ErrorCode.NOT_FOUND:
            raise
        done = "nothing"  # it ended meanwhile, perhaps by the same button
    if done == "self" or action == "sign_out":
        return go_to_path(request, path_of(request, SIGNED_OUT_PATH), [no_session_cookie()])
    return go_to_path(request, path_of(request, ACCOUNT_PATH) + (f"?done={done}" if done in _DONE else ""))


@route(SIGNED_OUT_PATH, http_method=_READ)
async def signed_out(request: AnyRequest) -> Response[str]:
    """Says so, whoever asks."""
    pages = pages_of(request)
    return answer(pages, pages.show(SignedOutPage(sign_in=path_of(request, SIGN_IN_PATH))))


async def _change(request: AnyRequest, action: str, form: Form, person: Person) -> str:
    """What was done; `self` where this browser is signed out by it."""
    database, asking = services_of(request).database, person.session
    if action == "sign_out":
        await database.write(end_session, EndSession(asking.id, asking))
        return "self"
    if action == "end_others":
        await database.write(end_other_sessions, asking)
        return "others"
    name = form.required("id", at_most=64)
    if action == "end_session":
        await database.write(end_session, EndSession(name, asking))
        return "self" if name == asking.id else "session"
    if action == "forget_device":
        await database.write(change_own_device, ChangeOwnDevice(name, "forget", asking))
        return "self" if name == asking.device_id else "device"
    raise Refusal(ErrorCode.INVALID_REQUEST, "action: use one of the buttons on the page")


def _sign_in(request: AnyRequest) -> str:
    return f"{path_of(request, SIGN_IN_PATH)}?return_to={path_of(request, ACCOUNT_PATH)}"


def _session_row(listed: Listed, view: AccountView, person: Person) -> SessionRow:
    session = listed.session
    return SessionRow(
        id=session.id,
        application_name=view.names[session.application_id],
        device_label=listed.device_label,
        began_at=session.created_at,
        last_used_at=session.last_used_at,
        current=session.id == person.session.id,
    )


def _after_current(row: SessionRow | DeviceRow) -> bool:
    return not row.current


def _device_row(device: Device, view: AccountView, browser: str) -> DeviceRow:
    return DeviceRow(
        id=device.id,
        application_name=view.names[device.application_id],
        label=device.label,
        first_seen_at=device.first_seen_at,
        last_seen_at=device.last_seen_at,
        waiting=device.state == "waiting",
        current=device.key_id == base64url(digest(browser)),
    )


def _sign_in_row(listed: Listed, view: AccountView) -> SignInRow:
    return SignInRow(
        application_name=view.names[listed.session.application_id],
        device_label=listed.device_label,
        began_at=listed.session.created_at,
        ended=listed.session.ended_at is not None,
    )
