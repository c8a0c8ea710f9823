# SPDX-License-Identifier: Apache-2.0
"""The list of events at the console: what is found, what is told of it, and what nobody can slip into it."""

import re
from collections.abc import AsyncIterator
from html import unescape
from urllib.parse import urlencode

import pytest

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.db import audit
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.remove_operator import remove_operator
from counterfoil_service.web.console import audit as audit_page
from support.auditor import seal
from support.http import execute, nothing_written
from support.staff import AUDITOR, Staff
from support.stage import SECOND, START, Stage
from support.surfer import Surfer


@pytest.fixture
async def staff(stage: Stage) -> AsyncIterator[Staff]:
    async with Surfer(stage) as browser:
        yield await Staff.hired(browser, "auditor")
        browser.stage.clock.advance(1)


def told(page: str) -> list[str]:
    """The sentences of the list, newest first."""
    return [unescape(each) for each in re.findall(r'data-part="sentence">([^<]+)<', page)]


def counted(page: str) -> int:
    """Events under all bars."""
    return sum(int(words.partition(" event")[0].rpartition(" ")[2]) for words in bars(page))


def bars(page: str) -> dict[str, str]:
    """Where each bar of the time-line leads, by its name."""
    found = re.findall(r'<a href="([^"]+)" aria-label="([^"]+ events?, [^"]+)"', page)
    return {unescape(words): unescape(href).removeprefix("/console") for href, words in found}


async def last_reading(stage: Stage) -> str:
    (row,) = await stage.rows(
        "SELECT fields FROM audit_events WHERE name = 'audit.read' ORDER BY position DESC LIMIT 1"
    )
    return str(row[0])


async def test_events_are_listed_newest_first_in_words(staff: Staff) -> None:
    staff.stage.clock.advance(1)
    await staff.stage.approved("bob@example.com")
    sentences = told(await staff.see("/audit"))
    assert sentences[0] == f"Staff member {staff.operator_id} looked for events."
    assert any("bob@example.com" in each for each in sentences)


async def test_every_look_is_recorded_with_its_filters_and_without_addresses(staff: Staff) -> None:
    await staff.see(
        "/audit?" + urlencode({"outcome": "failure", "source": "192.0.2.0/24", "application_id": "a@b.example"})
    )
    assert await last_reading(staff.stage) == (
        f'{{"filters":"application_id&outcome=failure&source","operator":"{staff.operator_id}","part":"events"}}'
    )


async def test_filters_narrow_what_is_shown_and_stay_in_the_form(staff: Staff) -> None:
    staff.stage.clock.advance(1)
    asked = await staff.stage.start("bob@example.com")
    page = await staff.see(f"/audit?login_id={asked.login_id}&name=login.requested&outcome=&since=")
    assert len(told(page)) == 1
    assert f'value="{asked.login_id}"' in page
    assert "<option selected>login.requested</option>" in page


async def test_a_time_from_a_browsers_own_field_is_in_utc_and_stands_there_again(staff: Staff) -> None:
    page = await staff.see("/audit?since=2026-11-18T10:26&until=2099-01-01T00:00:30")
    assert 'type="datetime-local" value="2026-11-18T10:26:00"' in page
    assert 'type="datetime-local" value="2099-01-01T00:00:30"' in page
    zoned = await staff.see("/audit?" + urlencode({"since": "2026-11-18T10:26:00+02:00"}))
    assert 'value="2026-11-18T08:26:00"' in zoned
    fine = await staff.see("/audit?since=2026-11-18T10:26:00.5Z")
    assert 'type="text" value="2026-11-18T10:26:00.5Z"' in fine, "a browser would drop what its field cannot show"


WRONG = {
    "since": ("yesterday", "RFC 3339"),
    "until": ("2026-13-01T00:00", "Month must be"),
    "name": ("login.aproved", "did you mean login.approved?"),
    "outcome": ("maybe", "Success or failure."),
    "login_id": ("ada@example.com", "as events show it"),
    "source": ("10.0.0.0/8", "a /24 of IPv4"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_filter_is_said_at_its_field_and_nothing_typed_is_lost(staff: Staff, name: str) -> None:
    wrong, says = WRONG[name]
    async with nothing_written(staff.stage):
        answer = await staff.get("/audit?" + urlencode({name: wrong, "jkt": "j" * 43}))
    assert answer.status_code == 422
    (error,) = re.findall(rf'id="{name}-error">([^<]+)<', answer.text)
    assert says in error
    assert wrong in answer.text
    assert 'value="' + "j" * 43 in answer.text
    assert told(answer.text) == []


async def test_an_end_that_is_no_later_than_the_beginning_is_said(staff: Staff) -> None:
    answer = await staff.get("/audit?since=2026-11-18T10:26&until=2026-11-18T10:26")
    assert answer.status_code == 422
    assert 'id="until-error"' in answer.text


@pytest.mark.parametrize("query", ["sinse=2026-11-18T10:26", "name=key.rotated&name=user.erased", "cursor=1"])
async def test_what_is_no_filter_never_widens_what_is_found(staff: Staff, query: str) -> None:
    async with nothing_written(staff.stage):
        assert (await staff.get(f"/audit?{query}")).status_code == 400


async def test_pages_follow_one_another_without_a_gap(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_page, "PAGE", 3)
    for _ in range(2):
        staff.stage.clock.advance(61)
        await staff.stage.start("bob@example.com")
    whole = await staff.stage.rows(
        "SELECT position FROM audit_events WHERE name = 'login.requested' ORDER BY time DESC, position DESC"
    )
    found, href = list[int](), "/audit?name=login.requested"
    while href:
        page = await staff.see(href)
        found += [int(each) for each in re.findall(r'<tr data-position="(\d+)"', page)]
        further = re.search(r'<a class="button" href="/console([^"]+)" rel="next">', page)
        href = unescape(further[1]) if further else ""
    assert found == [position for (position,) in whole]


@pytest.mark.parametrize("role", ["operator", "auditor"])
async def test_both_roles_read_and_nobody_else(sqlite_stage: Stage, role: str) -> None:
    async with Surfer(sqlite_stage) as browser:
        await browser.sign_in("mallory@example.com")
        async with nothing_written(sqlite_stage):
            assert (await browser.get("/console/audit")).status_code == 403
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser, "operator" if role == "operator" else "auditor")
        assert told(await staff.see("/audit"))


async def test_a_role_that_is_taken_away_shows_nothing(staff: Staff) -> None:
    await staff.stage.database.write(remove_operator, AUDITOR)
    for path in ("/audit", "/audit/tail", "/audit/entries/0", "/audit/export?format=csv", "/audit/logins/" + "0" * 26):
        async with nothing_written(staff.stage):
            assert (await staff.get(path)).status_code == 303, "to the sign-in"


async def test_what_a_stranger_named_their_device_stays_text_on_one_line(staff: Staff) -> None:
    label = "<img src=x onerror=alert(1)>\u202egnp.exe"

    async def write(tx: Transaction, name: str, context: Context) -> None:
        event = AuditEvent(name=EventName.SETTINGS_CHANGED, fields={"names": name})
        await audit.append(tx, context, event)

    await staff.stage.database.write(write, label)
    page = await staff.see("/audit?name=settings.changed")
    assert "<img" not in page
    assert "\u202e" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;\\u202egnp.exe" in page


async def test_an_entry_that_was_edited_keeps_nobody_from_the_others(staff: Staff) -> None:
    await execute(staff.stage, "UPDATE audit_events SET fields = 'x' WHERE position = 1")
    assert told(await staff.see("/audit"))


async def test_each_bar_of_the_time_line_leads_to_its_own_events(staff: Staff) -> None:
    staff.stage.clock.advance(3600)
    asked = await staff.stage.start("bob@example.com")
    await seal(staff.stage)
    query = f"/audit?login_id={asked.login_id}"
    (words, href), *others = bars(await staff.see(query)).items()
    assert others == []
    assert re.fullmatch(r"2026-11-18, \d\d:\d\d to \d\d:\d\d: 2 events, 0 failures", words)
    narrower = await staff.see(href)
    assert len(told(narrower)) == 2
    assert f'value="{asked.login_id}"' in narrower
    assert counted(narrower) == 2


async def test_the_time_line_of_all_events_is_what_was_counted_as_it_was_sealed(staff: Staff) -> None:
    before = await staff.see("/audit")
    assert bars(before) == {}
    size = await seal(staff.stage)
    assert counted(await staff.see("/audit")) == size


async def test_a_count_that_was_cut_says_how_far_it_reaches(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("counterfoil_service.db.event_moments.LOOKED_AT", 2)
    staff.stage.clock.advance(1)
    asked = await staff.stage.approved("bob@example.com")
    page = await staff.see(f"/audit?login_id={asked.login_id}")
    assert "Counted back to 2026-11-" in page
    whole = await staff.see(
        f"/audit?login_id={asked.login_id}&outcome=failure&since=2020-01-01T00:00&until=2020-01-02T00:00"
    )
    assert "Counted back to" not in whole


@pytest.mark.parametrize(
    "query",
    [
        "since=9999-12-31T23:59:59Z",
        "until=9999-12-31T23:59:59Z",
        "since=0001-01-01T00:00:00Z",
        "until=1969-01-01T00:00",
    ],
)
async def test_times_at_the_ends_of_the_calendar_are_answered(staff: Staff, query: str) -> None:
    assert len(bars(await staff.see(f"/audit?{query}"))) < 100


HEADINGS = {
    "": "in the last day",
    "since=2026-11-17T10:00": "since 2026-11-17 10:00",
    "until=2026-11-18T10:26": "in the day before 2026-11-18 10:26",
    "since=2026-11-17T10:00&until=2026-11-18T10:26": "from 2026-11-17 10:00 to 2026-11-18 10:26",
}


@pytest.mark.parametrize("query", HEADINGS)
async def test_the_heading_says_of_which_time_the_count_is(staff: Staff, query: str) -> None:
    page = await staff.see(f"/audit?{query}")
    (heading,) = re.findall(r'id="timeline-heading">([^<]+)<', page)
    assert re.fullmatch(rf"\d+ events? {HEADINGS[query]}", heading)


async def test_a_span_that_was_chosen_is_called_by_its_name(staff: Staff) -> None:
    hour = re.search(r'<a href="/console([^"]+)">Last hour</a>', await staff.see("/audit"))
    assert hour is not None
    staff.stage.clock.advance(20)
    assert "in the last hour</h2>" in await staff.see(unescape(hour[1]))


async def test_older_events_than_are_counted_are_said_to_follow_and_only_then(staff: Staff) -> None:
    older = "Older ones are not counted here"
    assert older not in await staff.see("/audit")
    staff.stage.clock.advance(3 * 86_400)
    await staff.stage.start("bob@example.com")
    assert older in await staff.see("/audit")
    assert older not in await staff.see("/audit?since=2026-11-01T00:00")


async def test_failures_are_told_and_drawn_and_success_is_the_rule(staff: Staff) -> None:
    failed = AuditEvent(name=EventName.LOGIN_LOCKED, outcome="failure", fields={"misses": 3})

    async def write(tx: Transaction, event: AuditEvent, context: Context) -> None:
        await audit.append(tx, context, event)

    await staff.stage.database.write(write, failed)
    await seal(staff.stage)
    page = await staff.see("/audit")
    rows = page.partition('<tbody id="events">')[2].partition("</tbody>")[0]
    assert rows.count(">failure<") == 1
    assert ">success<" not in page.partition("</form>")[2]
    (height,) = re.findall(r'"bar bad"[^>]* y="[\d.]+" height="([\d.]+)"', page)
    assert float(height) >= 4


async def test_rows_say_who_of_the_staff_it_was_for_as_long_as_they_have_a_role(staff: Staff) -> None:
    await staff.see("/audit")
    staff.stage.clock.advance(1)
    page = await staff.see("/audit?name=audit.read")
    assert f'<a href="/console/operators/{staff.operator_id}">Staff: <bdi>grace@example.com</bdi></a>' in page
    async with Surfer(staff.stage) as browser:
        staff.stage.clock.advance(61)
        other = await Staff.hired(browser)
        await staff.stage.database.write(remove_operator, AUDITOR)
        page = await other.see("/audit?name=audit.read")
    assert f"Staff member {staff.operator_id} looked for events." in page
    assert f"/operators/{staff.operator_id}" not in page
    assert "grace@example.com" not in page


async def test_the_page_needs_no_script_and_breaks_no_policy(staff: Staff) -> None:
    page = await staff.see("/audit")
    assert " style=" not in page
    assert " onclick" not in page
    assert page.count("<h1>") == 1
    labels = re.findall(r'aria-label="([^"]+)"', page)
    assert sorted(set(labels)) == sorted(labels)


def test_the_clock_of_these_tests_stands_where_their_times_say() -> None:
    assert START // SECOND == 1_795_000_000


ATTRIBUTE = re.compile(r'[a-z-]+="([^"]*)"')


async def test_a_whole_address_stands_in_no_link_and_not_in_the_address_bar(staff: Staff) -> None:
    for address, kept in (("192.0.2.10", "192.0.2.0/24"), ("2001:db8:1:2::77", "2001:db8:1::/48")):
        led = await staff.get("/audit?" + urlencode({"source": address, "outcome": "success"}))
        assert led.status_code == 303
        assert led.headers["location"].endswith("/audit?" + urlencode({"outcome": "success", "source": kept}))
        page = await staff.browser.follow(led)
        assert page.status_code == 200
        assert f'value="{kept}"' in page.text
        assert address not in str(ATTRIBUTE.findall(page.text))
        refused = await staff.get("/audit/export?" + urlencode({"format": "syslog", "source": address}))
        assert address not in str(ATTRIBUTE.findall(refused.text))
