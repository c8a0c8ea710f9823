# SPDX-License-Identifier: Apache-2.0
"""A history with a rhythm of days, people with names, logins that wait right now, and a log that tells all of it."""

import heapq
import math
from collections.abc import Iterator
from typing import cast

import msgspec
from msgspec.structs import astuple

from benchmarks.console import names
from benchmarks.console.told import PROVIDER, Course, steps
from benchmarks.growth.history import DAY, SPAN, History, Person, Row, hash_of, mixed, name_at
from benchmarks.growth.log_rows import EventRow, rows_of
from counterfoil_service.core.login import SECOND, State
from counterfoil_service.db.devices import Device
from counterfoil_service.db.logins import Login
from counterfoil_service.db.users import User

FRESH_SPAN = 480 * SECOND
"""As long ago the first of those was asked for that wait now, or did a moment ago."""
_FRESH_SHARE, _FEWEST_FRESH, _MOST_FRESH = 200, 12, 40
_ONE_OF = 3
"""Of so many of the latest one is over already."""
_TIDE = 0.6
"""By how much noon is busier than an average hour, and midnight calmer."""
_LONGEST = 300 * DAY
"""Somebody came first so long before the history begins."""
_TIME = 1
"""Which column of an event's row is its time."""


class Past(History):
    """All of a service at the instant `now`, as the console shows it; the log is not sealed yet."""

    @property
    def fresh(self) -> int:
        """How many logins are of the last minutes."""
        return min(max(self.size // _FRESH_SHARE, _FEWEST_FRESH), _MOST_FRESH, self.people)

    def created_at(self, number: int) -> int:
        """With the sun: few ask at night."""
        latest = number - (self.size - self.fresh)
        if latest >= 0:
            return self.now - FRESH_SPAN + FRESH_SPAN * (latest + 1) // (self.fresh + 1)
        began = self.now - SPAN
        even = (SPAN - FRESH_SPAN) * (number + 1) // (self.size - self.fresh + 1)
        turn = (began + even) % DAY / DAY
        calm_at_midnight = _TIDE * math.sin(2 * math.pi * turn) / (2 * math.pi)
        start = _TIDE * math.sin(2 * math.pi * (began % DAY / DAY)) / (2 * math.pi)
        at = began + even + round((calm_at_midnight - start) * DAY)
        return max(began, min(at, self.now - FRESH_SPAN))

    def person(self, who: int, device: int = 0) -> Person:
        """With a name that one can read."""
        address = names.address(who)
        return super().person(who, device)._replace(address=address, mailbox=self.mailbox_of(address))

    def who(self, number: int) -> Person:
        """Nobody waits for two links at once."""
        if number >= self.size - self.fresh:
            return self.person((number * 17) % self.people if self.people % 17 else number % self.people)
        return super().who(number)

    def state(self, number: int) -> State:
        """Most of the latest wait."""
        if number < self.size - self.fresh:
            return super().state(number)
        return State.CONSUMED if mixed(number, 4) % _ONE_OF == 0 else State.PENDING

    def login(self, number: int) -> Login:
        """From the device that the person gave a name."""
        login, person = super().login(number), self.who(number)
        label = names.device(person.number, _which(person))
        return msgspec.structs.replace(login, device_label=label, country=None, place=None)

    def _user(self, who: int) -> Row:
        person, joined = self.person(who), self.now - SPAN - mixed(who, 9) % _LONGEST
        return astuple(User(person.subject, person.mailbox, person.address, joined, joined + 25 * SECOND))

    def _device(self, who: int, at: int) -> Row:
        person, label = self.person(who, at), names.device(who, at)
        first, last = self.now - SPAN - mixed(who, 9) % _LONGEST, self.now - mixed(who, 10 + at) % (10 * DAY)
        key = (person.device_id, person.subject, person.application, person.jkt)
        return astuple(Device(*key, label, "known", first, last))

    def _mails(self, number: int) -> Iterator[Row]:
        for row in super()._mails(number):
            sent = row[3] == "sent"
            yield *row[:-2], PROVIDER if sent else None, "delivered" if sent else None

    def _events(self) -> Iterator[EventRow]:
        """In the order of time, as far as that is not to come."""
        under_way, count = list[tuple[int, int, EventRow]](), 0
        for number in range(self.size):
            person, at = self.who(number), self.created_at(number)
            while under_way and under_way[0][0] <= at:
                yield heapq.heappop(under_way)[2]
            ids = (name_at(at, number), self.session_id(number))
            for row in rows_of(person, ids, at, steps(self._course(number)), hash_of("seal", person.number)):
                count += 1
                heapq.heappush(under_way, (cast("int", row[_TIME]), count, row))
        while under_way:
            yield heapq.heappop(under_way)[2]

    def _course(self, number: int) -> Course:
        person, at = self.who(number), self.created_at(number)
        session = self.session(number)
        lasted = None if session.ended_at is None else (session.ended_at - at) / SECOND
        label = names.device(person.number, _which(person))
        return Course(person, self.state(number), label, mixed(number, 8) % 1000, lasted, (self.now - at) / SECOND)


def _which(person: Person) -> int:
    """Which of their devices it is: its address ends in that."""
    return int(person.source.rpartition(".")[2]) - 1
