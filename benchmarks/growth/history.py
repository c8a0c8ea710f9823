# SPDX-License-Identifier: Apache-2.0
"""What a service keeps of its logins, as its sweeper leaves it: made up, the same each time, and alike at every size.

Logins of the last thirty days, one quarter as many people with two devices each. Most logins gave a session; half of
those sessions still live, with a refresh token in use and two used ones. What nobody used is gone after an hour,
counted mails after a day, proofs after two minutes, what providers told after a week. The audit log holds ten events of
each of the last logins, as many events as there are logins.
"""

from collections.abc import Iterator
from hashlib import sha256
from itertools import chain
from typing import NamedTuple

from msgspec.structs import astuple

from benchmarks.growth.log_rows import EVENTS, EventRow, events_of
from counterfoil_service.core.identifiers import base64url, ulid
from counterfoil_service.core.login import SECOND, State
from counterfoil_service.crypto.keys import Keys, digest, keyed, seal
from counterfoil_service.db.devices import Device
from counterfoil_service.db.logins import Login
from counterfoil_service.db.sessions import Session
from counterfoil_service.db.users import User

APPLICATIONS = 20
LOGINS_A_PERSON = 4
DEVICES = 2
RENEWALS = 2
HOUR, DAY, WEEK = 3_600 * SECOND, 86_400 * SECOND, 7 * 86_400 * SECOND
SPAN = 30 * DAY
"""For this long a login is kept once it is over (`LOGIN_RETENTION`)."""
PAUSE = 13 * DAY
"""Nobody's session was left alone for longer: a day later it would have ended."""
LIFETIME = 600 * SECOND
BOUNCING = 200
"""Of so many people one takes no mail any more."""
STORY = 4 * HOUR
"""Events begin so much earlier, so that all of them have happened."""
WAITING, UNUSED = 30, 35
"""In a hundred logins: those that wait, as long as they are new, and those that nobody used, for an hour."""
_OTHERS = 1_000_003
"""Sets apart what one number is mixed for."""

Row = tuple[object, ...]


class Person(NamedTuple):
    """Somebody, at one of two devices, each of which is for one application."""

    number: int
    address: str
    mailbox: bytes
    subject: str
    device_id: str
    application: str
    jkt: str
    source: str


class History:
    """All of one service at the instant `now`, in microseconds UTC."""

    def __init__(self, size: int, now: int, keys: Keys) -> None:
        self.size, self.now = size, now
        self.people = max(1, size // LOGINS_A_PERSON)
        self.stories = max(1, size // EVENTS)
        self.events = self.stories * EVENTS
        self._keys = keys

    def created_at(self, number: int) -> int:
        """When a login was asked for; the last one just now."""
        return self.now - SPAN + SPAN * (number + 1) // self.size

    def person(self, who: int, device: int = 0) -> Person:
        """One of `people`."""
        key = 2 * who + device
        address = f"person{who}@example.com"
        return Person(
            number=who,
            address=address,
            mailbox=self.mailbox_of(address),
            subject=text_of("subject", who)[:22],
            device_id=name_at(self.now - SPAN, key),
            application=f"app-{mixed(key, 1) % APPLICATIONS:02}",
            jkt=text_of("key", key),
            source=f"10.{who >> 8 & 255}.{who & 255}.{1 + device}",
        )

    def mailbox_of(self, address: str) -> bytes:
        """The keyed hash of a canonical address."""
        return keyed(self._keys.mailbox, address.encode())

    def who(self, number: int) -> Person:
        """Who asked for this login."""
        return self.person(mixed(number, 2) % self.people, mixed(number, 3) % DEVICES)

    def state(self, number: int) -> State:
        """What became of it."""
        age, chance = self.now - self.created_at(number), mixed(number, 4) % 100
        if chance == 0:
            return State.DENIED if number % 2 else State.LOCKED
        if age < LIFETIME // 2 and chance <= WAITING:
            return State.PENDING
        if age < HOUR and chance <= UNUSED:
            return State.EXPIRED if age >= LIFETIME else State.CANCELLED
        return State.CONSUMED

    def lives(self, number: int) -> bool:
        """Whether it gave a session that nobody ended."""
        return mixed(number, 5) % 2 == 0 and self.state(number) is State.CONSUMED

    def session_id(self, number: int) -> str:
        """Of the session that a login gave."""
        return name_at(self.created_at(number), number + _OTHERS)

    def refresh_token(self, number: int) -> str:
        """The current one of the session that a login gave."""
        return token_of(number, self.session_id(number), RENEWALS)

    def rows(self) -> "Iterator[tuple[str, Iterator[Row]]]":
        """Each table with all its rows, in the order of its columns; those of the log without their positions."""
        yield "users", (self._user(who) for who in range(self.people))
        yield "mailbox_keys", (self._mailbox_key(who) for who in range(self.people))
        yield "devices", (self._device(who, at) for who in range(self.people) for at in range(DEVICES))
        numbers = range(self.size)
        yield "logins", (login_row(self.login(number)) for number in numbers)
        yield "outbox", (row for number in numbers for row in self._mails(number))
        yield "sessions", (astuple(self.session(number)) for number in numbers if self.state(number) is State.CONSUMED)
        living = (number for number in numbers if self.lives(number))
        yield "refresh_tokens", chain.from_iterable(map(self._tokens, living))
        yield "cookies", ((hash_of("cookie", n), self.session_id(n)) for n in numbers if n % 20 == 0 and self.lives(n))
        yield "mailings", (self._mailing(number) for number in self._since(DAY))
        yield "proofs", ((hash_of("proof", n), self.now + 60 * SECOND) for n in self._since(120 * SECOND))
        coded = (number for number in self._since(DAY) if number % 20 == 0)
        yield "authorization_codes", (self.code(number, self.created_at(number)) for number in coded)
        yield "mail_reports", ((hash_of("report", n), self.created_at(n)) for n in self._since(WEEK))
        yield "suppressions", (self._suppression(who) for who in range(0, self.people, BOUNCING))
        yield "audit_events", self._events()

    def login(self, number: int) -> Login:
        """As it is now."""
        person, state, created_at = self.who(number), self.state(number), self.created_at(number)
        used = state is State.CONSUMED
        return Login(
            id=name_at(created_at, number),
            application_id=person.application,
            state=state,
            decoy=0,
            device_code_hash=hash_of("device code", number),
            link_hash=hash_of("link", number),
            user_code_hash=hash_of("user code", number),
            misses=3 if state is State.LOCKED else 0,
            mailbox=person.mailbox,
            address=person.address,
            jkt=person.jkt,
            device_label="Somebody's laptop",
            fingerprint=None,
            scope="email",
            audience="https://id.example",
            source_range=keyed(self._keys.source, f"{person.source.rpartition('.')[0]}.0/24".encode()),
            poll_interval=5,
            created_at=created_at,
            expires_at=created_at + LIFETIME,
            approved_at=created_at + 20 * SECOND if used else None,
            completed_at=created_at + 21 * SECOND if used else None,
            session_id=self.session_id(number) if used else None,
            given_up=int(state is State.CANCELLED),
            approved_by="user_code" if used else None,
            country="DE",
            place="Germany, Example Net",
        )

    def _user(self, who: int) -> Row:
        person, joined = self.person(who), self.now - SPAN
        return astuple(User(person.subject, person.mailbox, person.address, joined, joined))

    def _mailbox_key(self, who: int) -> Row:
        mailbox = self.person(who).mailbox
        key = hash_of("seal", who)
        sealed = seal(self._keys.seal_mailbox, key, associated=mailbox, entropy=lambda count: key[:count])
        return mailbox, sealed, self.now - SPAN, 0

    def _device(self, who: int, at: int) -> Row:
        person, seen = self.person(who, at), self.now - SPAN
        return astuple(
            Device(person.device_id, person.subject, person.application, person.jkt, "Laptop", "known", seen, seen)
        )

    def _mails(self, number: int) -> Iterator[Row]:
        """The link, and a notice where the device was a new one: of each third login."""
        login = self.login(number)
        yield mail_row(login, number, "link", None)
        if login.session_id is not None and number % 3 == 0:
            yield mail_row(login, number + 2 * _OTHERS, "notice", login.session_id)

    def session(self, number: int) -> Session:
        """That a login gave."""
        person, created_at = self.who(number), self.created_at(number)
        age = max(0, self.now - created_at)
        ended_at = None if self.lives(number) else created_at + mixed(number, 6) % (age + 1)
        pause = mixed(number, 6) % (min(age, PAUSE) + 1)
        return Session(
            id=self.session_id(number),
            user_id=person.subject,
            application_id=person.application,
            login_id=name_at(created_at, number),
            jkt=person.jkt,
            scope="email",
            audience="https://id.example",
            amr="pop swk mca",
            auth_time=created_at,
            created_at=created_at,
            last_used_at=self.now - pause if ended_at is None else ended_at,
            device_id=person.device_id,
            notice_hash=hash_of("notice", number) if number % 3 == 0 else None,
            ended_at=ended_at,
        )

    def _tokens(self, number: int) -> Iterator[Row]:
        return tokens_of(number, self.session_id(number), self.created_at(number))

    def _mailing(self, number: int) -> Row:
        return self.who(number).mailbox, self.created_at(number)

    def code(self, number: int, at: int) -> Row:
        """An authorization code that was redeemed."""
        login = self.login(number)
        home = ("http://127.0.0.1:49152/", text_of("challenge", number), login.jkt, login.scope, login.audience, "mca")
        session = (at + 60 * SECOND, at + SECOND, login.session_id)
        code = hash_of("code", number)
        return code, login.id, login.application_id, self.who(number).subject, None, *home, at, *session

    def _suppression(self, who: int) -> Row:
        """Of somebody whose mailbox was closed since."""
        person = self.person(who)
        mail_id = name_at(self.now - DAY, who + _OTHERS)
        return person.mailbox, person.address, "bounced", "postmark", mail_id, self.now - DAY

    def _events(self) -> Iterator[EventRow]:
        index = 0
        for number in range(self.size - self.stories, self.size):
            person, at = self.who(number), self.created_at(number) - STORY
            names = (name_at(at, number), self.session_id(number))
            for row in events_of(person, names, at, index, hash_of("seal", person.number)):
                yield row
                index += 1

    def _since(self, span: int) -> range:
        """Logins that are no older."""
        return range(self.size - min(self.size, self.size * span // SPAN + 1), self.size)


def mixed(number: int, purpose: int) -> int:
    """A number that looks like chance, always the same one: Python's own hash of integers."""
    return hash((number, purpose * _OTHERS)) & 0xFFFF_FFFF_FFFF


def hash_of(purpose: str, number: int) -> bytes:
    """32 bytes that nobody can guess from others."""
    return sha256(b"%s %d" % (purpose.encode(), number)).digest()


def text_of(purpose: str, number: int) -> str:
    """The same as 43 characters of base64url."""
    return base64url(hash_of(purpose, number))


def name_at(time: int, number: int) -> str:
    """A ULID of this time."""
    return ulid(time, lambda count: mixed(number, 7).to_bytes(count, "big"))


def login_row(login: Login) -> Row:
    """In the order of the columns."""
    row = astuple(login)
    return *row[:2], login.state.value, *row[3:]


def mail_row(login: Login, number: int, kind: str, session_id: str | None) -> Row:
    """One that has left, or waits if its login is new."""
    at = login.created_at
    left = None if login.state is State.PENDING and number % 8 == 0 else at + 2 * SECOND
    state = "queued" if left is None else "sent"
    taken = ("smtp", None) if left else (None, None)
    return name_at(at, number), login.id, kind, state, login.address, None, 1, at, at, left, session_id, *taken


def tokens_of(number: int, session_id: str, at: int) -> Iterator[Row]:
    """The used ones of a session, and the current one."""
    for renewal in range(RENEWALS + 1):
        state = "current" if renewal == RENEWALS else "used"
        yield digest(token_of(number, session_id, renewal)), session_id, state, at


def token_of(number: int, session_id: str, renewal: int) -> str:
    """A refresh token of a session, counted from its first."""
    return f"{session_id}.{text_of('refresh', number * (RENEWALS + 1) + renewal)}"
