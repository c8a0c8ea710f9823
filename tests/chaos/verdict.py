# SPDX-License-Identifier: Apache-2.0
"""Lost, doubled, or wrong in another way: what was told, held against every row and every event."""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator
from dataclasses import astuple, dataclass, field

from attack.invariants import broken, unkept
from attack.promises import Promises
from attack.snapshot import Snapshot
from chaos.told import Story
from counterfoil_client import LoginExpired, LoginInvalid

SPAN_SECONDS = 120
"""Beyond this after its beginning no story is excused by a clock."""


@dataclass(frozen=True)
class Verdict:
    """Sentences, one for each thing.

    `ended` is no fault of the books: a rule ended a login, and its desktop was told. Either a question without answer
    came through after a newer one of the same device, or the service's clock was stepped ahead past the login's time.
    """

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    @property
    def sentences(self) -> frozenset[str]:
        """All of them."""
        return frozenset(sentence for kind in astuple(self) for sentence in kind)

    def without(self, said: frozenset[str]) -> "Verdict":
        """What is new in it."""
        return Verdict(*([sentence for sentence in kind if sentence not in said] for kind in astuple(self)))

    @property
    def is_good(self) -> bool:
        """Nothing to say."""
        return not (self.lost or self.doubled or self.wrong)


def judge(
    stories: Iterable[Story],
    promises: Promises,
    now: Snapshot,
    delivered: Container[str],
    steps: Iterable[float] = (),
) -> Verdict:
    """`delivered` are the addresses that had their link, `steps` the moments when the clock was set ahead."""
    told = list(stories)
    events = {(row["login_id"], row["name"]) for row in now["audit_events"]}
    ended = [each for each in told if _overtaken(each, events) or _stepped_over(each, events, steps)]
    rest = [each for each in told if each not in ended]
    return Verdict(
        lost=[*unkept(now, promises), *_lost(rest, now)],
        doubled=[*_doubled_rows(now), *_doubled_stories(told, now)],
        wrong=broken(now, Promises(), delivered),
        ended=[f"login {each.login_id} was ended by a rule, and its desktop told: {each.loss}" for each in ended],
    )


def _overtaken(story: Story, events: Container[tuple[str, str]]) -> bool:
    asked_again = story.loss == LoginInvalid.__name__ and story.asked > 1
    return asked_again and (story.login_id, "login.superseded") in events


def _stepped_over(story: Story, events: Container[tuple[str, str]], steps: Iterable[float]) -> bool:
    """The event may still be to come: the sweeper writes it, or the next one who asks."""
    expired = story.loss == LoginExpired.__name__ and (story.login_id, "login.completed") not in events
    return expired and any(story.begun <= step <= story.begun + SPAN_SECONDS for step in steps)


def _lost(stories: Iterable[Story], now: Snapshot) -> Iterator[str]:
    sessions = {row["id"]: row["login_id"] for row in now["sessions"]}
    for story in stories:
        if story.loss is not None:
            yield f"login {story.login_id} was lost for its desktop: {story.loss}"
        if story.session_id is not None and sessions.get(story.session_id) != story.login_id:
            yield f"session {story.session_id} is not that of login {story.login_id}, which its desktop began"


def _doubled_rows(now: Snapshot) -> Iterator[str]:
    """By rows, and once more by events."""
    yield from _twice("login {} has {} sessions", (row["login_id"] for row in now["sessions"]))
    for name, of in (
        ("login.approved", "login_id"),
        ("login.completed", "login_id"),
        ("session.created", "session_id"),
    ):
        yield from _twice(
            f"{{}} has {name} {{}} times", (row[of] for row in now["audit_events"] if row["name"] == name)
        )
    signed_in = (row["address"] for row in now["logins"] if row["state"] == "consumed")
    yield from _twice("a mailbox signed in by {1} logins, where one was asked for", signed_in)


def _doubled_stories(stories: Iterable[Story], now: Snapshot) -> Iterator[str]:
    """One desktop's session is nobody else's, and an address has one login alone where its question was answered."""
    yield from _twice("session {} was given to {} desktops", (each.session_id for each in stories))
    logins = defaultdict(list)
    for row in now["logins"]:
        logins[row["address"]].append(row["id"])
    for story in stories:
        if story.login_id is not None and len(logins[story.address]) > 1:
            yield f"login {story.login_id} was asked for once and is there {len(logins[story.address])} times"


def _twice(sentence: str, things: Iterable[object]) -> Iterator[str]:
    found = Counter(thing for thing in things if thing is not None)
    yield from (sentence.format(thing, count) for thing, count in found.items() if count > 1)
