# SPDX-License-Identifier: Apache-2.0
"""No change without its event, no event without its change, no promise broken, one log: what a snapshot must show.

Each check gives sentences, one for each thing that is wrong.
"""

from collections import Counter
from collections.abc import Callable, Container, Iterator

from attack.promises import Kind, Promises
from attack.snapshot import Row, Snapshot

_ENDS = {
    "login.completed": "consumed",
    "login.denied": "denied",
    "login.locked": "locked",
    "login.cancelled": "cancelled",
    "login.superseded": "cancelled",
    "login.expired": "expired",
}
_MAIL_ENDS = {"sent": "mail.sent", "failed": "mail.failed", "expired": "mail.failed"}
_NONE: Counter[str] = Counter()


def broken(now: Snapshot, promises: Promises, delivered: Container[str]) -> list[str]:
    """All that is wrong; `delivered` are the addresses that had their link."""
    checks = (_logins(now), _sessions(now), _mails(now, delivered), _people(now), _log(now), unkept(now, promises))
    return [wrong for check in checks for wrong in check]


def _logins(now: Snapshot) -> Iterator[str]:
    events = now.counts("login_id")
    for login in now["logins"]:
        told = events.get(login["id"], _NONE)
        name = f"login {login['id']} ({login['state']})"
        ends = {end: state for end, state in _ENDS.items() for _ in range(told[end])}
        if told["login.requested"] != 1:
            yield f"{name} was requested {told['login.requested']} times"
        if told["login.approved"] != int(login["approved_at"] is not None):
            yield f"{name} has {told['login.approved']} approvals and approved_at {login['approved_at']}"
        if told["login.code_mismatch"] + told["login.locked"] != login["misses"]:
            yield f"{name} has {login['misses']} misses, and other events"
        if sum(told[end] for end in _ENDS) != int(login["state"] not in {"pending", "approved"}):
            yield f"{name} ended by {ends or 'nothing'}"
        if ends and set(ends.values()) != {login["state"]}:
            yield f"{name} ended by {ends}"
        if (login["session_id"] is not None) != (login["state"] == "consumed"):
            yield f"{name} has the session {login['session_id']}"
    known = {login["id"] for login in now["logins"]}
    yield from (f"login {login} has events and no row" for login in events.keys() - known)


def _sessions(now: Snapshot) -> Iterator[str]:
    events, sessions = now.counts("session_id"), {session["id"]: session for session in now["sessions"]}
    tokens = {session: Counter[str]() for session in sessions}
    for token in now["refresh_tokens"]:
        tokens.setdefault(token["session_id"], Counter())[token["state"]] += 1
    logins = {login["session_id"]: login["id"] for login in now["logins"]}
    for session in sessions.values():
        told, name = events.get(session["id"], _NONE), f"session {session['id']}"
        if told["session.created"] != 1:
            yield f"{name} was created {told['session.created']} times"
        if told["session.ended"] != int(session["ended_at"] is not None):
            yield f"{name} ended {told['session.ended']} times, at {session['ended_at']}"
        if logins.get(session["id"]) != session["login_id"]:
            yield f"{name} is not its login's"
        yield from _tokens(session, told, tokens[session["id"]])
    yield from (f"session {session} has tokens and no row" for session in tokens.keys() - sessions.keys())
    yield from (f"session {session} has events and no row" for session in events.keys() - sessions.keys())


def _tokens(session: Row, told: Counter[str], states: Counter[str]) -> Iterator[str]:
    """A living session's; those of an ended one are gone."""
    used, replaced = told["session.refreshed None"], told["login.reissued"]
    expected = {"used": used, "replaced": replaced, "current": 1} if session["ended_at"] is None else {}
    if states != Counter(expected):
        yield f"session {session['id']} has the refresh tokens {dict(states)}, by its events {expected}"


def _mails(now: Snapshot, delivered: Container[str]) -> Iterator[str]:
    """A mail belongs to its login, a notice to its session, which its events name."""
    addresses = {login["id"]: login["address"] for login in now["logins"]}
    queued, ended = Counter[tuple[str, str | None]](), Counter[tuple[str, str | None, str]]()
    for event in now["audit_events"]:
        of = (event["login_id"], event["session_id"])
        if event["name"] in {"mail.queued", "mail.suppressed"}:
            queued[of] += 1
        elif event["name"] in _MAIL_ENDS.values():
            ended[*of, event["name"]] += 1
    rows = Counter[tuple[str, str | None]]()
    for mail in now["outbox"]:
        of = (mail["login_id"], mail["session_id"])
        rows[of] += 1
        wanted = Counter({(*of, _MAIL_ENDS[mail["state"]]): 1} if mail["state"] in _MAIL_ENDS else {})
        found = Counter({(*of, name): count for name in set(_MAIL_ENDS.values()) if (count := ended[*of, name])})
        if wanted != found:
            yield f"mail {mail['id']} is {mail['state']}, and its events are {dict(found)}"
        if (mail["kind"], mail["state"]) == ("link", "sent") and addresses.get(mail["login_id"]) not in delivered:
            yield f"mail {mail['id']} was sent, and never came"
    if rows != queued:
        yield f"mails and their events differ: {(rows - queued) + (queued - rows)}"


def _people(now: Snapshot) -> Iterator[str]:
    events = now.counts("subject")
    for user in now["users"]:
        told = events.get(user["id"], _NONE)
        if (told["user.created"], told["user.verified"]) != (1, int(user["verified_at"] is not None)):
            yield f"user {user['id']} has the events {dict(told)}"
    seen = sum(told["device.first_seen"] for told in events.values())
    if len(now["devices"]) != seen:
        yield f"{len(now['devices'])} devices, and {seen} were seen for the first time"
    created = sum(told["user.created"] for told in events.values())
    if len(now["users"]) != created:
        yield f"{len(now['users'])} users, and {created} were created"


def _log(now: Snapshot) -> Iterator[str]:
    """Every place once, and the last checkpoint over all of them."""
    places = sorted(event["leaf_index"] for event in now["audit_events"] if event["leaf_index"] is not None)
    if places != list(range(len(places))):
        yield "the log has a gap, or a place twice"
    if len({bytes(event["id"]) for event in now["audit_events"]}) != len(now["audit_events"]):
        yield "two events have one id"
    largest = max((checkpoint["size"] for checkpoint in now["checkpoints"]), default=0)
    if largest != len(places):
        yield f"{len(places)} events have a place, and the last checkpoint is over {largest}"


def unsealed(now: Snapshot) -> int:
    """How many events have no place in the log yet."""
    return sum(event["leaf_index"] is None for event in now["audit_events"])


def unkept(now: Snapshot, promises: Promises) -> Iterator[str]:
    """Whatever a client was told, and is not so."""
    states = {login["id"]: login["state"] for login in now["logins"]}
    ends = {session["id"]: session["ended_at"] for session in now["sessions"]}
    approvals = Counter(event["login_id"] for event in now["audit_events"] if event["name"] == "login.approved")
    renewals = Counter(event["session_id"] for event in now["audit_events"] if event["name"] == "session.refreshed")
    kept: dict[Kind, Callable[[str, int], bool]] = {
        "requested": lambda login, _: login in states,
        "approved": lambda login, _: approvals[login] == 1,
        "denied": lambda login, _: states.get(login) == "denied",
        "cancelled": lambda login, _: states.get(login) == "cancelled",
        "session": lambda session, _: session in ends,
        "refreshed": lambda session, count: renewals[session] >= count,
        "ended": lambda session, _: ends.get(session) is not None,
    }
    for kind, told in promises.made.items():
        yield from (f"a client was told: {each} {kind}" for each, count in told.items() if not kept[kind](each, count))
