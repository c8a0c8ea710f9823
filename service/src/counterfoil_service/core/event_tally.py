# SPDX-License-Identifier: Apache-2.0
"""Add events of the log up: how many of a kind there were in each bucket, and of how many logins each was the first."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.event_buckets import KEPT, WIDTHS, floor, forgotten_before
from counterfoil_service.core.funnel import STEPS

_NARROWEST: Final = WIDTHS[-1]
_Narrow = tuple[int, str, str, str, str]

Step = str
"""One of `core.funnel.STEPS`."""

_STEPS: Final[Mapping[str, Step]] = {
    event.value: step for step, events in STEPS.items() if step != "collected" for event in events
}
_COLLECTED: Final = EventName.LOGIN_COMPLETED.value


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


_NOTHING: Final = Counted(0, 0)


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
    seen, narrow = set(known), defaultdict[_Narrow, list[int]](lambda: [0, 0])
    for event in events:
        kind = (event.time // _NARROWEST, event.name, event.application_id or "", event.outcome, event.provider)
        counts = narrow[kind]
        counts[0] += 1
        counts[1] += _is_first(event, seen)
    found: dict[Kind, Counted] = {}
    for (number, *what), (count, logins) in narrow.items():
        time = number * _NARROWEST
        for width in WIDTHS:
            bucket = floor(time, width)
            if width not in KEPT or bucket >= forgotten_before(width, now):
                wide = Kind(width, bucket, *what)
                so_far = found.get(wide, _NOTHING)
                found[wide] = Counted(so_far.events + count, so_far.logins + logins)
    return found


def _is_first(event: Countable, seen: "set[tuple[str, Step]]") -> bool:
    if event.login_id is None:
        return False
    step = step_of(event.name, event.session_id)
    if step is None:
        return event.name == _COLLECTED
    before = len(seen)
    seen.add((event.login_id, step))
    return len(seen) > before
