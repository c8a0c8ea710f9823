# SPDX-License-Identifier: Apache-2.0
"""`/console/logins/…`: what is known of one login; its link given by hand, once, and its end."""

from typing import ClassVar, Final

import msgspec
from litestar import Response, post, route
from litestar.enums import HttpMethod
from litestar.params import FromPath

from counterfoil_service.core.application import OWN, Application
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.identifiers import is_ulid
from counterfoil_service.core.login import MAX_TRIES, OPEN_STATES
from counterfoil_service.core.relaying import MAX_REASON
from counterfoil_service.operations.ask_second_person import AskSecondPerson, ask_second_person
from counterfoil_service.operations.describe_login import LoginView, describe_login
from counterfoil_service.operations.relay_link import Relayed, RelayLink, relay_link
from counterfoil_service.operations.stop_login import stop_login
from counterfoil_service.web.console.access import Visitor, act, act_freshly, admit, read_form_of, view
from counterfoil_service.web.console.done import as_sentence, done_of, go_back
from counterfoil_service.web.console.four_eyes import Asking, asking_of, unfit_reason
from counterfoil_service.web.console.frame import ConsolePage, show
from counterfoil_service.web.console.login_rows import ShownLogin, shown_login
from counterfoil_service.web.console.logins import LOGINS_PATH
from counterfoil_service.web.forms import Form
from counterfoil_service.web.services import AnyRequest, services_of

_DONE: Final = {
    "asked": "Another operator has to agree first: then come back here and relay the link, while the login waits.",
    "cancelled": "The login was cancelled: its device gets no session, and its link is dead.",
}
_LONGEST_TYPED: Final = 4096


class LoginPage(ConsolePage, frozen=True, kw_only=True):
    """`asking` None: it takes no second person. `reason` stands in the field again where it was `wrong`."""

    template = "login.html"
    section = "/logins"
    own: ClassVar[Application] = OWN
    longest: ClassVar[int] = MAX_REASON
    most_misses: ClassVar[int] = MAX_TRIES
    seen: LoginView
    shown: ShownLogin
    asking: Asking | None
    reason: str = ""
    wrong: str = ""

    @property
    def is_open(self) -> bool:
        """Whether there is something to cancel."""
        return self.seen.state in OPEN_STATES


class RelayedPage(ConsolePage, frozen=True, kw_only=True):
    """The one page that ever shows the link."""

    template = "relayed.html"
    section = "/logins"
    login_id: str
    relayed: Relayed


@route("/logins/{login_id:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def show_login(request: AnyRequest, login_id: FromPath[str]) -> Response[str]:
    """One of any state, for as long as it is kept."""
    visitor = await admit(request)
    return await show(request, visitor, await _look(request, visitor, login_id), message=done_of(request, _DONE))


@post("/logins/{login_id:str}", status_code=200)
async def change_login(request: AnyRequest, login_id: FromPath[str]) -> Response[str]:
    """One of the buttons. What somebody else was faster with is said in the page."""
    form, visitor = await read_form_of(request)
    try:
        match form.required("action", at_most=64):
            case "relay":
                return await _relay(request, visitor, form, login_id)
            case "ask":
                return await _ask(request, visitor, form, login_id)
            case "cancel":
                await _find(request, visitor, login_id)
                await act(request, visitor, stop_login, login_id)
                return go_back(request, f"{LOGINS_PATH}/{login_id}", "cancelled")
    except Refusal as refusal:
        if refusal.code is not ErrorCode.INVALID_REQUEST:
            raise
        page = await _look(request, visitor, login_id, _typed(form))
        return await show(request, visitor, page, 422, as_sentence(refusal.description))
    raise Refusal(ErrorCode.INVALID_REQUEST, "action: use one of the buttons on the page")


async def _relay(request: AnyRequest, visitor: Visitor, form: Form, login_id: str) -> Response[str]:
    """The link, in the answer itself: it stands in no address, and nobody keeps it."""
    seen = await _find(request, visitor, login_id)
    if visitor.changes and seen.not_relayed is not None:
        # Somebody was faster: a grant that is used up by now would have them asked for a reason.
        raise Refusal(ErrorCode.INVALID_REQUEST, seen.not_relayed)
    asking = asking_of(request, visitor, "relay", seen.requests)
    granted = None if asking is None else asking.granted
    # What another operator granted was granted for the reason that was given then: there is nothing to type.
    reason, here = (_typed(form), None) if granted is None else (granted.reason, f"{LOGINS_PATH}/{login_id}")
    if asking is None and (wrong := unfit_reason(reason)):
        return await show(request, visitor, await _look(request, visitor, login_id, reason, wrong), 422)
    relayed = await act_freshly(request, visitor, relay_link, RelayLink(login_id, reason), page=here)
    return await show(request, visitor, RelayedPage(title="Link, shown this once", login_id=login_id, relayed=relayed))


async def _ask(request: AnyRequest, visitor: Visitor, form: Form, login_id: str) -> Response[str]:
    await _find(request, visitor, login_id)
    typed = _typed(form)
    if wrong := unfit_reason(typed):
        return await show(request, visitor, await _look(request, visitor, login_id, typed, wrong), 422)
    await act_freshly(request, visitor, ask_second_person, AskSecondPerson("relay", login_id, typed), page=None)
    return go_back(request, f"{LOGINS_PATH}/{login_id}", "asked")


def _typed(form: Form) -> str:
    return form.get("reason", at_most=_LONGEST_TYPED) or ""


async def _find(request: AnyRequest, visitor: Visitor, login_id: str) -> LoginView:
    """All of it, with what this visitor may do; a Refusal where there is none."""
    database = services_of(request).database
    context = msgspec.structs.replace(database.context(), actor=visitor.operator.id)
    seen = await database.read(describe_login, login_id, context) if is_ulid(login_id) else None
    if seen is None:
        raise Refusal(ErrorCode.NOT_FOUND, "No login that is kept has this id: it may have been deleted by now.")
    return seen


async def _look(request: AnyRequest, visitor: Visitor, login_id: str, reason: str = "", wrong: str = "") -> LoginPage:
    """The page, once it is recorded who looks."""
    seen = await _find(request, visitor, login_id)
    await view(request, visitor, "logins", login=seen.row.id, subject=seen.row.subject)
    asking = asking_of(request, visitor, "relay", seen.requests)
    return LoginPage(title="Login", seen=seen, shown=shown_login(seen.row), asking=asking, reason=reason, wrong=wrong)
