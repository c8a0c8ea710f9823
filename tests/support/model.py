# SPDX-License-Identifier: Apache-2.0
"""A pure model of many logins at once, by the table in `support/machine.py`, to be compared with the database.

It knows no SQL and nothing of `core/login.py`: each action answers with what must have changed and which events must
have been written, in the order in which they are written.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from support.machine import LEGAL

SECOND = 1_000_000
TTL, COLLECT_WITHIN, REPEAT_WITHIN, TELL_EXPIRED = (seconds * SECOND for seconds in (600, 120, 60, 600))
CODES, CODE_LIVES = 3, 60 * SECOND
KEY_REST, MAILS_WINDOW, DAY = 60 * SECOND, 900 * SECOND, 86_400 * SECOND
REPORT_WEIGHT = 3

Event = tuple[str, str | None]
"""An event's name, and the id of its login, None for what happens to a person or a device."""


@dataclass
class ModelCode:
    """One authorization code of a login."""

    expires: int
    used: bool = False
    dropped: bool = False


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
    refresh_tokens_used: int = 0
    session_ended: bool = False
    reported: bool = False
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
    disabled: set[str] = field(default_factory=set)
    met: set[str] = field(default_factory=set)
    """Mailboxes that have a key, as somebody asked for a link to them since they were erased."""
    notices: int = 0

    def may_ask(self, key: str) -> bool:
        """The 60 s rule: the key's last accepted request that was not cancelled."""
        recent = [each for each in self.logins.values() if each.key == key and each.created > self.now - KEY_REST]
        return all(each.state == "cancelled" for each in recent)

    def will_be_decoy(self, key: str, address: str) -> bool:
        """Who was shut out; the budgets of a known device, or of the mailbox, which count mailed logins alone."""
        if address in self.disabled:
            return True
        if (address, key) in self.devices:
            own = self.mailed.get((address, key), [])
            lately, all_day = (sum(at > self.now - window for at in own) for window in (MAILS_WINDOW, DAY))
            return lately >= 5 or all_day >= 30
        window = MAILS_WINDOW * (4 if self._unanswered(address) + REPORT_WEIGHT * self._reports(address) >= 6 else 1)
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
            if each.address == address
            and not each.reported
            and (each.approved is not None or each.completed is not None)
        )
        since = max(self.now - DAY, *answered, 0)
        return sum(at > since for at in self.mailed.get((address, ""), []))

    def _reports(self, address: str) -> int:
        """Logins of a day of which somebody said that it was not them; nobody gets a decoy's link."""
        return sum(
            each.reported and not each.decoy and each.address == address and each.created > self.now - DAY
            for each in self.logins.values()
        )

    def ask(self, login_id: str, key: str, address: str) -> list[Event]:
        """T1, T2, and T12 for the login that the same key had open."""
        decoy = self.will_be_decoy(key, address)
        self.met.add(address)
        events: list[Event] = []
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
            if in_time and not login.refresh_tokens_used and not login.session_ended:
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
        if code.dropped:
            return "invalid_grant", []
        if code.used:
            again = not login.session_ended
            login.session_ended = True
            ended: list[Event] = [("session.reuse_detected", login.id), ("session.ended", login.id)]
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
        self.notices += new
        made: list[Event] = [(name, login.id) for name in names]
        notice: list[Event] = [("mail.queued", login.id)] * new
        return [*made, self._follow(login, trigger), ("session.created", login.id), *notice]

    def refresh(self, login: ModelLogin, number: int) -> tuple[str, list[Event]]:
        """R82: the newest token goes on, the one before it may come again, and any earlier one ends the session."""
        if login.state != "consumed" or login.session_ended:
            return "refused", []
        if number < login.refresh_tokens_used - 1:
            login.session_ended = True
            return "refused", [("session.reuse_detected", login.id), ("session.ended", login.id)]
        if number == login.refresh_tokens_used:
            login.refresh_tokens_used += 1
        return "tokens", [("session.refreshed", login.id)]

    def steal_token(self, login: ModelLogin) -> list[Event]:
        """R68: another key gets nothing, and the session stays."""
        lives = login.state == "consumed" and not login.session_ended
        return [("session.key_mismatch", login.id)] if lives else []

    def revoke(self, login: ModelLogin) -> list[Event]:
        """The device gives its session up."""
        return self._end([login])

    def report(self, login: ModelLogin) -> list[Event]:
        """R36: as a rejection, and what the login gave is taken back; said again it is nothing more."""
        events: list[Event] = []
        if login.current(self.now) in {"pending", "approved"}:
            events.append(self._follow(login, "reject"))
        elif login.current(self.now) not in {"denied", "consumed"} or self.now >= login.created + DAY:
            return [("login.illegal_transition", login.id)]
        if login.reported:
            return events
        login.reported = True
        for code in login.codes:
            code.dropped |= not code.used
        events += [("login.reported", login.id), *self._end([login])]
        if login.state == "consumed" and (login.address, login.key) in self.devices:
            self.devices.discard((login.address, login.key))
            events.append(("device.forgotten", None))
            events += self._end(each for each in self._of(login.address) if each.key == login.key)
        return events

    def disable(self, address: str) -> list[Event]:
        """T14, T15, R88."""
        if address not in self.known:
            return []
        again = address in self.disabled
        self.disabled.add(address)
        return [*self._shut_out(address), *([] if again else [("user.disabled", None)])]

    def enable(self, address: str) -> list[Event]:
        """What has ended stays ended."""
        if address not in self.disabled:
            return []
        self.disabled.discard(address)
        return [("user.enabled", None)]

    def erase(self, address: str) -> list[Event]:
        """R133: nothing is left that could be signed in with, and the next sign-in is a stranger's."""
        if address not in self.met:
            return []
        events = self._shut_out(address)
        self.devices = {each for each in self.devices if each[0] != address}
        for group in (self.known, self.disabled, self.met):
            group.discard(address)
        return [*events, ("user.erased", None)]

    def _of(self, address: str) -> list[ModelLogin]:
        return [each for each in self.logins.values() if each.address == address]

    def _shut_out(self, address: str) -> list[Event]:
        theirs = self._of(address)
        denied = [each for each in theirs if each.current(self.now) in {"pending", "approved"}]
        events = [self._follow(each, "deny") for each in denied]
        for code in (code for each in theirs for code in each.codes):
            code.dropped = True
        return events + self._end(theirs)

    def _end(self, logins: Iterable[ModelLogin]) -> list[Event]:
        ended = [each for each in logins if each.state == "consumed" and not each.session_ended]
        for each in ended:
            each.session_ended = True
        return [("session.ended", each.id) for each in ended]

    def sweep(self) -> list[Event]:
        """T13."""
        due = [each for each in self.logins.values() if each.state != each.current(self.now)]
        return [self._follow(each, "expire") for each in due]

    def _follow(self, login: ModelLogin, trigger: str) -> Event:
        login.state, name = LEGAL[login.state, trigger]
        return name, login.id
