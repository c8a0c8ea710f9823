# SPDX-License-Identifier: Apache-2.0
"""`/console/audit/logins/{login_id}`: one login from the request to its session's end, step by step in words."""

import ipaddress
from collections.abc import Iterator, Mapping

import msgspec
from litestar import Response, route
from litestar.enums import HttpMethod
from litestar.params import FromPath

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.identifiers import is_ulid
from counterfoil_service.core.story import Line, lines
from counterfoil_service.db.audit import StoredEvent
from counterfoil_service.operations.describe_story import StoryView, describe_story
from counterfoil_service.web.console.access import admit
from counterfoil_service.web.console.audit import AUDIT_SECTION
from counterfoil_service.web.console.audit_access import read_as_staff
from counterfoil_service.web.console.audit_facts import Fact, application_fact
from counterfoil_service.web.console.audit_rows import AuditRow, meaning_of, plain, row_of
from counterfoil_service.web.console.frame import ConsolePage, show
from counterfoil_service.web.places import Places
from counterfoil_service.web.services import AnyRequest, services_of


class Step(msgspec.Struct, frozen=True):
    """What happened, once or `times` in a row; `rows` are the events, the first one first.

    `meaning` is its kind's, and may be empty. `place` is where it came from, None where that is not told or was erased.
    """

    row: AuditRow
    until: int
    times: int
    sentence: str
    meaning: str
    place: str | None
    erased: bool
    rows: list[AuditRow]

    def __repr__(self) -> str:
        return f"Step(row={self.row!r})"


class StoryPage(ConsolePage, frozen=True, kw_only=True):
    """One login; not `kept`, it is known to the log alone."""

    template = "audit_login.html"
    section = AUDIT_SECTION
    login_id: str
    steps: list[Step]
    subjects: list[str]
    application: Fact | None
    kept: bool


@route("/audit/logins/{login_id:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def tell_story(request: AnyRequest, login_id: FromPath[str]) -> Response[str]:
    """As `audit explain` tells it, with a way to the proof of each step."""
    services = services_of(request)
    visitor = await admit(request)
    if not is_ulid(login_id):
        raise _unknown()
    await read_as_staff(request, visitor, "login", login=login_id)
    view = await services.database.read(describe_story, services.keys.seal_mailbox, login_id)
    if not view.events:
        raise _unknown()
    page = StoryPage(
        title="Story of a login",
        login_id=login_id,
        steps=list(_steps(view, services.places)),
        subjects=sorted({each.event.subject for each in view.events if each.event.subject}),
        application=application_fact(view.application_id, view.application),
        kept=view.kept,
    )
    return await show(request, visitor, page)


def _steps(view: StoryView, places: Places) -> Iterator[Step]:
    """Each line of the story with the events that it tells: they follow one another in the same order."""
    place = 0
    for line in lines((stored.time, stored.event, stored.personal) for stored in view.events):
        told = view.events[place : place + line.times]
        place += line.times
        yield _step(line, told, view.staff, places)


def _step(line: Line, told: list[StoredEvent], staff: Mapping[str, str], places: Places) -> Step:
    first = told[0]
    return Step(
        row=row_of(first, staff),
        until=line.until,
        times=line.times,
        sentence=plain(line.sentence),
        meaning=meaning_of(first.event.name),
        place=_place(first, places),
        erased=first.personal is None,
        rows=[row_of(each, staff) for each in told],
    )


def _place(stored: StoredEvent, places: Places) -> str | None:
    source = (stored.personal or {}).get("source")
    if source is None:
        return None
    try:
        known = places.place_of(ipaddress.ip_address(source)).words
    except ValueError:
        known = None
    return plain(f"{source} ({known})" if known else source)


def _unknown() -> Refusal:
    return Refusal(ErrorCode.NOT_FOUND, "No login has this id in the log: it is the `login_id` of the device's answer.")
