# SPDX-License-Identifier: Apache-2.0
"""People at the console: found without an address in any URL, looked at on the record, changed by operators alone."""

import asyncio
import json
from urllib.parse import unquote

import httpx2
import pytest

from counterfoil_service.operations.disable_user import disable_user
from counterfoil_service.operations.erase_user import erase_user
from counterfoil_service.operations.invite_user import invite_user
from counterfoil_service.operations.remove_operator import remove_operator
from support.acting import suppress
from support.http import execute, is_page, nothing_written
from support.staff import OPERATOR, Staff
from support.stage import Stage
from support.surfer import Surfer
from support.tokens import SignedIn, sign_in

ADA = "Ada.Lovelace@example.com"
HOSTILE = "\N{RIGHT-TO-LEFT OVERRIDE}<script>alert(1)</script>"


async def search(staff: Staff, who: str) -> httpx2.Response:
    return await staff.press(await staff.get("/people"), "search", who=who)


async def person_of(staff: Staff, who: str) -> httpx2.Response:
    """The page of whoever is called exactly that."""
    led = await search(staff, who)
    assert led.status_code == 303, led.text[-500:]
    page = await staff.browser.follow(led)
    assert page.status_code == 200, page.text[-500:]
    return page


async def told(stage: Stage, name: str) -> list[dict[str, object]]:
    """The fields of every event of this name."""
    rows = await stage.rows(f"SELECT fields FROM audit_events WHERE name = '{name}' ORDER BY position")  # noqa: S608 - a name from the test
    return [json.loads(row[0]) for row in rows]


def addresses(page: httpx2.Response) -> list[str]:
    rows = page.text.partition("<tbody>")[2].split('<a class="address"')[1:]
    return [row.partition("<bdi>")[2].partition("</bdi>")[0] for row in rows]


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
        await browser.follow(await staff.press(page, "search", who=ADA))
        views = (await told(stage, "console.viewed"))[len(before) :]
        by = {"operator": staff.operator_id, "view": "people"}
        assert views == [by, by | {"person": signed.subject}]
        rows = await stage.rows("SELECT count(*) FROM audit_events WHERE name = 'console.viewed' AND sealed IS NOT NULL")
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


ACTS = {
    "disable": ("user.disabled", "/people"),
    "end_sessions": ("session.ended", "/people"),
    "end_session": ("session.ended", "/people"),
    "forget": ("device.forgotten", "/people"),
}


async def acted_on(stage: Stage, staff: Staff) -> tuple[SignedIn, httpx2.Response]:
    signed = await sign_in(stage, ADA)
    return signed, await person_of(staff, ADA)


@pytest.mark.parametrize("action", ACTS)
async def test_what_an_operator_does_is_done_and_its_event_names_them(stage: Stage, action: str) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        signed, page = await acted_on(stage, staff)
        done = await staff.press(page, action)
        assert done.status_code == 303, done.text[-500:]
        after = await browser.follow(done)
        assert 'role="status"' in after.text
        assert "No session lives." in after.text
        assert [each["operator"] for each in await told(stage, ACTS[action][0])] == [staff.operator_id]
        reasons = await stage.rows(f"SELECT reason FROM audit_events WHERE session_id = '{signed.session_id}'")  # noqa: S608
        assert len(reasons) == 2
        assert all(each["operator"] == staff.operator_id for each in await told(stage, "session.ended"))


@pytest.mark.parametrize("action", ACTS)
async def test_what_is_dangerous_needs_a_fresh_sign_in_and_comes_back_to_the_page(stage: Stage, action: str) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        _, page = await acted_on(stage, staff)
        stage.clock.advance(301)
        async with nothing_written(stage):
            led = await staff.press(page, action)
        place = unquote(led.headers["location"])
        assert "prompt=login" in place
        assert f"/console/people/{str(page.url).rpartition('/')[2]}" in place
        assert "five minutes" in (await browser.client.get(str(page.url))).text


@pytest.mark.parametrize("action", [*ACTS, "enable", "lift", "enrol", "erase", "invite"])
async def test_an_auditor_sees_no_button_and_is_refused_what_an_operator_may(stage: Stage, action: str) -> None:
    async with Surfer(stage) as browser:
        auditor = await Staff.hired(browser, "auditor")
        signed, page = await acted_on(stage, auditor)
        await suppress(stage, ADA)
        page = await browser.client.get(str(page.url))
        listed = await auditor.get("/people")
        assert "<button" not in page.text
        assert 'value="invite"' not in listed.text
        (csrf,) = {part.partition('"')[0] for part in listed.text.split('name="csrf" value="')[1:]}
        fields = {"csrf": csrf, "action": action, "id": signed.session_id, "reason": "so", "address": ADA}
        paths = {"erase": f"/people/{signed.subject}/erase", "invite": "/people"}
        async with nothing_written(stage):
            path = f"/console{paths.get(action, f'/people/{signed.subject}')}"
            answer = await browser.client.post(path, data=fields | {"email": "bob@example.com"})
        assert answer.status_code in {400, 403}
        assert "Only operators change things here" in answer.text


async def test_a_role_that_was_taken_away_meanwhile_changes_nothing(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        _, page = await acted_on(stage, staff)
        await stage.database.write(remove_operator, OPERATOR)
        async with nothing_written(stage):
            is_page(await staff.press(page, "disable"), 403)


async def test_another_browsers_form_is_nobodys(stage: Stage) -> None:
    async with Surfer(stage) as browser, Surfer(stage) as other:
        staff = await Staff.hired(browser)
        _, page = await acted_on(stage, staff)
        thief = await Staff.hired(other, email="mallory@example.com")
        async with nothing_written(stage):
            is_page(await thief.press(page, "disable"), 403)


async def test_a_button_pressed_twice_at_once_does_it_once(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        _, page = await acted_on(stage, staff)
        answers = await asyncio.gather(*(staff.press(page, "end_session") for _ in range(4)))
        assert sorted(each.status_code for each in answers) == [303, 422, 422, 422]
        late = next(each for each in answers if each.status_code == 422)
        assert "This session had ended already." in late.text
        assert 'role="alert"' in late.text
        assert len(await told(stage, "session.ended")) == 1
        await staff.press(page, "disable")
        enabled = await browser.client.get(str(page.url))
        answers = await asyncio.gather(*(staff.press(enabled, "enable") for _ in range(3)))
        assert sorted(each.status_code for each in answers) == [303, 422, 422]
        assert await told(stage, "user.enabled") == [{"operator": staff.operator_id}]


async def test_operators_neither_disable_nor_erase_themselves(stage: Stage) -> None:
    async with Surfer(stage) as browser, Surfer(stage) as other:
        staff = await Staff.hired(browser)
        second = await Staff.hired(other, email="second@example.com")
        own, page = await person_of(staff, OPERATOR), await person_of(second, OPERATOR)
        assert 'value="disable"' not in own.text
        forged = page.text.partition('name="csrf" value="')[2].partition('"')[0]
        (csrf,) = {part.partition('"')[0] for part in own.text.split('name="csrf" value="')[1:]}
        assert forged != csrf
        for path, fields in ((str(own.url), {"action": "disable"}), (f"{own.url}/erase", {"address": OPERATOR})):
            async with nothing_written(stage):
                pass
            answer = await browser.client.post(path, data=fields | {"csrf": csrf})
            assert answer.status_code == 422
        assert await told(stage, "user.disabled") == await told(stage, "user.erased") == []
        assert (await second.press(page, "disable")).status_code == 303


async def test_a_suppressed_address_says_why_and_is_lifted_with_a_reason(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        await sign_in(stage, ADA)
        await suppress(stage, ADA)
        page = await person_of(staff, ADA)
        assert "A mail came back for good" in page.text
        for reason in (None, "two\nlines", "x" * 201):
            wrong = await staff.press(page, "lift", reason=reason)
            assert wrong.status_code == 422
            assert 'id="reason-error"' in wrong.text
        assert await stage.count("suppressions") == 1
        done = await staff.press(page, "lift", reason="the mailbox was full")
        assert "Mail goes to this address again" in (await browser.follow(done)).text
        assert await told(stage, "suppression.lifted") == [{"operator": staff.operator_id}]
        late = await staff.press(page, "lift", reason="again")
        assert "This address is not suppressed any more." in late.text


async def test_a_suppressed_address_without_anything_else_is_found_too(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        await suppress(stage, "gone@example.com")
        page = await person_of(staff, "gone@example.com")
        assert "gone@example.com" in page.text
        assert (await staff.press(page, "lift", reason="typed wrongly before")).status_code == 303


async def test_budgets_say_what_is_used_up_and_when_there_is_room_again(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        for _ in range(3):
            stage.clock.advance(61)
            await stage.start("bob@example.com")
            await stage.mails()
        page = await person_of(staff, "bob@example.com")
        rows = [row.partition("</tr>")[0] for row in page.text.partition("Mail budgets")[2].split("<tr><th")[2:]]
        assert "3 of 3" in rows[0]
        assert "used up" in rows[0]
        assert "3 of 10" in rows[1]
        assert "room" in rows[1]
        free = stage.clock() // 1_000_000 - 2 * 61 + 900
        moment = httpx2.Headers({"x": rows[0].partition('datetime="')[2].partition('"')[0]})["x"]
        assert moment == __import__("datetime").datetime.fromtimestamp(free, __import__("datetime").UTC).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        )
        for _ in range(4):
            stage.clock.advance(900)
            await stage.start("bob@example.com")
            await stage.mails()
        flooded = await browser.client.get(str(page.url))
        assert "Links are asked for that nobody answers" in flooded.text
        assert "once one is answered" in flooded.text


async def test_an_invitation_leads_to_the_person_and_a_wrong_one_keeps_what_was_typed(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        page = await staff.get("/people")
        done = await staff.press(page, "invite", email="bob@example.com")
        assert "Invited" in (await browser.follow(done)).text
        assert await told(stage, "user.invited") == [{"operator": staff.operator_id}]
        for email, words in (("bob@example.com", "is invited already"), ("<b>x", "cannot be used"), (None, "empty")):
            wrong = await staff.press(page, "invite", email=email)
            assert wrong.status_code == 422
            assert words in wrong.text
            assert "<b>x" not in wrong.text


async def test_names_that_devices_give_themselves_stay_names(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        signed = await sign_in(stage, ADA, device_label="<img src=x onerror=alert(1)>\" onfocus=\"alert(1)")
        page = await person_of(staff, ADA)
        assert "<img" not in page.text
        assert 'onfocus="' not in page.text
        assert "<img" not in await staff.see("/devices")
        assert signed.subject in page.text


async def test_who_is_erased_while_somebody_looks_is_said_to_be_gone(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        _, page = await acted_on(stage, staff)
        await stage.database.write(erase_user, ADA)
        is_page(await staff.press(page, "disable"), 404)
