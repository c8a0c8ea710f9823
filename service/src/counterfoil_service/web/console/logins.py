# SPDX-License-Identifier: Apache-2.0
"""`/console/logins`: who waits for a link now, and the latest logins of one person.

No address ever stands in a URL, which browsers, proxies and logs keep: a search is a POST, and leads to a page that is
named by the login's id, by the person's subject, or by the keyed hash of a mailbox that has no user.
"""

from typing import ClassVar, Final

import msgspec
from litestar import Response, post, route
from litestar.enums import HttpMethod

from counterfoil_service.core.application import OWN, Application
from counterfoil_service.core.email_address import LONGEST
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.identifiers import is_ulid
from counterfoil_service.core.row_cursor import RowCursor
from counterfoil_service.crypto.keys import Keys
from counterfoil_service.db import logins
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.db.login_pages import latest_logins_of, open_logins_page
from counterfoil_service.operations.look_up_mailbox import kept_by_name, look_up_mailbox
from counterfoil_service.web.browser.answers import go_to_path, path_of
from counterfoil_service.web.browser.query import Query
from counterfoil_service.web.console.access import Visitor, admit, read_form_of, view
from counterfoil_service.web.console.cursors import cursor_of
from counterfoil_service.web.console.frame import ConsolePage, show
from counterfoil_service.web.console.login_rows import ShownLogin, shown_login
from counterfoil_service.web.services import AnyRequest, services_of

LOGINS_PATH: Final = "/console/logins"
AT_ONCE: Final = 50
_NOTHING_TYPED: Final = "Type an address, a subject, or the id of a login."
_NOT_FOUND: Final = "Nobody with this address or subject has asked for a link, and no login that is kept has this id."


class LoginListPage(ConsolePage, frozen=True, kw_only=True):
    """`of` is the person or mailbox whose logins these are, by its name in URLs; None: whoever waits."""

    template = "logins.html"
    section = "/logins"
    own: ClassVar[Application] = OWN
    logins: list[ShownLogin]
    of: str | None = None
    following: str | None = None
    typed: str = ""
    wrong: str = ""


@route("/logins", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def show_logins(request: AnyRequest) -> Response[str]:
    """Those that wait or were approved just now, or with `of` the latest of one person, over or not."""
    visitor = await admit(request)
    query = Query(request.scope["query_string"])
    of = query.get("of", at_most=64)
    page = await (_open(request, visitor, cursor_of(query)) if of is None else _latest(request, visitor, of))
    return await show(request, visitor, page)


@post("/logins", status_code=200)
async def search_logins(request: AnyRequest) -> Response[str]:
    """By an address, a subject or a login's id; whoever reads may search, too."""
    form, visitor = await read_form_of(request)
    typed = (form.get("who", at_most=2 * LONGEST) or "").strip()
    await view(request, visitor, "logins")
    place = await services_of(request).database.read(_found, typed, services_of(request).keys) if typed else None
    if place is not None:
        return go_to_path(request, path_of(request, f"{LOGINS_PATH}{place}"))
    page = await _open(request, visitor, None)
    wrong = _NOT_FOUND if typed else _NOTHING_TYPED
    return await show(request, visitor, msgspec.structs.replace(page, typed=typed, wrong=wrong), 422)


async def _found(tx: ReadTransaction, typed: str, keys: Keys) -> str | None:
    """Where it is, below `/console/logins`."""
    if is_ulid(typed) and await logins.get(tx, typed) is not None:
        return f"/{typed}"
    name = await look_up_mailbox(tx, typed, keys)
    return None if name is None else f"?of={name}"


async def _open(request: AnyRequest, visitor: Visitor, cursor: RowCursor | None) -> LoginListPage:
    services = services_of(request)
    await view(request, visitor, "logins")
    found = await services.database.read(open_logins_page, cursor, services.clock(), AT_ONCE)
    following = None if found.following is None else f"?after={found.following.text()}"
    return LoginListPage(title="Logins", logins=[shown_login(each) for each in found.logins], following=following)


async def _latest(request: AnyRequest, visitor: Visitor, of: str) -> LoginListPage:
    database = services_of(request).database
    named = await database.read(kept_by_name, of)
    if named is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Nobody is kept under this name: perhaps they were erased.")
    await view(request, visitor, "logins", subject=named.subject)
    found = await database.read(latest_logins_of, named.mailbox, AT_ONCE)
    return LoginListPage(title="Latest logins", logins=[shown_login(each) for each in found], of=of)
