# SPDX-License-Identifier: Apache-2.0
"""Add events of the log up: how many of a kind there were in each bucket, and of how many logins each was the first."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.event_buckets import KEPT, WIDTHS, floor

Step = str
"""How far a login came, by the name of the event that tells it."""

_STEPS: Final[Mapping[str, Step]] = {
    **{
        name.value: name.value
        for name in (
            EventName.LOGIN_REQUESTED,
            EventName.MAIL_SENT,
            EventName.MAIL_DELIVERED,
            EventName.LOGIN_LINK_OPENED,
            EventName.LOGIN_APPROVED,
        )
    },
    # A browser that is sent home with a code was told yes as well: a login is approved by whichever comes first.
    EventName.LOGIN_CODE_ISSUED.value: EventName.LOGIN_APPROVED.value,
}


class Kind(NamedTuple):
    """What is counted together, in one bucket; no application and no mail provider are the empty text."""

    width: int
    bucket: int
    name: str
    application_id: str
    outcome: str
    provider: str


class Counted(NamedTuple):
    """How many events, and of how many logins these were the first of their step."""

    events: int
    logins: int


class Countable(NamedTuple):
    """What counts of an entry of the log, which is at `place` there; `time` in microseconds UTC."""

    place: int
    time: int
    name: str
    outcome: str
    application_id: str | None
    login_id: str | None
    session_id: str | None
    provider: str


def step_of(name: str, session_id: str | None) -> Step | None:
    """Which step of its login an event may be the first of; None for most.

    With a session it is about what the login gave: a notice that was mailed, a further application that was entered.
    A login is collected once, with its session, so nothing has to be looked up for that.
    """
    return None if session_id is not None else _STEPS.get(name)


def tally(events: Iterable[Countable], known: "set[tuple[str, Step]]", now: int) -> dict[Kind, Counted]:
    """`known` are the steps of logins that earlier entries told. Buckets that would be deleted at once are left out."""
    seen, counts = set(known), defaultdict[Kind, Counted](lambda: Counted(0, 0))
    for event in events:
        first = _is_first(event, seen)
        for width in WIDTHS:
            if width in KEPT and event.time < now - KEPT[width] - width:
                continue
            kind = Kind(
                width,
                floor(event.time, width),
                event.name,
                event.application_id or "",
                event.outcome,
                event.provider,
            )
            count = counts[kind]
            counts[kind] = Counted(count.events + 1, count.logins + first)
    return dict(counts)


def _is_first(event: Countable, seen: "set[tuple[str, Step]]") -> bool:
    if event.login_id is None:
        return False
    if event.name == EventName.LOGIN_COMPLETED:
        return True
    step = step_of(event.name, event.session_id)
    if step is None or (event.login_id, step) in seen:
        return False
    seen.add((event.login_id, step))
    return True
