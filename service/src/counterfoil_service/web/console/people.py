# SPDX-License-Identifier: Apache-2.0
"""`/console/people`: who signs in here, looked for by state, by address or by its beginning; and who is invited.

No address ever stands in a URL, which browsers, proxies and logs keep: a search is a POST. Whoever is found exactly is
shown at a page of their own, named by the subject, or by the mailbox's keyed hash; beginnings are answered at once.
"""

from typing import Final

import msgspec
from litestar import Response, post, route
from litestar.enums import HttpMethod

from counterfoil_service.core.email_address import LONGEST
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.row_cursor import RowCursor
from counterfoil_service.db.people_pages import STANDINGS, PersonRow, Standing, people_beginning, people_page
from counterfoil_service.operations.invite_user import invite_user
from counterfoil_service.operations.look_up_mailbox import look_up_mailbox
from counterfoil_service.web.browser.answers import go_to_path, path_of
from counterfoil_service.web.browser.query import Query
from counterfoil_service.web.console.access import Visitor, act, admit, read_form_of, view
from counterfoil_service.web.console.cursors import cursor_of
from counterfoil_service.web.console.done import as_sentence, done_of, go_back
from counterfoil_service.web.console.frame import ConsolePage, show
from counterfoil_service.web.services import AnyRequest, services_of

PEOPLE_PATH: Final = "/console/people"
AT_ONCE: Final = 50

_DONE: Final = {
    "erased": "The person was erased. Entries of the audit log stay, as ciphertext whose key is gone.",
}
_NOTHING_TYPED: Final = "Type an address, how one begins, or a subject."


class PeopleListPage(ConsolePage, frozen=True, kw_only=True):
    """`found` is None but for an answer to a search, whose `typed` words stand in the field again."""

    template = "people.html"
    section = "/people"
    standing: Standing = "all"
    standings: tuple[Standing, ...] = STANDINGS
    people: list[PersonRow]
    following: str | None = None
    is_answer: bool = False
    more: bool = False
    typed: str = ""
    wrong: str = ""
    invited: str = ""
    not_invited: str = ""


@route("/people", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def show_people(request: AnyRequest) -> Response[str]:
    """The newest first, of one state or of all."""
    visitor = await admit(request)
    query = Query(request.scope["query_string"])
    page = await _listed(request, visitor, query.get("show"), cursor_of(query))
    return await show(request, visitor, page, message=done_of(request, _DONE))


@post("/people", status_code=200)
async def search_people(request: AnyRequest) -> Response[str]:
    """Search, or invite: which of both the button says."""
    form, visitor = await read_form_of(request)
    match form.required("action", at_most=64):
        case "search":
            return await _search(request, visitor, (form.get("who", at_most=2 * LONGEST) or "").strip())
        case "invite":
            return await _invite(request, visitor, (form.get("email", at_most=2 * LONGEST) or "").strip())
    raise Refusal(ErrorCode.INVALID_REQUEST, "action: use one of the buttons on the page")


async def _listed(
    request: AnyRequest, visitor: Visitor, standing: str | None, cursor: RowCursor | None = None
) -> PeopleListPage:
    await view(request, visitor, "people")
    chosen: Standing = next((each for each in STANDINGS if each == standing), "all")
    page = await services_of(request).database.read(people_page, chosen, cursor, AT_ONCE)
    following = None if page.following is None else f"?show={chosen}&after={page.following.text()}"
    return PeopleListPage(title="People", standing=chosen, people=page.people, following=following)


async def _search(request: AnyRequest, visitor: Visitor, typed: str) -> Response[str]:
    """To whoever is called exactly that; else all whose address begins so."""
    services = services_of(request)
    if not typed:
        page = await _listed(request, visitor, None)
        return await show(request, visitor, msgspec.structs.replace(page, wrong=_NOTHING_TYPED), 422)
    await view(request, visitor, "people")
    name = await services.database.read(look_up_mailbox, typed, services.keys)
    if name is not None:
        return go_to_path(request, path_of(request, f"{PEOPLE_PATH}/{name}"))
    found = await services.database.read(people_beginning, typed, AT_ONCE + 1)
    page = PeopleListPage(
        title="People found", people=found[:AT_ONCE], is_answer=True, more=len(found) > AT_ONCE, typed=typed
    )
    return await show(request, visitor, page)


async def _invite(request: AnyRequest, visitor: Visitor, email: str) -> Response[str]:
    try:
        user = await act(request, visitor, invite_user, email)
    except Refusal as refusal:
        if refusal.code is not ErrorCode.INVALID_REQUEST:
            raise
        page = await _listed(request, visitor, None)
        said = msgspec.structs.replace(page, invited=email, not_invited=as_sentence(refusal.description))
        return await show(request, visitor, said, 422)
    return go_back(request, f"{PEOPLE_PATH}/{user.id}", "invited")
