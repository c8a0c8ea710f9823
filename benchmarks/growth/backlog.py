# SPDX-License-Identifier: Apache-2.0
"""What the sweeper has not come to yet: as many rows of each kind at every size, so that its batches are full ones."""

from collections.abc import Iterator
from itertools import chain, islice
from typing import NamedTuple

import msgspec

from benchmarks.growth.history import (
    DAY,
    HOUR,
    LIFETIME,
    SPAN,
    History,
    Row,
    hash_of,
    login_row,
    mail_row,
    name_at,
    text_of,
    tokens_of,
)
from benchmarks.growth.log_rows import EVENTS, EventRow, events_of
from counterfoil_service.core.login import SECOND, State
from counterfoil_service.db.logins import Login
from counterfoil_service.db.sessions import Session


class Due(NamedTuple):
    """A kind of login: how old, in which state, and when its session was used last and ended, counted back from now."""

    age: int
    state: State
    unused_for: int | None = None
    ended_for: int | None = None


KINDS = (
    Due(LIFETIME + 60 * SECOND, State.PENDING),
    Due(2 * HOUR, State.CANCELLED),
    Due(SPAN + 2 * HOUR, State.DENIED),
    Due(SPAN + DAY, State.CONSUMED, unused_for=SPAN + HOUR, ended_for=SPAN + HOUR),
    Due(20 * DAY, State.CONSUMED, unused_for=15 * DAY),
    Due(91 * DAY, State.CONSUMED, unused_for=DAY),
)


class Backlog:
    """So many of each kind, at the instant of the history, which they follow."""

    def __init__(self, history: History, count: int) -> None:
        self._history, self._count, self._now = history, count, history.now

    def rows(self) -> "Iterator[tuple[str, Iterator[Row]]]":
        """Each table with what is due in it."""
        numbers = range(self._history.size, self._history.size + self._count)
        yield "logins", (login_row(login) for _, login in self._logins())
        yield "outbox", (self._mail(number, login) for number, login in self._logins())
        yield "sessions", (msgspec.structs.astuple(session) for _, session in self._sessions())
        living = ((number, each) for number, each in self._sessions() if each.ended_at is None)
        yield (
            "refresh_tokens",
            chain.from_iterable(tokens_of(number, each.id, each.created_at) for number, each in living),
        )
        yield "mailings", ((hash_of("due mailing", number), self._now - 2 * DAY) for number in numbers)
        yield "proofs", ((hash_of("due proof", number), self._now - SECOND) for number in numbers)
        yield "authorization_codes", (self._history.code(number, self._now - 2 * DAY) for number in numbers)
        yield "audit_events", islice(self._events(), self._count)

    def _logins(self) -> Iterator[tuple[int, Login]]:
        for kind, due in enumerate(KINDS):
            for number in self._numbers(kind):
                at = self._now - due.age
                yield (
                    number,
                    msgspec.structs.replace(
                        self._history.login(number),
                        id=name_at(at, number),
                        state=due.state,
                        jkt=text_of("due key", number),
                        created_at=at,
                        expires_at=at + LIFETIME,
                        session_id=None if due.unused_for is None else name_at(at + SECOND, number),
                    ),
                )

    def _sessions(self) -> Iterator[tuple[int, Session]]:
        for kind, due in enumerate(KINDS):
            for number in self._numbers(kind) if due.unused_for is not None else ():
                at = self._now - due.age
                yield (
                    number,
                    msgspec.structs.replace(
                        self._history.session(number),
                        id=name_at(at + SECOND, number),
                        login_id=name_at(at, number),
                        created_at=at,
                        last_used_at=self._now - (due.unused_for or 0),
                        ended_at=None if due.ended_for is None else self._now - due.ended_for,
                    ),
                )

    def _numbers(self, kind: int) -> range:
        first = self._history.size + kind * self._count
        return range(first, first + self._count)

    @staticmethod
    def _mail(number: int, login: Login) -> Row:
        """Its link; of a session that outlived its mail a notice, due by itself."""
        return mail_row(login, number, "link" if login.session_id is None else "notice", login.session_id)

    def _events(self) -> Iterator[EventRow]:
        """Such as still tell where they came from."""
        at, place = self._now - SPAN - DAY, self._history.events
        for number in self._numbers(0):
            who, names = self._history.who(number), (name_at(at, number), name_at(at + SECOND, number))
            for row in events_of(who, names, at, place, hash_of("seal", who.number)):
                if row[-1] is not None:
                    yield row
            place += EVENTS
