# SPDX-License-Identifier: Apache-2.0
"""The live tail of the audit page: what comes, for whoever may see it, and to no one a moment longer."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.operations.remove_operator import remove_operator
from counterfoil_service.web.audit_api import stream
from counterfoil_service.web.open_streams import OpenStreams
from support.auditor import seal
from support.event_stream import EventStream
from support.http import is_page, nothing_written
from support.staff import AUDITOR, Staff
from support.stage import Stage
from support.surfer import SESSION, Surfer


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "LOOK_SECONDS", 0.005)


@pytest.fixture
async def staff(stage: Stage) -> AsyncIterator[Staff]:
    async with Surfer(stage) as browser:
        hired = await Staff.hired(browser, "auditor")
        stage.clock.advance(61)
        await seal(stage)
        yield hired


class Tail(EventStream):
    """Of a browser that somebody of the staff is signed in with."""

    def __init__(self, staff: Staff, query: str = "", **headers: str) -> None:
        cookies = "; ".join(f"{name}={value}" for name, value in staff.browser.cookies.items())
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        super().__init__(staff.stage, "/console/audit/tail", query, {"cookie": cookies} | named)

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(block["data"]) for block in self.blocks if "data" in block]


async def begun(tail: Tail) -> None:
    await tail.until(lambda each: b"retry" in each.text)


async def test_rows_come_in_words_as_their_events_are_sealed(staff: Staff) -> None:
    tail = Tail(staff)
    await begun(tail)
    asked = await staff.stage.start("bob@example.com")
    await seal(staff.stage)
    await tail.until(lambda _: any(row["login"] == asked.login_id for row in tail.rows))
    await tail.hang_up()
    row = next(row for row in tail.rows if row["name"] == "login.requested")
    assert "bob@example.com" in row["sentence"]
    assert row["index"] >= 0
    assert row["staff"] == []
    assert [str(row["index"]) for row in tail.rows] == [block["id"] for block in tail.blocks if "data" in block]


async def test_rows_say_who_of_the_staff_it_was(staff: Staff) -> None:
    tail = Tail(staff, "name=audit.read")
    await begun(tail)
    await staff.get("/audit")
    await seal(staff.stage)
    await tail.until(lambda _: bool(tail.rows))
    await tail.hang_up()
    assert tail.rows[0]["staff"] == [{"id": staff.operator_id, "address": AUDITOR}]


async def test_only_what_fits_the_filters_comes_and_the_rest_is_not_looked_at_twice(staff: Staff) -> None:
    first = Tail(staff, "name=mail.queued&source=192.0.2.0%2F24")
    second = Tail(staff, "name=login.requested&source=192.0.2.0%2F24")
    await begun(first)
    await begun(second)
    await staff.stage.start("bob@example.com")
    size = await seal(staff.stage)
    await first.until(lambda each: any(block["id"] == str(size - 1) for block in each.blocks))
    await second.until(lambda each: any(block["id"] == str(size - 1) for block in each.blocks))
    assert [row["name"] for row in first.rows] == []
    assert [row["name"] for row in second.rows] == ["login.requested"]
    await first.hang_up()
    await second.hang_up()


async def test_whoever_comes_back_goes_on_behind_the_last_that_was_heard(staff: Staff) -> None:
    size = await seal(staff.stage)
    tail = Tail(staff, "from_index=0", last_event_id=str(size - 2))
    await tail.until(lambda _: bool(tail.rows))
    await tail.hang_up()
    assert tail.rows[0]["index"] == size - 1


async def test_a_role_that_is_taken_away_ends_it(staff: Staff) -> None:
    tail = Tail(staff)
    await begun(tail)
    await staff.stage.database.write(remove_operator, AUDITOR)
    await tail.over()
    await staff.stage.start("bob@example.com")
    assert b"bob@example.com" not in tail.text


async def test_the_end_of_the_session_ends_it(staff: Staff) -> None:
    tail = Tail(staff)
    await begun(tail)
    page = await staff.browser.get("/account")
    await staff.press(page, "sign_out")
    await tail.over()


async def test_a_session_that_is_too_old_ends_it(staff: Staff) -> None:
    tail = Tail(staff)
    await begun(tail)
    staff.stage.clock.advance(400 * 86_400)
    await tail.over()


async def test_it_is_recorded_with_its_filters(staff: Staff) -> None:
    tail = Tail(staff, "outcome=failure")
    await begun(tail)
    await tail.hang_up()
    (row,) = await staff.stage.rows("SELECT fields FROM audit_events WHERE name = 'audit.read'")
    assert json.loads(row[0]) == {
        "operator": staff.operator_id,
        "part": "stream",
        "filters": "outcome=failure",
        "from_index": await seal(staff.stage) - 1,
    }


async def test_strangers_and_people_without_a_role_hear_nothing(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        answer = await browser.get("/console/audit/tail")
        assert answer.status_code == 303
        await browser.sign_in("mallory@example.com")
        async with nothing_written(sqlite_stage):
            assert (await browser.get("/console/audit/tail")).status_code == 403
        browser.client.cookies.set(SESSION, "A" * 43, domain="id.example", path="/")


async def test_a_token_of_the_api_opens_nothing_here(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        answer = await browser.get("/console/audit/tail", authorization="Bearer cfo_" + "A" * 43)
        assert answer.status_code == 303


@pytest.mark.parametrize("query", ["from_index=-1", "from_index=x", "form_index=1", "since=yesterday", "outcome=maybe"])
async def test_what_cannot_be_read_is_refused_and_not_recorded(staff: Staff, query: str) -> None:
    async with nothing_written(staff.stage):
        assert (await staff.get(f"/audit/tail?{query}")).status_code == 400


async def test_the_page_says_where_its_tail_begins_and_an_old_page_has_none(staff: Staff) -> None:
    size = await seal(staff.stage)
    page = await staff.see("/audit?outcome=failure")
    assert f'data-tail="/console/audit/tail?outcome=failure&amp;from_index={size}"' in page
    assert "data-tail" not in await staff.see("/audit?until=2026-11-18T10:26")


async def test_others_are_served_while_a_tail_catches_up(sqlite_stage: Stage) -> None:
    looked, served = list[int](), list[int]()

    async def look(_: ReadTransaction, index: int, limit: int) -> tuple[list[bytes], int]:
        looked.append(index)
        if len(looked) == 20:
            raise Refusal(ErrorCode.INVALID_TOKEN, "enough")
        return [b"data: {}\n\n"] if index else [], index + limit

    async def others() -> None:
        for _ in range(20):
            await asyncio.sleep(0)
            served.append(len(looked))

    other = asyncio.create_task(others())
    async for _ in stream.grow(sqlite_stage.service.services, look, 0):
        pass
    assert len(served) >= 15, "one turn of the loop for each batch"
    await other


async def test_a_link_from_anywhere_does_not_start_one(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        hired = await Staff.hired(browser, "auditor")
        async with nothing_written(sqlite_stage), asyncio.timeout(10):
            led = await hired.browser.get("/console/audit/tail?from_index=0", sec_fetch_mode="navigate")
        is_page(led, 400)


async def test_nobody_follows_it_more_than_eight_times_at_once_and_others_follow_all_the_same(
    sqlite_stage: Stage,
) -> None:
    async with Surfer(sqlite_stage) as browser, Surfer(sqlite_stage) as other:
        greedy, modest = await Staff.hired(browser, "auditor"), await Staff.hired(other)
        tails = [Tail(greedy) for _ in range(8)]
        for tail in tails:
            await begun(tail)
        async with nothing_written(sqlite_stage), asyncio.timeout(10):
            assert (await greedy.get("/audit/tail")).status_code == 429
            assert "close one" in is_page(await greedy.get("/audit/export?format=csv"), 429)
        theirs = Tail(modest)
        await begun(theirs)
        await theirs.hang_up()
        await tails.pop().hang_up()
        assert (await greedy.get("/audit/export?format=csv")).status_code == 200
        assert (await greedy.get("/audit/export?format=csv")).status_code == 200, "what has ended is not counted"
        for tail in tails:
            await tail.hang_up()
        streams = sqlite_stage.service.services.open_streams
        assert [streams.count(each.operator_id) for each in (greedy, modest)] == [0, 0]


async def test_an_answer_that_nobody_fetched_is_not_counted_for_good() -> None:
    async def blocks() -> AsyncIterator[bytes]:
        yield b"x"

    streams = OpenStreams()
    for _ in range(20):
        held = streams.begin("somebody", blocks())
        assert streams.count("somebody") == 1
        del held
    assert streams.count("somebody") == 0
