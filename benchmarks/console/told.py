# SPDX-License-Identifier: Apache-2.0
"""What the log tells of a login of each kind: as the service writes it, from the request to the end of the session."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from benchmarks.growth.history import Person
from benchmarks.growth.log_rows import Step
from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.login import State

PROVIDER: Final = "postmark"
_PLACES: Final = (
    *(("DE", "Example Net"), ("DE", "Rhein Kabel"), ("FR", "Réseau Exemple"), ("NL", "Polder Glas")),
    *(("GB", "Thames Fibre"), ("SE", "Norrnät"), ("ES", "Red Ejemplo"), ("US", "Prairie Telecom")),
)
_BROWSERS: Final = (
    ("Chrome on Android", "Mozilla/5.0 (Linux; Android 16; Mobile) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156"),
    ("Safari on iPhone", "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Mobile Safari"),
    ("Firefox on Android", "Mozilla/5.0 (Android 16; Mobile; rv:147.0) Gecko/147.0 Firefox/147.0"),
)
_HOUR: Final = 3_600
_REFUSED: Final = {"outcome": "failure"}
_MAILED, _DELIVERED = 2.0, 5.0


class Course(NamedTuple):
    """How one login went. `lasted` is for how many seconds its session lived; None as it lives still, or never did.

    `chance` is a number from 0 to 999 that decides what else happened.
    """

    person: Person
    state: State
    device: str
    chance: int
    lasted: float | None
    age: float


def steps(course: Course) -> Iterator[Step]:
    """In the order of time; those that have not happened yet are no part of it."""
    return (step for step in _all(course) if step.after <= course.age)


def _all(course: Course) -> Iterator[Step]:
    yield from _asked(course)
    if course.state is State.CANCELLED:
        yield Step(75, EventName.LOGIN_CANCELLED)
        return
    if course.state in {State.PENDING, State.EXPIRED} and course.chance % 3:
        yield Step(600, EventName.LOGIN_EXPIRED)
        return
    opened = _DELIVERED + 6 + course.chance % 37
    yield from _opened(course, opened)
    if course.state in {State.PENDING, State.EXPIRED}:
        yield Step(600, EventName.LOGIN_EXPIRED)
    elif course.state is State.DENIED:
        yield _by_person(course, opened + 9, EventName.LOGIN_DENIED, _DENIED, reason="rejected_by_person")
    elif course.state is State.LOCKED:
        yield from _missed(course, opened + 8, 2)
        yield _by_person(course, opened + 31, EventName.LOGIN_LOCKED, _misses(3), reason="wrong_code", **_REFUSED)
    else:
        yield from _collected(course, opened + 7)


def _asked(course: Course) -> Iterator[Step]:
    person, place = course.person, _fields(_place(course.person.number))
    called = {"source": person.source, "user_agent": "counterfoil-client/0.9 (Linux)"}
    yield Step(
        0, EventName.LOGIN_REQUESTED, place, {"address": person.address, "device_label": course.device, **called}
    )
    yield Step(0, EventName.MAIL_QUEUED)
    if course.chance % 67 == 0:
        deferred = _fields({"attempt": 1, "provider": PROVIDER})
        yield Step(1, EventName.MAIL_DEFERRED, deferred, outcome="failure", reason="timeout")
    yield Step(_MAILED, EventName.MAIL_SENT, _fields({"attempt": 1, "provider": PROVIDER}))
    if course.chance % 50:
        yield Step(_DELIVERED, EventName.MAIL_DELIVERED, _fields({"provider": PROVIDER}))


def _opened(course: Course, at: float) -> Iterator[Step]:
    if course.chance % 5 == 0:
        scanner = {"source": "203.0.113.25", "user_agent": "Mozilla/5.0 (compatible; MailGuard/4.2)"}
        fields: dict[str, str | int] = {
            "method": "HEAD",
            "automation": "too_soon",
            "seconds_since_mail": 1,
            "country": "US",
        }
        yield Step(_MAILED + 1, EventName.LOGIN_LINK_OPENED, _fields(fields), scanner)
    yield _by_person(course, at, EventName.LOGIN_LINK_OPENED, {"method": "GET"})


def _collected(course: Course, at: float) -> Iterator[Step]:
    if course.chance % 11 == 0:
        yield from _missed(course, at, 1)
        at += 12
    yield _by_person(course, at, EventName.LOGIN_APPROVED, {"by": "user_code"})
    yield Step(at + 1, EventName.LOGIN_COMPLETED, of_session=True)
    yield Step(at + 1, EventName.SESSION_CREATED, of_session=True)
    if course.chance % 3 == 0:
        yield Step(at + 1, EventName.MAIL_QUEUED, of_session=True, reason="new_device")
        notice = _fields({"attempt": 1, "provider": PROVIDER})
        yield Step(at + 3, EventName.MAIL_SENT, notice, of_session=True)
    lasted = course.age if course.lasted is None else course.lasted
    for number in range(1, 5):
        if number * _HOUR < lasted:
            yield Step(at + number * _HOUR, EventName.SESSION_REFRESHED, of_session=True)
    if course.lasted is not None:
        yield Step(max(lasted, at + 2), EventName.SESSION_ENDED, of_session=True, reason="ended_by_person")


def _missed(course: Course, at: float, times: int) -> Iterator[Step]:
    for number in range(times):
        fields = _misses(number + 1)
        name = EventName.LOGIN_CODE_MISMATCH
        yield _by_person(course, at + 10 * number, name, fields, reason="wrong_code", **_REFUSED)


def _by_person(
    course: Course,
    after: float,
    name: EventName,
    fields: Mapping[str, str | int],
    *,
    outcome: str = "success",
    reason: str | None = None,
) -> Step:
    """At their phone, mostly in the network of their desktop."""
    browser, agent = _BROWSERS[course.person.number % len(_BROWSERS)]
    near = "same_network" if course.chance % 4 else "same_country"
    since = {"seconds_since_mail": round(after - _MAILED), "nearness": near, **_place(course.person.number)}
    said = {"source": course.person.source, "user_agent": agent, "browser": browser}
    return Step(after, name, _fields({**since, **fields}), said, outcome=outcome, reason=reason)


_DENIED: Final = {"trigger": "reject", "state": "pending"}


def _misses(number: int) -> dict[str, str | int]:
    return {"misses": number}


def _place(who: int) -> dict[str, str | int]:
    country, network = _PLACES[who * who % len(_PLACES) if who % 3 else 0]
    return {"country": country, "network": network}


def _fields(fields: Mapping[str, str | int]) -> str:
    return msgspec.json.encode(fields, order="sorted").decode()
