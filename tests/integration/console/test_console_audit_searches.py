# SPDX-License-Identifier: Apache-2.0
"""Searches that somebody of the staff keeps: their own alone, and never an address."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from counterfoil_service.operations.remove_operator import remove_operator
from counterfoil_service.operations.save_search import MOST, SaveSearch, save_search
from support.http import nothing_written
from support.staff import AUDITOR, OPERATOR, Staff
from support.stage import Stage
from support.surfer import Surfer


@pytest.fixture
async def staff(stage: Stage) -> AsyncIterator[Staff]:
    async with Surfer(stage) as browser:
        yield await Staff.hired(browser, "auditor")


async def test_a_kept_search_is_a_link_to_its_filters(staff: Staff) -> None:
    page = await staff.get("/audit?outcome=failure&application_id=desk-app")
    answer = await staff.press(page, "save", search="  Desk   failures ")
    assert answer.headers["location"].endswith("/console/audit?application_id=desk-app&outcome=failure&done=saved")
    text = (await staff.browser.follow(answer)).text
    assert '<a href="/console/audit?application_id=desk-app&amp;outcome=failure"><bdi>Desk failures</bdi></a>' in text
    assert "is kept" in text


async def test_an_address_is_not_kept(staff: Staff) -> None:
    for query, says in (
        ("source=192.0.2.0%2F24", "An address is not kept"),
        ("application_id=a@b.example", "no application"),
    ):
        page = await staff.get(f"/audit?{query}")
        answer = await staff.press(page, "save", search="Mine")
        assert answer.status_code == 422
        assert says in answer.text
        assert 'value="Mine"' in answer.text
        assert await staff.stage.count("saved_searches") == 0


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "a\u202eb", "a\u0007b"])
async def test_a_name_that_is_none_is_refused(staff: Staff, name: str) -> None:
    answer = await staff.press(await staff.get("/audit"), "save", search=name)
    assert answer.status_code == 422
    assert 'id="search-error"' in answer.text
    assert await staff.stage.count("saved_searches") == 0


async def test_a_name_is_taken_once_even_by_two_tabs_at_once(staff: Staff) -> None:
    page = await staff.get("/audit?outcome=failure")
    answers = await asyncio.gather(*(staff.press(page, "save", search="Mine") for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [303, 422]
    assert await staff.stage.count("saved_searches") == 1


async def test_a_search_is_removed_by_its_owner_and_by_nobody_else(staff: Staff) -> None:
    await staff.press(await staff.get("/audit"), "save", search="Mine")
    async with Surfer(staff.stage) as other_browser:
        staff.stage.clock.advance(61)
        other = await Staff.hired(other_browser, "operator")
        theirs = await other.get("/audit")
        assert "Mine" not in theirs.text
        (found,) = await staff.stage.rows("SELECT id FROM saved_searches")
        await other.press(theirs, "save", search="Theirs")
        page = await other.get("/audit")
        assert (await other.press(page, "remove", id=str(found[0]))).status_code == 404
    answer = await staff.press(await staff.get("/audit"), "remove")
    assert answer.headers["location"].endswith("?done=removed")
    assert await staff.stage.rows("SELECT name FROM saved_searches") == [("Theirs",)]


async def test_the_filters_stay_when_a_search_is_removed(staff: Staff) -> None:
    await staff.press(await staff.get("/audit"), "save", search="Mine")
    answer = await staff.press(await staff.get("/audit?outcome=failure&source=192.0.2.0/24"), "remove")
    assert answer.headers["location"].endswith("/console/audit?outcome=failure&source=192.0.2.0%2F24&done=removed")
    page = (await staff.browser.follow(answer)).text
    assert "is not kept any more" in page
    assert 'value="192.0.2.0/24"' in page


async def test_a_form_of_another_browser_keeps_nothing(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser, Surfer(sqlite_stage) as other:
        staff = await Staff.hired(browser, "auditor")
        sqlite_stage.clock.advance(61)
        theirs = await Staff.hired(other, "operator")
        page = await staff.get("/audit")
        async with nothing_written(sqlite_stage):
            assert (await theirs.press(page, "save", search="Mine")).status_code == 403


async def test_there_is_an_end_to_what_one_person_keeps(staff: Staff) -> None:
    for number in range(MOST):
        await staff.stage.database.write(save_search, SaveSearch(staff.operator_id, f"No. {number}", "", None))
    answer = await staff.press(await staff.get("/audit"), "save", search="One more")
    assert answer.status_code == 422
    assert f"{MOST} searches" in answer.text


async def test_whoever_loses_the_role_loses_the_searches_and_keeps_none(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser, Surfer(sqlite_stage) as other:
        staff = await Staff.hired(browser, "auditor")
        await staff.press(await staff.get("/audit"), "save", search="Mine")
        sqlite_stage.clock.advance(61)
        remaining = await Staff.hired(other, "operator", OPERATOR)
        await remaining.press(await remaining.get("/audit"), "save", search="Theirs")
        page = await staff.get("/audit")
        await sqlite_stage.database.write(remove_operator, AUDITOR)
        assert await sqlite_stage.rows("SELECT name FROM saved_searches") == [("Theirs",)]
        async with nothing_written(sqlite_stage):
            assert (await staff.press(page, "save", search="Again")).status_code == 303, "to the sign-in"


async def test_keeping_a_search_says_nothing_to_the_log(staff: Staff) -> None:
    page = await staff.get("/audit")
    before = await staff.stage.count("audit_events")
    await staff.press(page, "save", search="Mine")
    assert await staff.stage.count("audit_events") == before
