# SPDX-License-Identifier: Apache-2.0
"""`/console/people/…`: all that there is of one person, or of a mailbox that only asked, and what can be done."""

from collections.abc import Iterable
from typing import ClassVar, Final

from litestar import Response, post, route
from litestar.enums import HttpMethod
from litestar.params import FromPath

from counterfoil_service.core.application import OWN, Application
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.mail_code import MAX_MISSES
from counterfoil_service.operations.describe_mailbox import MailboxView, describe_mailbox
from counterfoil_service.operations.disable_user import disable_user
from counterfoil_service.operations.enable_user import enable_user
from counterfoil_service.operations.enrol_device import EnrolDevice, enrol_device
from counterfoil_service.operations.forget_device import ForgetDevice, forget_device
from counterfoil_service.operations.lift_suppression import LONGEST_NOTE, LiftSuppression, lift_suppression
from counterfoil_service.operations.look_up_mailbox import mailbox_named
from counterfoil_service.operations.revoke_sessions import RevokeSessions, revoke_sessions
from counterfoil_service.web.browser.answers import go_to_path, path_of
from counterfoil_service.web.console.access import Visitor, act, act_freshly, admit, check_changes, read_form_of, view
from counterfoil_service.web.console.done import as_sentence, done_of, go_back
from counterfoil_service.web.console.frame import ConsolePage, show
from counterfoil_service.web.console.people import PEOPLE_PATH
from counterfoil_service.web.forms import Form
from counterfoil_service.web.services import AnyRequest, services_of

_DONE: Final = {
    "invited": "Invited: this address may sign in.",
    "disabled": "Disabled: sessions and open logins ended. Access tokens that are out live for five minutes at most.",
    "enabled": "Enabled: this person may sign in again. What ended stays ended.",
    "session": "The session ended. Its access token lives for five minutes at most.",
    "sessions": "All sessions ended. Access tokens that are out live for five minutes at most.",
    "forgotten": "The device was forgotten, and its sessions ended.",
    "enrolled": "The device is known from now on: its next sign-in succeeds.",
    "lifted": "Mail goes to this address again. A provider may keep a list of its own: lift it there, too.",
}
OVER: Final = {
    "end_session": "This session had ended already.",
    "forget": "This device had been forgotten already.",
    "enrol": "This device is known already, or was forgotten.",
    "lift": "This address is not suppressed any more.",
}
"""What a Refusal of an operation means here: somebody was faster."""


class PersonPage(ConsolePage, frozen=True, kw_only=True):
    """`name` is what stands in the URL; `is_self`: the visitor looks at themselves."""

    template = "person.html"
    section = "/people"
    own: ClassVar[Application] = OWN
    most_misses: ClassVar[int] = MAX_MISSES
    longest_note: ClassVar[int] = LONGEST_NOTE
    name: str
    seen: MailboxView
    is_self: bool
    reason: str = ""
    not_lifted: str = ""


@route("/people/{name:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def show_person(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """The person of this subject, or the mailbox of this keyed hash."""
    visitor = await admit(request)
    seen = await look_at(request, visitor, name)
    if seen.user is not None and seen.user.id != name:
        return go_to_path(request, path_of(request, f"{PEOPLE_PATH}/{seen.user.id}"))
    return await show(request, visitor, _page(visitor, name, seen), message=done_of(request, _DONE))


@post("/people/{name:str}", status_code=200)
async def change_person(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """One of the buttons; what somebody else was faster with is said in the page."""
    form, visitor = await read_form_of(request)
    action = form.required("action", at_most=64)
    page = _page(visitor, name, await find(request, name))
    if action == "lift" and (wrong := _unfit(form.get("reason", at_most=4096))):
        seen = await look_at(request, visitor, name)
        typed = form.get("reason", at_most=4096) or ""
        again = PersonPage(title=page.title, name=name, seen=seen, is_self=page.is_self, reason=typed, not_lifted=wrong)
        return await show(request, visitor, again, 422)
    try:
        return go_back(request, f"{PEOPLE_PATH}/{name}", await _change(request, visitor, action, form, page))
    except Refusal as refusal:
        if refusal.code is not ErrorCode.INVALID_REQUEST:
            raise
        said = OVER.get(action) or as_sentence(refusal.description)
        fresh = _page(visitor, name, await look_at(request, visitor, name))
        return await show(request, visitor, fresh, 422, message=said)


async def look_at(request: AnyRequest, visitor: Visitor, name: str) -> MailboxView:
    """All of it, to be shown: once it is recorded who looks; a Refusal where nobody has this name."""
    seen = await find(request, name)
    await view(request, visitor, "people", subject=None if seen.user is None else seen.user.id)
    return seen


async def find(request: AnyRequest, name: str) -> MailboxView:
    """The same for what is not shown."""
    database = services_of(request).database
    mailbox = await database.read(mailbox_named, name)
    seen = None if mailbox is None else await database.read(describe_mailbox, mailbox, database.context())
    if seen is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Nobody is kept under this name: perhaps they were erased.")
    return seen


async def _change(request: AnyRequest, visitor: Visitor, action: str, form: Form, page: PersonPage) -> str:
    """The word for what was done."""
    check_changes(visitor)
    here, user = f"{PEOPLE_PATH}/{page.name}", page.seen.user
    if action == "lift":
        command = LiftSuppression(page.seen.address, form.required("reason", at_most=4096))
        await act(request, visitor, lift_suppression, command)
        return "lifted"
    if user is None:
        raise Refusal(ErrorCode.INVALID_REQUEST, "this mailbox has no user: nothing was changed")
    match action:
        case "disable":
            if page.is_self:
                raise Refusal(ErrorCode.INVALID_REQUEST, "you would shut yourself out: ask another operator")
            await act_freshly(request, visitor, disable_user, user.id, page=here)
            return "disabled"
        case "enable":
            await act(request, visitor, enable_user, user.id)
            return "enabled"
        case "end_sessions":
            await act_freshly(request, visitor, revoke_sessions, RevokeSessions("person", user.id), page=here)
            return "sessions"
        case "end_session":
            theirs = (each.session.id for each in page.seen.sessions)
            command_ = RevokeSessions("one", _one_of(theirs, form))
            await act_freshly(request, visitor, revoke_sessions, command_, page=here)
            return "session"
    device_id = _one_of((each.device.id for each in page.seen.devices), form)
    return await change_device(request, visitor, action, device_id, here)


async def change_device(request: AnyRequest, visitor: Visitor, action: str, device_id: str, here: str) -> str:
    """The word for what was done to a device; `here` is the page to come back to after a fresh sign-in."""
    match action:
        case "forget":
            command = ForgetDevice(device_id, "forgotten_by_operator")
            await act_freshly(request, visitor, forget_device, command, page=here)
            return "forgotten"
        case "enrol":
            await act_freshly(request, visitor, enrol_device, EnrolDevice(device_id, "operator"), page=here)
            return "enrolled"
    raise Refusal(ErrorCode.INVALID_REQUEST, "action: use one of the buttons on the page")


def _one_of(theirs: Iterable[str], form: Form) -> str:
    """The id that a button sent: of something of this person's, whose page and record this is, and of nobody else's."""
    chosen = form.required("id", at_most=64)
    if chosen not in theirs:
        raise Refusal(ErrorCode.INVALID_REQUEST, "this person has nothing of this id, or not any more")
    return chosen


def _page(visitor: Visitor, name: str, seen: MailboxView) -> PersonPage:
    is_self = seen.user is not None and seen.user.id == visitor.person.user.id
    return PersonPage(title="Person" if seen.user else "Mailbox", name=name, seen=seen, is_self=is_self)


def _unfit(reason: str | None) -> str:
    note = (reason or "").strip()
    if not note:
        return "Say why mail may go there again."
    fits = len(note) <= LONGEST_NOTE and note.isprintable()
    return "" if fits else f"Give one line of at most {LONGEST_NOTE} characters."
