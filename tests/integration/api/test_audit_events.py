# SPDX-License-Identifier: Apache-2.0
"""`GET /audit/events` and `/audit/logins/{login_id}`: what an auditor asks for is what comes, whole and in order."""

import itertools
from typing import Any

import pytest

from counterfoil_service.core.leaf import microseconds
from counterfoil_service.db import audit_pages
from counterfoil_service.operations.erase_user import erase_user
from counterfoil_service.operations.forget_old import SOURCE_RETENTION, forget_old
from support import acting
from support.auditor import Auditor, seal
from support.stage import Stage

SECOND = 1_000_000


@pytest.fixture
async def auditor(stage: Stage) -> Auditor:
    """Over the events of a dozen logins at two applications from three networks, some of them failures."""
    await stage.add_application("other-app")
    for number in range(12):
        application = "other-app" if number % 3 == 0 else "desk-app"
        source = f"198.51.{number % 3}.{number}"
        begun = await acting.ask(
            stage, f"p{number}@example.com", f"k{number}", application_id=application, source=source
        )
        if number % 4 == 1:
            await acting.approve(stage, begun, acting.WRONG_CODE)
        elif number % 4 == 2:
            await acting.approve(stage, begun)
            if application == "desk-app":
                await acting.collect(stage, begun, f"k{number}")
        stage.clock.advance(7)
    await seal(stage)
    return await Auditor.hired(stage)


def fits(event: dict[str, Any], wanted: dict[str, str]) -> bool:
    equal = {name: value for name, value in wanted.items() if name not in {"since", "until", "source"}}
    if any(event.get(name) != value for name, value in equal.items()):
        return False
    time = microseconds(event["time"])
    if "since" in wanted and time < microseconds(wanted["since"]):
        return False
    if "until" in wanted and time >= microseconds(wanted["until"]):
        return False
    source = event["personal"].get("source", "")
    return "source" not in wanted or source.rpartition(".")[0] == wanted["source"].rpartition(".")[0]


async def test_every_combination_of_filters_gives_exactly_what_fits_newest_first(
    auditor: Auditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = await auditor.events()
    assert everything == sorted(everything, key=lambda each: each["time"], reverse=True)
    one = next(event for event in everything if event["name"] == "login.completed")
    middle = everything[len(everything) // 2]["time"]
    choices: dict[str, list[str]] = {
        "login_id": [one["login_id"]],
        "subject": [one["subject"]],
        "jkt": [one["jkt"]],
        "application_id": ["desk-app"],
        "name": ["login.requested"],
        "outcome": ["failure", "success"],
        "source": ["198.51.1.0/24"],
        "since": [middle],
        "until": [middle],
    }
    alone = [{name: value} for name, values in choices.items() for value in values]
    pairs = [one | two for one, two in itertools.combinations(alone, 2) if one.keys() != two.keys()]
    # So small that pages and steps end in the middle of everything.
    monkeypatch.setattr(audit_pages, "SCANNED", 5)
    for wanted in [*alone, *pairs]:
        found = [event for event in await auditor.events(**wanted, limit=3) if event["name"] != "audit.read"]
        assert found == [event for event in everything if fits(event, wanted) and event["name"] != "audit.read"], wanted


async def test_a_page_that_goes_on_elsewhere_says_so_though_it_found_nothing(
    auditor: Auditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_pages, "SCANNED", 5)
    first = (await auditor.get("/audit/events", application_id="desk-app", name="user.erased")).json()
    assert first["events"] == []
    assert "next" in first
    assert await auditor.events(application_id="desk-app", name="user.erased") == []


async def test_an_event_shows_its_place_its_details_and_a_sentence(auditor: Auditor) -> None:
    requested = (await auditor.events(name="login.requested"))[-1]
    assert requested["index"] == 3, "after the applications' and the keys'"
    told = {"address": "p0@example.com", "source": "198.51.0.0", "user_agent": "Desk/1.0", "device_label": ""}
    assert requested["personal"] == told
    assert requested["sentence"].startswith("other-app asked for a link for p0@example.com")
    fresh = (await auditor.events(name="audit.read"))[0]
    assert fresh["index"] is None, "not sealed yet"


async def test_what_is_erased_reads_erased_and_is_found_by_no_address(auditor: Auditor) -> None:
    await auditor.stage.database.write(erase_user, "p1@example.com")
    events = [event for event in await auditor.events(name="login.requested") if event["index"] is not None]
    erased = [event for event in events if "erased" in event["personal"].values()]
    assert len(erased) == 1
    assert set(erased[0]["personal"].values()) == {"erased"}
    assert "erased" in erased[0]["sentence"]
    at_ranges = [event for number in range(3) for event in await auditor.events(source=f"198.51.{number}.0/24")]
    assert erased[0]["login_id"] not in {event.get("login_id") for event in at_ranges}


async def test_address_ranges_are_forgotten_after_thirty_days_and_the_sealed_address_stays(auditor: Auditor) -> None:
    assert await auditor.events(source="198.51.1.77")
    auditor.stage.clock.advance(SOURCE_RETENTION // SECOND)
    while await auditor.stage.database.write(forget_old, 3):
        pass
    assert await auditor.events(source="198.51.1.77") == []
    assert await auditor.stage.rows("SELECT count(*) FROM audit_events WHERE source_prefix IS NOT NULL") == [(0,)]
    assert (await auditor.events(name="login.requested"))[0]["personal"]["source"] == "198.51.2.11"


UNREADABLE: list[tuple[dict[str, Any], str]] = [
    ({"naem": "login.requested"}, "did you mean name?"),
    ({"name": "login.request"}, "did you mean login.requested?"),
    ({"outcome": "bad"}, "success or failure"),
    ({"since": "yesterday"}, "RFC 3339"),
    ({"until": "2026-11-20T25:00:00Z"}, "until"),
    ({"source": "198.51.0.0/16"}, "/24 of IPv4"),
    ({"source": "198.51.1.1/24"}, "host bits"),
    ({"source": "2001:db8::/32"}, "/48 of IPv6"),
    ({"limit": "0"}, "1 to 1000"),
    ({"limit": "1001"}, "1 to 1000"),
    ({"limit": "-1"}, "limit"),
    ({"cursor": "1"}, "earlier page"),
    ({"cursor": "1-99999999999999999999"}, "earlier page"),
    ({"cursor": "\u0661-\u0661"}, "earlier page"),
    ({"subject": "a b"}, "subject"),
    ({"jkt": "x" * 42}, "jkt"),
    ({"subject": "jane@corp.example"}, "subject"),
    ({"login_id": "192.0.2.1"}, "login_id"),
    ({"jkt": "jane@corp.example"}, "jkt"),
    ({"application_id": "a b"}, "application_id"),
    ({"name": ["login.requested", "login.denied"]}, "once"),
]


async def test_a_filter_that_cannot_be_read_is_refused_and_never_ignored(auditor: Auditor) -> None:
    for parameters, said in UNREADABLE:
        answer = await auditor.get("/audit/events", **parameters)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), parameters
        assert said in answer.json()["error_description"]


async def test_a_login_is_told_from_its_request_on_in_the_order_in_which_it_happened(auditor: Auditor) -> None:
    one = (await auditor.events(name="login.completed"))[-1]
    told = (await auditor.get(f"/audit/logins/{one['login_id']}")).json()
    assert told["login_id"] == one["login_id"]
    names = [event["name"] for event in told["events"]]
    assert (names[0], names[-1]) == ("login.requested", "session.created") or "mail.queued" in names
    assert names.index("login.approved") < names.index("login.completed") < names.index("session.created")
    assert one in told["events"]


async def test_a_login_that_there_never_was_is_not_found(auditor: Auditor) -> None:
    for login_id in ("01KAG0Q3W4M9T6E2X8D5B7N1CV", "x", "0" * 26, "%00"):
        answer = await auditor.get(f"/audit/logins/{login_id}")
        assert (answer.status_code, answer.json()["error"]) == (404, "not_found"), login_id


async def test_no_record_of_a_reading_holds_what_was_typed_for_an_address_or_an_application(auditor: Auditor) -> None:
    await auditor.events(application_id="jane@corp.example")
    await auditor.events(source="198.51.100.7")
    filters = [event["fields"]["filters"] for event in await auditor.events(name="audit.read")]
    assert {"application_id", "source"} < set(filters)
    assert "jane" not in str(filters)
    assert "198." not in str(filters)


async def test_a_row_that_is_no_event_of_ours_keeps_nobody_from_the_others(auditor: Auditor) -> None:
    everything = await auditor.events()
    for column, junk in (("name", "made.up"), ("fields", "{")):
        sql = f"UPDATE audit_events SET {column} = :junk WHERE leaf_index = :index"  # noqa: S608 - ours
        await acting.execute(auditor.stage, sql, junk=junk, index=20 + len(column))
    left = [event["index"] for event in await auditor.events(limit=2)]
    assert not {24, 26} & set(left)
    assert {event["index"] for event in everything} - set(left) == {24, 26}
