# SPDX-License-Identifier: Apache-2.0
"""`/console/people/…/erase`: says what goes and what stays, and takes the address, typed, for a yes."""

from typing import Final

from litestar import Response, post, route
from litestar.enums import HttpMethod
from litestar.params import FromPath

from counterfoil_service.core.email_address import LONGEST
from counterfoil_service.core.errors import Refusal
from counterfoil_service.operations.describe_mailbox import MailboxView
from counterfoil_service.operations.erase_user import erase_user
from counterfoil_service.operations.find_person import mailbox_of
from counterfoil_service.web.console.access import Visitor, act_freshly, admit, read_form_of
from counterfoil_service.web.console.done import go_back
from counterfoil_service.web.console.frame import ConsolePage, show
from counterfoil_service.web.console.people import PEOPLE_PATH
from counterfoil_service.web.console.person import find, look_at
from counterfoil_service.web.services import AnyRequest, services_of

_OTHER_ADDRESS: Final = "This is not the address of whom you are about to erase: nothing was changed."


class ErasePage(ConsolePage, frozen=True, kw_only=True):
    """`typed` stands in the field again where it was wrong."""

    template = "erase.html"
    section = "/people"
    name: str
    seen: MailboxView
    is_self: bool
    typed: str = ""
    wrong: str = ""


@route("/people/{name:str}/erase", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def ask_to_erase(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """A page of its own, so that nobody erases by one press."""
    visitor = await admit(request)
    return await show(request, visitor, await _page(request, visitor, name))


@post("/people/{name:str}/erase", status_code=200)
async def erase_person(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """Once the address was typed that the page shows."""
    form, visitor = await read_form_of(request)
    typed = (form.get("address", at_most=2 * LONGEST) or "").strip()
    seen = await find(request, name)
    if seen.user is not None and seen.user.id == visitor.person.user.id:
        return await show(request, visitor, await _page(request, visitor, name), 422)
    # The same mailbox, whatever the case: what names it names nobody else. Of one whose address is kept nowhere any
    # more, whoever knows it still can say so.
    if _mailbox(request, typed) != seen.mailbox:
        return await show(request, visitor, await _page(request, visitor, name, typed, _OTHER_ADDRESS), 422)
    return go_back(request, PEOPLE_PATH, await _erase(request, visitor, name))


async def _erase(request: AnyRequest, visitor: Visitor, name: str) -> str:
    """The word for what was done; `name` is the subject, or of a mailbox without a user its keyed hash."""
    await act_freshly(request, visitor, erase_user, name, page=f"{PEOPLE_PATH}/{name}/erase")
    return "erased"


async def _page(request: AnyRequest, visitor: Visitor, name: str, typed: str = "", wrong: str = "") -> ErasePage:
    seen = await look_at(request, visitor, name)
    is_self = seen.user is not None and seen.user.id == visitor.person.user.id
    return ErasePage(title="Erase", name=name, seen=seen, is_self=is_self, typed=typed, wrong=wrong)


def _mailbox(request: AnyRequest, typed: str) -> bytes | None:
    try:
        return mailbox_of(typed, services_of(request).keys)
    except Refusal:
        return None
