# SPDX-License-Identifier: Apache-2.0
"""What the failure kit says of invented records: a login that was lost and one that was doubled do not pass it by."""

from collections.abc import Callable
from typing import Any

import pytest

from attack.promises import Promises
from attack.snapshot import Snapshot
from chaos.figures import Row, found, table
from chaos.run import longest_gap
from chaos.told import Story
from chaos.verdict import Verdict, judge

Tables = dict[str, list[dict[str, Any]]]
PEOPLE = ("ada", "bob", "eve")


def tables() -> Tables:
    """Three people who signed in once each, as the service writes it."""
    found: Tables = {name: [] for name in ("logins", "sessions", "refresh_tokens", "outbox", "users", "devices")}
    found |= {"audit_events": [], "checkpoints": []}
    for name in PEOPLE:
        _sign_in(found, name)
    for place, event in enumerate(found["audit_events"]):
        event["leaf_index"] = place
    found["checkpoints"].append({"size": len(found["audit_events"]), "root": b"root", "note": "note"})
    return found


def _sign_in(found: Tables, name: str) -> None:
    login, session, user = f"login-{name}", f"session-{name}", f"user-{name}"
    found["logins"].append(
        {"id": login, "address": f"{name}@example.com", "state": "consumed", "misses": 0, "approved_at": 1}
        | {"session_id": session}
    )
    found["sessions"].append({"id": session, "login_id": login, "ended_at": None})
    found["refresh_tokens"].append({"session_id": session, "state": "current"})
    found["outbox"].append(
        {"id": f"mail-{name}", "login_id": login, "kind": "link", "state": "sent", "session_id": None}
    )
    found["users"].append({"id": user, "verified_at": 1})
    found["devices"].append({"id": f"device-{name}"})
    for event in ("login.requested", "mail.queued", "mail.sent", "login.approved", "login.completed"):
        found["audit_events"].append(_event(f"{event} {name}", event, login_id=login))
    found["audit_events"].append(_event(f"session {name}", "session.created", session_id=session))
    for event in ("user.created", "user.verified", "device.first_seen"):
        found["audit_events"].append(_event(f"{event} {name}", event, subject=user))


def _event(name: str, event: str, **of: str) -> dict[str, Any]:
    empty = {"reason": None, "login_id": None, "session_id": None, "subject": None, "fields": "{}", "leaf_index": None}
    return {"id": name.encode(), "name": event} | empty | of


def stories() -> list[Story]:
    """What their desktops were told."""
    return [
        Story(0, f"{name}@example.com", 1, f"login-{name}", f"session-{name}", signed_in=1, over=True)
        for name in PEOPLE
    ]


def promises() -> Promises:
    """Every answer with 200."""
    made = Promises()
    for name in PEOPLE:
        made.note("requested", f"login-{name}")
        made.note("approved", f"login-{name}")
        made.note("session", f"session-{name}")
    return made


def verdict(rows: Tables, told: list[Story] | None = None) -> Verdict:
    """Of these rows, where everybody has had mail."""
    addresses = {f"{name}@example.com" for name in PEOPLE}
    return judge(stories() if told is None else told, promises(), Snapshot(rows), addresses)


def without(rows: Tables, table: str, of: str | bytes) -> None:
    """As if it had never been written."""
    rows[table] = [row for row in rows[table] if of not in row.values()]


def test_nothing_is_said_of_three_people_who_signed_in_once_each() -> None:
    assert verdict(tables()) == Verdict()


def _without_ada(rows: Tables) -> None:
    for name in rows:
        for of in ("login-ada", "session-ada", "user-ada", "device-ada", "mail-ada"):
            without(rows, name, of)


LOST: dict[str, Callable[[Tables], None]] = {
    "a login that was answered is gone": lambda rows: without(rows, "logins", "login-ada"),
    "an approval that was answered is gone": lambda rows: without(rows, "audit_events", b"login.approved ada"),
    "a session that was answered is gone": lambda rows: without(rows, "sessions", "session-ada"),
    "everything of a login is gone": _without_ada,
}


@pytest.mark.parametrize("plant", LOST.values(), ids=LOST)
def test_a_login_that_was_answered_and_is_not_there_is_lost(plant: Callable[[Tables], None]) -> None:
    rows = tables()
    plant(rows)
    assert any("ada" in sentence for sentence in verdict(rows).lost)


def test_a_login_whose_desktop_was_told_that_it_is_over_is_lost() -> None:
    told = stories()
    told[0].loss, told[0].session_id = "LoginInvalid", None
    assert verdict(tables(), told).lost == ["login login-ada was lost for its desktop: LoginInvalid"]


def _overtaken(rows: Tables, asked: int) -> Verdict:
    """Of a login that another question of its device ended."""
    told = stories()
    told[0].loss, told[0].session_id, told[0].asked = "LoginInvalid", None, asked
    return verdict(rows, told)


def test_a_login_that_an_earlier_question_of_its_device_ended_is_counted_by_itself() -> None:
    rows = tables()
    rows["audit_events"].append(_event("superseded", "login.superseded", login_id="login-ada"))
    found = _overtaken(rows, 2)
    assert (found.lost, len(found.ended)) == ([], 1)


def _expired(steps: list[float]) -> Verdict:
    """A login whose desktop was told so, begun at 0."""
    told, rows = stories(), tables()
    told[0].loss, told[0].session_id = "LoginExpired", None
    rows["audit_events"] = [row for row in rows["audit_events"] if row["id"] != b"login.completed ada"]
    return judge(told, promises(), Snapshot(rows), [], steps)


def test_a_login_that_a_step_of_the_clock_took_past_its_time_is_counted_by_itself() -> None:
    assert len(_expired([60]).ended) == 1
    assert all("LoginExpired" not in sentence for sentence in _expired([60]).lost)


@pytest.mark.parametrize("steps", [[], [-1], [1000]], ids=["no step", "before it began", "long after"])
def test_a_login_that_expired_without_a_step_is_lost(steps: list[float]) -> None:
    assert any("LoginExpired" in sentence for sentence in _expired(steps).lost)


def test_what_was_asked_once_or_was_not_superseded_is_lost_and_not_overtaken() -> None:
    rows = tables()
    assert len(_overtaken(rows, 2).lost) == 1
    rows["audit_events"].append(_event("superseded", "login.superseded", login_id="login-ada"))
    assert len(_overtaken(rows, 1).lost) == 1


def test_a_session_of_another_login_than_the_desktop_began_is_no_session_of_it() -> None:
    told = stories()
    told[0].session_id, told[1].session_id = told[1].session_id, told[0].session_id
    assert len(verdict(tables(), told).lost) == 2


def _second_session(rows: Tables) -> None:
    rows["sessions"].append({"id": "session-2", "login_id": "login-ada", "ended_at": None})


def _second_login(rows: Tables) -> None:
    rows["logins"].append(rows["logins"][0] | {"id": "login-2", "state": "pending", "session_id": None})


def _second_sign_in(rows: Tables) -> None:
    rows["logins"].append(rows["logins"][0] | {"id": "login-2", "session_id": "session-2"})


def _again(event: str) -> Callable[[Tables], None]:
    def plant(rows: Tables) -> None:
        first = next(row for row in rows["audit_events"] if row["name"] == event)
        rows["audit_events"].append(first | {"id": b"again"})

    return plant


DOUBLED: dict[str, Callable[[Tables], None]] = {
    "a login has two sessions": _second_session,
    "one question made two logins": _second_login,
    "one mailbox signed in twice": _second_sign_in,
    "a login was approved twice": _again("login.approved"),
    "a login was completed twice": _again("login.completed"),
    "a session was created twice": _again("session.created"),
}


@pytest.mark.parametrize("plant", DOUBLED.values(), ids=DOUBLED)
def test_a_login_that_is_there_twice_is_doubled(plant: Callable[[Tables], None]) -> None:
    rows = tables()
    plant(rows)
    assert verdict(rows).doubled


def test_a_session_that_two_desktops_were_given_is_doubled() -> None:
    told = stories()
    told[1].session_id = told[0].session_id
    assert verdict(tables(), told).doubled == ["session session-ada was given to 2 desktops"]


def test_an_event_that_is_missing_from_a_chain_is_wrong() -> None:
    rows = tables()
    without(rows, "audit_events", b"session ada")
    assert any("session-ada was created 0 times" in sentence for sentence in verdict(rows).wrong)


def test_what_was_found_stands_in_the_table_and_below_it() -> None:
    row = Row("kill -9 a replica", 1.0, verdict=Verdict(lost=["login 1 is gone"], doubled=["login 2 has 2 sessions"]))
    assert not row.is_good
    assert "| 1 | 1 | 0 | 0 |" in table([row])
    assert found([row]) == ["kill -9 a replica: login 1 is gone", "kill -9 a replica: login 2 has 2 sessions"]


def test_silence_counts_from_the_fault_to_the_first_answer_and_from_the_last_one_to_the_end() -> None:
    assert longest_gap([1, 2, 9], 0, 10) == 7
    assert longest_gap([5], 0, 20) == 15
    assert longest_gap([], 3, 10) == 7
    assert longest_gap([1, 2, 30], 3, 10) == 7


def test_what_one_fault_did_is_not_held_against_the_next_one() -> None:
    first = Verdict(lost=["one"], wrong=["two"])
    assert Verdict(lost=["one", "three"], wrong=["two"]).without(first.sentences) == Verdict(lost=["three"])
