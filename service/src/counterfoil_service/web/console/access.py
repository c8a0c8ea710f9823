# SPDX-License-Identifier: Apache-2.0
"""Who may see the console: whoever this browser signs in to our own pages, and has a role [R87, R139]."""

from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.operator import Operator
from counterfoil_service.core.return_path import check_return_path
from counterfoil_service.core.session import is_fresh
from counterfoil_service.db import operators
from counterfoil_service.db.engine import Operation
from counterfoil_service.operations.act_as_operator import ActAsOperator, act_as_operator, refusal_of_readers
from counterfoil_service.operations.describe_person import Person
from counterfoil_service.operations.record_view import RecordView, View, record_view
from counterfoil_service.web.browser.answers import browser_name, path_of, signed_in
from counterfoil_service.web.browser.csrf import csrf_token, read_own_form
from counterfoil_service.web.browser.sign_in import SIGN_IN_PATH
from counterfoil_service.web.console.done import SIGNED_IN_AGAIN
from counterfoil_service.web.forms import Form
from counterfoil_service.web.services import AnyRequest, services_of

T = TypeVar("T")


class SignInFirst(Exception):  # noqa: N818 - a way on, not a fault
    """The page is behind a sign-in, or behind a fresh one; `path` is the sign-in that leads back to it."""

    def __init__(self, path: str) -> None:
        super().__init__("a sign-in is needed first")
        self.path = path


class StaleSignIn(Refusal):
    """What was typed is shown again, and kept while another tab signs in."""

    def __init__(self) -> None:
        super().__init__(
            ErrorCode.INVALID_REQUEST,
            "this needs a sign-in of less than five minutes ago. Sign in again in another tab, then press the button"
            " here once more: nothing of this form is lost",
        )


class Visitor(msgspec.Struct, frozen=True):
    """Somebody with a role. `fresh`: signed in less than five minutes ago; `csrf` is what their forms carry."""

    operator: Operator
    person: Person
    fresh: bool
    browser: str
    csrf: str

    def __repr__(self) -> str:
        return f"Visitor(operator={self.operator!r})"

    @property
    def changes(self) -> bool:
        """Whether there are buttons for them: auditors read."""
        return self.operator.role == "operator"


async def admit(request: AnyRequest) -> Visitor:
    """Whoever looks at a page; SignInFirst for strangers, a Refusal for people without a role."""
    services = services_of(request)
    person = await signed_in(request)
    if person is None:
        raise SignInFirst(_sign_in(request, _place(request)))
    operator = await services.database.read(operators.by_mailbox, person.user.mailbox)
    if operator is None:
        raise Refusal(
            ErrorCode.INSUFFICIENT_SCOPE,
            "The console is for operators and auditors, and this address is neither. Whoever runs the service"
            " gives a role with `counterfoil operators add EMAIL`.",
        )
    browser = browser_name(request)
    fresh = is_fresh(person.session.auth_time, services.clock())
    return Visitor(operator, person, fresh, browser, csrf_token(request, browser))


async def read_form_of(request: AnyRequest) -> tuple[Form, Visitor]:
    """A form that one of our pages in this browser sent, and who sent it."""
    form, _ = await read_own_form(request)
    return form, await admit(request)


async def view(
    request: AnyRequest,
    visitor: Visitor,
    what: View,
    *,
    subject: str | None = None,
    login: str | None = None,
    device: str | None = None,
) -> None:
    """Record that they look at what is personal, before they do."""
    command = RecordView(operator_id=visitor.operator.id, view=what, subject=subject, login=login, device=device)
    await services_of(request).database.write(record_view, command)


async def act(request: AnyRequest, visitor: Visitor, operation: Operation[Any, T], command: object) -> T:
    """Change something in the visitor's name."""
    return await services_of(request).database.write(
        act_as_operator, ActAsOperator(visitor.operator.id, None, operation, command)
    )


async def act_freshly(
    request: AnyRequest, visitor: Visitor, operation: Operation[Any, T], command: object, *, page: str | None
) -> T:
    """The same for what is dangerous; a sign-in that is too old leads to a new one, and from there to `page`.

    `page` None: somebody typed text into the form, and a StaleSignIn is to be said beside it.
    """
    acting = ActAsOperator(visitor.operator.id, visitor.person.session.auth_time, operation, command)
    try:
        return await services_of(request).database.write(act_as_operator, acting)
    except Refusal as refusal:
        if refusal.code is not ErrorCode.INSUFFICIENT_USER_AUTHENTICATION:
            raise
        raise _stale(request, page) from None


def check_before_work(request: AnyRequest, visitor: Visitor, *, page: str | None) -> None:
    """Raise what `act_freshly` would refuse them now anyway, before anything costly is done for it."""
    check_changes(visitor)
    if not visitor.fresh:
        raise _stale(request, page)


def check_changes(visitor: Visitor) -> None:
    """Refuse whoever reads, before anything is looked up for what they sent."""
    if not visitor.changes:
        raise refusal_of_readers()


def _stale(request: AnyRequest, page: str | None) -> Exception:
    if page is None:
        return StaleSignIn()
    place = path_of(request, f"{page}?done={SIGNED_IN_AGAIN}")
    return SignInFirst(f"{_sign_in(request, place)}&prompt=login")


def _sign_in(request: AnyRequest, return_to: str) -> str:
    return f"{path_of(request, SIGN_IN_PATH)}?return_to={quote(return_to, safe='')}"


def _place(request: AnyRequest) -> str:
    """Where a GET wanted to go; after any other method the console's first page."""
    query = request.scope["query_string"].decode("ascii", "replace")
    place = request.scope["path"] + (f"?{query}" if query else "")
    try:
        return check_return_path(place) if request.method in {"GET", "HEAD"} else path_of(request, "/console")
    except Refusal:
        return path_of(request, "/console")
