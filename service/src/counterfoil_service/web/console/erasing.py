# SPDX-License-Identifier: Apache-2.0
"""`/console/people/…/erase`: says what goes and what stays, and takes the address, typed, for a yes."""

from typing import ClassVar, Final

import msgspec
from litestar import Response, post, route
from litestar.enums import HttpMethod
from litestar.params import FromPath

from counterfoil_service.core.email_address import LONGEST
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.four_eyes import target_of
from counterfoil_service.core.relaying import MAX_REASON
from counterfoil_service.db.four_eyes import MOST_REQUESTS, requests_about
from counterfoil_service.operations.ask_second_person import AskSecondPerson, ask_second_person
from counterfoil_service.operations.describe_mailbox import MailboxView
from counterfoil_service.operations.erase_user import erase_user
from counterfoil_service.operations.find_person import mailbox_of
from counterfoil_service.web.console.access import Visitor, act_freshly, admit, read_form_of
from counterfoil_service.web.console.done import as_sentence, done_of, go_back
from counterfoil_service.web.console.four_eyes import Asking, asking_of, unfit_reason
from counterfoil_service.web.console.frame import ConsolePage, show
from counterfoil_service.web.console.people import PEOPLE_PATH
from counterfoil_service.web.console.person import find, look_at
from counterfoil_service.web.services import AnyRequest, services_of

_DONE: Final = {"asked": "Another operator has to agree first: then come back here, within an hour of that, and erase."}
_OTHER_ADDRESS: Final = "This is not the address of whom you are about to erase: nothing was changed."


class ErasePage(ConsolePage, frozen=True, kw_only=True):
    """`asking` None: it takes no second person. What was typed stands in its field again where it was wrong."""

    template = "erase.html"
    section = "/people"
    name: str
    seen: MailboxView
    is_self: bool
    longest: ClassVar[int] = MAX_REASON
    asking: Asking | None
    typed: str = ""
    wrong: str = ""
    reason: str = ""
    unfit: str = ""


@route("/people/{name:str}/erase", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def ask_to_erase(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """A page of its own, so that nobody erases by one press."""
    visitor = await admit(request)
    page = await _page(request, visitor, name)
    return await show(request, visitor, page, message=done_of(request, _DONE))


@post("/people/{name:str}/erase", status_code=200)
async def erase_person(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """Once the address was typed that the page shows."""
    form, visitor = await read_form_of(request)
    typed = (form.get("address", at_most=2 * LONGEST) or "").strip()
    seen = await find(request, name)
    if seen.user is not None and seen.user.id == visitor.person.user.id:
        return await show(request, visitor, await _page(request, visitor, name), 422)
    if form.get("action", at_most=64) == "ask":
        return await _ask(request, visitor, name, form.get("reason", at_most=4096) or "")
    # The same mailbox, whatever the case: what names it names nobody else. Of one whose address is kept nowhere any
    # more, whoever knows it still can say so.
    if _mailbox(request, typed) != seen.mailbox:
        return await show(request, visitor, await _page(request, visitor, name, typed, _OTHER_ADDRESS), 422)
    try:
        await act_freshly(request, visitor, erase_user, name, page=None)
    except Refusal as refusal:
        if refusal.code is not ErrorCode.INVALID_REQUEST:
            raise
        page = await _page(request, visitor, name, typed)
        return await show(request, visitor, page, 422, as_sentence(refusal.description))
    return go_back(request, PEOPLE_PATH, "erased")


async def _ask(request: AnyRequest, visitor: Visitor, name: str, reason: str) -> Response[str]:
    """Where it takes two; `name` is the subject, or of a mailbox without a user its keyed hash."""
    if unfit := unfit_reason(reason):
        page = await _page(request, visitor, name)
        return await show(request, visitor, msgspec.structs.replace(page, reason=reason, unfit=unfit), 422)
    try:
        await act_freshly(request, visitor, ask_second_person, AskSecondPerson("erase", name, reason), page=None)
    except Refusal as refusal:
        if refusal.code is not ErrorCode.INVALID_REQUEST:
            raise
        page = msgspec.structs.replace(await _page(request, visitor, name), reason=reason)
        return await show(request, visitor, page, 422, as_sentence(refusal.description))
    return go_back(request, f"{PEOPLE_PATH}/{name}/erase", "asked")


async def _page(request: AnyRequest, visitor: Visitor, name: str, typed: str = "", wrong: str = "") -> ErasePage:
    seen = await look_at(request, visitor, name)
    is_self = seen.user is not None and seen.user.id == visitor.person.user.id
    target = target_of(seen.mailbox, None if seen.user is None else seen.user.id)
    requests = await services_of(request).database.read(requests_about, "erase", target, MOST_REQUESTS)
    asking = asking_of(request, visitor, "erase", requests)
    return ErasePage(title="Erase", name=name, seen=seen, is_self=is_self, asking=asking, typed=typed, wrong=wrong)


def _mailbox(request: AnyRequest, typed: str) -> bytes | None:
    try:
        return mailbox_of(typed, services_of(request).keys)
    except Refusal:
        return None
