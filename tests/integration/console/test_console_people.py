# SPDX-License-Identifier: Apache-2.0
"""People at the console: found without an address in any URL, looked at on the record, changed by operators alone."""

from urllib.parse import unquote

import pytest

from counterfoil_service.operations.disable_user import disable_user
from counterfoil_service.operations.invite_user import invite_user
from support.http import execute, is_page
from support.people import addresses, person_of, search, told
from support.staff import OPERATOR, Staff
from support.stage import Stage
from support.surfer import Surfer
from support.tokens import sign_in

ADA = "Ada.Lovelace@example.com"
HOSTILE = "\N{RIGHT-TO-LEFT OVERRIDE}<script>alert(1)</script>"


async def test_an_exact_address_leads_to_a_page_that_no_address_names(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        signed = await sign_in(stage, ADA)
        led = await search(staff, f" {ADA.swapcase()} ")
        assert led.headers["location"].endswith(f"/console/people/{signed.subject}")
        page = await browser.follow(led)
        assert ADA in page.text
        assert "verified" in page.text
        assert signed.session_id in page.text
        assert f"/console/audit/logins/{signed.asked.login_id}" in page.text
        assert (await search(staff, signed.subject)).headers["location"] == led.headers["location"]


@pytest.mark.parametrize("beginning", ["ada", "ADA.L", "ada.lovelace@"])
async def test_the_beginning_of_an_address_finds_it_in_whatever_case(stage: Stage, beginning: str) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        for address in (ADA, "adam@example.com", "bada@example.com", "zoë@example.com"):
            await stage.database.write(invite_user, address)
        found = addresses(await search(staff, beginning))
        assert ADA in found
        assert found == sorted(found, key=str.lower)
        assert "bada@example.com" not in found
        assert addresses(await search(staff, "zo")) == ["zoë@example.com"]


@pytest.mark.parametrize("typed", ["%", "_da", "ada%", "a'b", "[a-z]", "\\", HOSTILE, "ada@example.com OR 1=1"])
async def test_what_means_something_to_a_database_or_a_browser_is_only_letters(stage: Stage, typed: str) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        await stage.database.write(invite_user, "ada@example.com")
        page = await search(staff, typed)
        assert page.status_code == 200
        assert addresses(page) == []
        assert "<script>alert" not in page.text


async def test_nothing_typed_is_said_at_the_field(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        page = await search(await Staff.hired(browser), "  ")
        assert page.status_code == 422
        assert 'aria-invalid="true"' in page.text


async def test_a_search_is_recorded_without_what_was_typed_and_a_person_with_whose_page_it_was(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        signed = await sign_in(stage, ADA)
        page = await staff.get("/people")
        before = await told(stage, "console.viewed")
        assert before == [{"operator": staff.operator_id, "view": "people"}]
        await browser.follow(await staff.press(page, "search", who=ADA))
        views = (await told(stage, "console.viewed"))[len(before) :]
        by = {"operator": staff.operator_id, "view": "people"}
        assert views == [by, by | {"person": signed.subject}]
        rows = await stage.rows(
            "SELECT count(*) FROM audit_events WHERE name = 'console.viewed' AND sealed IS NOT NULL"
        )
        assert rows == [(0,)]


@pytest.mark.parametrize("state", ["verified", "unverified", "invited", "disabled"])
async def test_each_state_lists_its_own_people_and_no_others(stage: Stage, state: str) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        await sign_in(stage, "verified@example.com")
        for name in ("invited", "unverified", "disabled"):
            await stage.database.write(invite_user, f"{name}@example.com")
        await stage.database.write(disable_user, "disabled@example.com")
        await execute(stage, "UPDATE users SET invited_at = NULL WHERE address = 'unverified@example.com'")
        expected = {f"{state}@example.com"} | ({OPERATOR} if state == "verified" else set())
        page = await staff.get(f"/people?show={state}")
        assert set(addresses(page)) == expected
        assert page.text.count('aria-current="page"') == 2
        assert len(addresses(await staff.get("/people?show=anything"))) == 5


async def test_pages_follow_one_another_and_show_everybody_once(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        for number in range(120):
            if number % 3:
                stage.clock.advance(0.001)  # some share an instant
            await stage.database.write(invite_user, f"p{number}@example.com")
        seen: list[str] = []
        path = "/people?show=invited"
        for _ in range(5):
            page = await staff.get(path)
            seen += addresses(page)
            if 'rel="next"' not in page.text:
                break
            path = "/people" + page.text.partition('class="button" href="')[2].partition('"')[0].replace("&amp;", "&")
        assert len(seen) == 120
        assert len(set(seen)) == 120
        assert "p119@" in seen[0] or "p118@" in seen[0]


@pytest.mark.parametrize("after", ["1", "-a", "x-a", f"{2**63}-a", "1-%27", "1-a&after=2-b", "9" * 5000 + "-a"])
async def test_a_cursor_that_no_page_gave_is_refused(sqlite_stage: Stage, after: str) -> None:
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        is_page(await staff.get(f"/people?after={after}"), 400)


@pytest.mark.parametrize("name", ["nobody", "A" * 43, "A" * 42 + "B", "é" * 43, "ada@example.com", "%00", "A" * 3000])
async def test_a_name_that_nobody_has_is_a_page_that_says_so(sqlite_stage: Stage, name: str) -> None:
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        await sqlite_stage.start("bob@example.com")
        is_page(await staff.get(f"/people/{name}"), 404)


async def test_an_address_that_only_asked_is_found_and_can_be_erased(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        asked = await stage.start("bob@example.com")
        page = await person_of(staff, "BOB@example.com")
        assert "bob" not in unquote(str(page.url))
        assert "no user" in page.text
        assert "waiting" in page.text
        assert asked.login_id in page.text
        erase = await browser.client.get(f"{page.url}/erase")
        done = await staff.press(erase, "erase", address="bob@example.com")
        assert done.headers["location"].endswith("/console/people?done=erased")
        assert "erased" in (await browser.follow(done)).text
        assert await told(stage, "user.erased") == [{"operator": staff.operator_id}]
        assert (await search(staff, "bob@example.com")).status_code == 200


async def test_a_mailbox_that_got_a_user_is_called_by_the_subject(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        await stage.start("bob@example.com")
        page = await person_of(staff, "bob@example.com")
        user = await stage.database.write(invite_user, "bob@example.com")
        led = await browser.client.get(str(page.url))
        assert led.headers["location"].endswith(f"/console/people/{user.id}")


@pytest.mark.parametrize("typed", ["", "ada", "bob@example.com", "olga@example.com", HOSTILE])
async def test_nobody_is_erased_by_another_address(stage: Stage, typed: str) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        await sign_in(stage, ADA)
        await stage.start("bob@example.com")
        page = await person_of(staff, ADA)
        answer = await staff.press(await browser.client.get(f"{page.url}/erase"), "erase", address=typed or None)
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text
        assert "<script>alert" not in answer.text
        assert await told(stage, "user.erased") == []
        assert await stage.count("users") == 2


async def test_erasing_says_what_goes_and_what_stays_and_does_it(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        await sign_in(stage, ADA)
        page = await person_of(staff, ADA)
        erase = await browser.client.get(f"{page.url}/erase")
        for words in ("the key of the mailbox", "ciphertext that nobody can read", "backups", "sweeper"):
            assert words in erase.text
        done = await staff.press(erase, "erase", address=ADA.lower())
        assert done.status_code == 303
        assert ADA not in str(await stage.rows("SELECT address FROM users"))
        again = await staff.press(erase, "erase", address=ADA)
        is_page(again, 404)
        is_page(await browser.client.get(str(page.url)), 404)
