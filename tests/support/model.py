# SPDX-License-Identifier: Apache-2.0
"""A pure model of many logins at once, by the table in `support/machine.py`, to be compared with the database.

It knows no SQL and nothing of `core/login.py`: each action answers with what must have changed and which events must
have been written, in the order in which they are written.
"""

from dataclasses import dataclass, field

from support.machine import LEGAL

SECOND = 1_000_000
TTL, COLLECT_WITHIN, REPEAT_WITHIN, TELL_EXPIRED = (seconds * SECOND for seconds in (600, 120, 60, 600))
CODES, CODE_LIVES = 3, 60 * SECOND
KEY_REST, MAILS_WINDOW, DAY = 60 * SECOND, 900 * SECOND, 86_400 * SECOND

Event = tuple[str, str]
"""An event's name, and the id of its login."""


@dataclass
class ModelCode:
    """One authorization code of a login."""

    expires: int
    used: bool = False


@dataclass
class ModelLogin:
    """One login as the requirements see it."""

    id: str
    key: str
    address: str
    decoy: bool
    created: int
    expires: int
    known: bool
    state: str = "pending"
    misses: int = 0
    approved: int | None = None
    completed: int | None = None
    refresh_token_used: bool = False
    session_ended: bool = False
    codes: list[ModelCode] = field(default_factory=list)

    def current(self, now: int) -> str:
        """The state once the clock was asked."""
        return "expired" if self.state in {"pending", "approved"} and now >= self.expires else self.state


@dataclass
class Model:
    """Everything that was asked for so far."""

    now: int
    logins: dict[str, ModelLogin] = field(default_factory=dict)
    mailed: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    devices: set[tuple[str, str]] = field(default_factory=set)

    def may_ask(self, key: str) -> bool:
        """The 60 s rule: the key's last accepted request that was not cancelled."""
        recent = [each for each in self.logins.values() if each.key == key and each.created > self.now - KEY_REST]
        return all(each.state == "cancelled" for each in recent)

    def will_be_decoy(self, key: str, address: str) -> bool:
        """The budgets of a known device, or of the mailbox; both count mailed logins alone."""
        if (address, key) in self.devices:
            own = self.mailed.get((address, key), [])
            lately, all_day = (sum(at > self.now - window for at in own) for window in (MAILS_WINDOW, DAY))
            return lately >= 5 or all_day >= 30
        window = MAILS_WINDOW * (4 if self._unanswered(address) >= 6 else 1)
        recent = [at for at in self.mailed.get((address, ""), []) if at > self.now - window]
        live = [
            each
            for each in self.logins.values()
            if (each.address, each.decoy, each.known) == (address, False, False)
            and each.current(self.now) in {"pending", "approved"}
        ]
        today = [at for at in self.mailed.get((address, ""), []) if at > self.now - DAY]
        return len(recent) >= 3 or len(today) >= 10 or len(live) >= 3

    def _unanswered(self, address: str) -> int:
        """Mails within a day that came after the last one which somebody answered."""
        answered = (
            each.created
            for each in self.logins.values()
            if each.address == address and (each.approved is not None or each.completed is not None)
        )
        since = max(self.now - DAY, *answered, 0)
        return sum(at > since for at in self.mailed.get((address, ""), []))

    def ask(self, login_id: str, key: str, address: str) -> list[Event]:
        """T1, T2, and T12 for the login that the same key had open."""
        decoy = self.will_be_decoy(key, address)
        events = []
        for each in self.logins.values():
            if each.key == key and each.state in {"pending", "approved"}:
                trigger = "supersede" if self.now < each.expires else "expire"
                events.append(self._follow(each, trigger))
        known = (address, key) in self.devices and not decoy
        self.logins[login_id] = ModelLogin(login_id, key, address, decoy, self.now, self.now + TTL, known)
        if not decoy:
            owner = (address, key if (address, key) in self.devices else "")
            self.mailed.setdefault(owner, []).append(self.now)
        return [*events, ("login.requested", login_id), ("mail.suppressed" if decoy else "mail.queued", login_id)]

    def open(self, login: ModelLogin) -> list[Event]:
        """T3: an event, or nothing at all at a dead link."""
        return [("login.link_opened", login.id)] if login.current(self.now) == "pending" else []

    def act(self, login: ModelLogin, trigger: str) -> list[Event]:
        """What a person or the device may do: T4 to T6, T10 to T12."""
        if trigger == "miss" and login.current(self.now) == "pending":
            login.misses += 1
            trigger = "last_miss" if login.misses == 3 else "miss"
        if (login.current(self.now), trigger) not in LEGAL or (trigger == "approve" and login.decoy):
            return [("login.illegal_transition", login.id)]
        if trigger == "approve":
            login.approved = self.now
            login.expires = min(login.expires, self.now + COLLECT_WITHIN)
        return [self._follow(login, trigger)]

    def collect(self, login: ModelLogin) -> tuple[str, list[Event]]:
        """T9 and T16: "tokens", or the error code; never an event for a poll that only repeats an answer."""
        state = login.current(self.now)
        if state == "approved":
            return "tokens", self._complete(login, "collect")
        if state == "consumed":
            in_time = login.completed is not None and self.now < login.completed + REPEAT_WITHIN
            if in_time and not login.refresh_token_used and not login.session_ended:
                return "tokens", [self._follow(login, "collect_again")]
            return "invalid_grant", []
        if state == "expired":
            return ("expired_token" if self.now < login.expires + TELL_EXPIRED else "invalid_grant"), []
        answers = {"pending": "authorization_pending", "denied": "access_denied", "locked": "access_denied"}
        return answers.get(state, "invalid_grant"), []

    def here(self, login: ModelLogin) -> tuple[bool, list[Event]]:
        """T7: whether there is a code; the fourth is refused without a word to the log."""
        if login.current(self.now) != "pending" or login.decoy:
            return False, [("login.illegal_transition", login.id)]
        if len(login.codes) == CODES:
            return False, []
        login.codes.append(ModelCode(min(self.now + CODE_LIVES, login.expires)))
        return True, [self._follow(login, "issue_code")]

    def redeem(self, login: ModelLogin, code: ModelCode) -> tuple[str, list[Event]]:
        """T8 by the right caller, and what a second redemption costs."""
        if code.used:
            again = not login.session_ended
            login.session_ended = True
            ended = [("session.reuse_detected", login.id), ("session.ended", login.id)]
            return "invalid_grant", ended if again else []
        if self.now >= code.expires or login.current(self.now) != "pending":
            return "invalid_grant", []
        code.used = True
        return "tokens", self._complete(login, "redeem")

    def _complete(self, login: ModelLogin, trigger: str) -> list[Event]:
        """Whoever is new is made, verified and told of; a key that is new to the person is noted and mailed."""
        login.completed = self.now
        first, new = login.address not in self.known, (login.address, login.key) not in self.devices
        self.known.add(login.address)
        self.devices.add((login.address, login.key))
        names = ["user.created"] * first + ["device.first_seen"] * new + ["user.verified"] * first
        made = [(name, login.id) for name in names]
        notice = [("mail.queued", login.id)] * new
        return [*made, self._follow(login, trigger), ("session.created", login.id), *notice]

    def sweep(self) -> list[Event]:
        """T13."""
        due = [each for each in self.logins.values() if each.state != each.current(self.now)]
        return [self._follow(each, "expire") for each in due]

    def _follow(self, login: ModelLogin, trigger: str) -> Event:
        login.state, name = LEGAL[login.state, trigger]
        return name, login.id
