# SPDX-License-Identifier: Apache-2.0
"""`/console/four-eyes`: what one operator asked for and another has to grant; and how a page stands to that."""

from collections.abc import Sequence
from typing import Final

import msgspec
from litestar import Response, post, route
from litestar.enums import HttpMethod

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.four_eyes import Act, SecondPerson, Standing
from counterfoil_service.core.identifiers import base64url
from counterfoil_service.core.relaying import MAX_REASON, check_reason
from counterfoil_service.db.four_eyes import ShownRequest
from counterfoil_service.operations.decide_request import DecideRequest, decide_request
from counterfoil_service.operations.describe_requests import AFTER_ALL, AT_MOST, RequestsAsked, describe_requests
from counterfoil_service.web.browser.query import Query
from counterfoil_service.web.console.access import Visitor, act_freshly, admit, read_form_of, view
from counterfoil_service.web.console.done import as_sentence, done_of, go_back
from counterfoil_service.web.console.frame import ConsolePage, show
from counterfoil_service.web.services import AnyRequest, services_of

FOUR_EYES_PATH: Final = "/console/four-eyes"
_DONE: Final = {
    "granted": "Granted: whoever asked may do it now, once.",
    "declined": "Declined: it is not done.",
}


class Asking(msgspec.Struct, frozen=True):
    """How a visitor stands to an act that takes two: what they asked for lately, and what somebody else asks for."""

    mine: SecondPerson | None
    standing: Standing | None
    others: bool

    @property
    def granted(self) -> SecondPerson | None:
        """What they may do now."""
        return self.mine if self.standing == "granted" else None


class ShownAct(msgspec.Struct, frozen=True):
    """One row: `whose` is the page of whom or what it is about, below `/console`."""

    asked: ShownRequest
    standing: Standing
    whose: str
    is_own: bool

    def __repr__(self) -> str:
        return f"ShownAct(asked={self.asked!r})"


class FourEyesPage(ConsolePage, frozen=True, kw_only=True):
    """`waiting`, and what was `granted` to the visitor and is not done, are on the first page alone."""

    template = "four_eyes.html"
    section = "/four-eyes"
    granted: list[ShownAct]
    waiting: list[ShownAct]
    others: list[ShownAct]
    is_first: bool
    following: str | None


def asking_of(request: AnyRequest, visitor: Visitor, act: Act, requests: Sequence[ShownRequest]) -> Asking | None:
    """By the requests about it, the newest first; None where the settings ask for nobody."""
    services = services_of(request)
    if act not in services.settings.four_eyes:
        return None
    now, by = services.clock(), visitor.operator.id
    mine = next((each.request for each in requests if each.request.requested_by == by), None)
    others = any(each.request.requested_by != by and each.request.standing(now) == "waiting" for each in requests)
    return Asking(mine, None if mine is None else mine.standing(now), others)


@route("/four-eyes", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def show_requests(request: AnyRequest) -> Response[str]:
    """What the visitor may do now, and what waits for a decision; below them what was decided, the newest first."""
    visitor = await admit(request)
    _check_wanted(request)
    page = await _look(request, visitor, Query(request.scope["query_string"]).get("before", at_most=64))
    return await show(request, visitor, page, message=done_of(request, _DONE))


@post("/four-eyes", status_code=200)
async def decide(request: AnyRequest) -> Response[str]:
    """Grant or decline; what somebody else was faster with is said in the page."""
    form, visitor = await read_form_of(request)
    _check_wanted(request)
    action = form.required("action", at_most=64)
    if action not in {"grant", "decline"}:
        raise Refusal(ErrorCode.INVALID_REQUEST, "action: use one of the buttons on the page")
    command = DecideRequest(form.required("id", at_most=64), action == "grant")
    try:
        await act_freshly(request, visitor, decide_request, command, page=FOUR_EYES_PATH)
    except Refusal as refusal:
        if refusal.code is not ErrorCode.INVALID_REQUEST:
            raise
        page = await _look(request, visitor, None)
        return await show(request, visitor, page, 422, as_sentence(refusal.description))
    return go_back(request, FOUR_EYES_PATH, "granted" if command.granted else "declined")


def _check_wanted(request: AnyRequest) -> None:
    if not services_of(request).settings.four_eyes:
        raise Refusal(ErrorCode.NOT_FOUND, "Nothing takes two operators here: COUNTERFOIL_FOUR_EYES names no act.")


async def _look(request: AnyRequest, visitor: Visitor, before: str | None) -> FourEyesPage:
    services = services_of(request)
    await view(request, visitor, "four_eyes")
    now = services.clock()
    asked = RequestsAsked(visitor.operator.id, before or AFTER_ALL, now)
    found = await services.database.read(describe_requests, asked)
    more = len(found.others) > AT_MOST
    return FourEyesPage(
        title="Four eyes",
        granted=[_shown(each, visitor, now) for each in found.granted],
        waiting=[_shown(each, visitor, now) for each in found.waiting],
        others=[_shown(each, visitor, now) for each in found.others[:AT_MOST]],
        is_first=before is None,
        following=f"?before={found.others[AT_MOST - 1].request.id}" if more else None,
    )


def _shown(asked: ShownRequest, visitor: Visitor, now: int) -> ShownAct:
    request = asked.request
    where = f"/logins/{request.target}" if request.is_relay else f"/people/{_name(request.target)}"
    return ShownAct(asked, request.standing(now), where, request.requested_by == visitor.operator.id)


def _name(target: str) -> str:
    """How URLs name whom an erasure means: by subject, or by the keyed hash of a mailbox without a user."""
    return base64url(bytes.fromhex(target)) if len(target) == 64 else target  # noqa: PLR2004 - 32 bytes in hex


def unfit_reason(typed: str) -> str:
    """What is wrong with a reason, for its field; empty where it will do."""
    try:
        check_reason(typed)
    except Refusal:
        return f"Say why, in one line of at most {MAX_REASON} characters."
    return ""
