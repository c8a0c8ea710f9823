# SPDX-License-Identifier: Apache-2.0
"""A login's events in words, for a person who asks who used this link and why it failed."""

from collections.abc import Iterable
from typing import Final

import msgspec

from counterfoil_service.core.actor_words import Personal, Teller
from counterfoil_service.core.administration_words import ADMINISTRATION_WORDS
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.console_words import CONSOLE_WORDS
from counterfoil_service.core.limit_words import LIMIT_WORDS
from counterfoil_service.core.login_words import LOGIN_WORDS
from counterfoil_service.core.mail_words import MAIL_WORDS
from counterfoil_service.core.people_words import PEOPLE_WORDS
from counterfoil_service.core.session_words import SESSION_WORDS

Told = tuple[int, AuditEvent, Personal]
"""An event as it was read back: its time (microseconds UTC), what it says, and what of it is personal."""


class Line(msgspec.Struct, frozen=True):
    """What happened `times` in a row, first at `time` and last at `until` (microseconds UTC)."""

    time: int
    until: int
    times: int
    sentence: str


def sentence(event: AuditEvent, personal: Personal) -> str:
    """One event in one sentence or two; `personal` None means that the details were erased."""
    return _TELLERS[event.name](event, personal)


def lines(events: Iterable[Told]) -> list[Line]:
    """The story. What repeats itself at once is one line: a scanner's fifty looks, a month of renewals.

    Only the seconds since the mail left may differ; the line tells those of the first.
    """
    story: list[Line] = []
    last: str | None = None
    for time, event, personal in events:
        timeless = sentence(_timeless(event), personal)
        if story and timeless == last:
            first = story[-1]
            story[-1] = Line(first.time, time, first.times + 1, first.sentence)
        else:
            story.append(Line(time, time, 1, sentence(event, personal)))
        last = timeless
    return story


def _timeless(event: AuditEvent) -> AuditEvent:
    fields = {name: value for name, value in event.fields.items() if name != "seconds_since_mail"}
    return msgspec.structs.replace(event, fields=fields)


_TELLERS: Final[dict[EventName, Teller]] = {
    **LOGIN_WORDS,
    **MAIL_WORDS,
    **LIMIT_WORDS,
    **SESSION_WORDS,
    **ADMINISTRATION_WORDS,
    **CONSOLE_WORDS,
    **PEOPLE_WORDS,
    EventName.KEY_ROTATED: lambda event, _: f"A new key signs access tokens: {event.fields['kid']}.",
    EventName.AUDIT_CHECKPOINT_FAILED: lambda *_: (
        "ALERT: the audit log was not signed: it does not continue its last checkpoint."
    ),
}
