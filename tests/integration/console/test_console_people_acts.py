# SPDX-License-Identifier: Apache-2.0
"""What is done to people at the console: by operators alone, freshly signed in where it is dangerous, and once."""

import asyncio
from datetime import UTC, datetime
from urllib.parse import unquote

import httpx2
import pytest

from counterfoil_service.operations.erase_user import erase_user
from counterfoil_service.operations.remove_operator import remove_operator
from support.acting import suppress
from support.http import is_page, nothing_written
from support.people import person_of, told
from support.staff import OPERATOR, Staff
from support.stage import Stage
from support.surfer import Surfer
from support.tokens import SignedIn, sign_in

ADA = "Ada.Lovelace@example.com"
HOSTILE = "\N{RIGHT-TO-LEFT OVERRIDE}<script>alert(1)</script>"


ACTS = {
    "disable": "user.disabled",
    "end_sessions": "session.ended",
    "end_session": "session.ended",
    "forget": "device.forgotten",
}


async def acted_on(stage: Stage, staff: Staff) -> tuple[SignedIn, httpx2.Response]:
    signed = await sign_in(stage, ADA)
    return signed, await person_of(staff, ADA)


@pytest.mark.parametrize("action", ACTS)
async def test_what_an_operator_does_is_done_and_its_event_names_them(stage: Stage, action: str) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        _, page = await acted_on(stage, staff)
        done = await staff.press(page, action)
        assert done.status_code == 303, done.text[-500:]
        after = await browser.follow(done)
        assert 'role="status"' in after.text
        assert "No active sessions." in after.text
        assert [each["operator"] for each in await told(stage, ACTS[action])] == [staff.operator_id]
        assert [each["operator"] for each in await told(stage, "session.ended")] == [staff.operator_id]


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


async def test_erasing_needs_a_fresh_sign_in_and_keeps_the_address_that_was_typed(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        signed, _ = await acted_on(stage, staff)
        page = await staff.get(f"/people/{signed.subject}/erase")
        stage.clock.advance(301)
        kept = await staff.press(page, "erase", address=ADA)
        assert await told(stage, "user.erased") == []
        assert f'value="{ADA}"' in is_page(kept, 422)
        assert f"prompt=login&amp;return_to=/console/people/{signed.subject}/erase" in kept.text


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
            assert (await staff.press(page, "disable")).status_code == 303, "to the sign-in"


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
        (csrf,) = {part.partition('"')[0] for part in own.text.split('name="csrf" value="')[1:]}
        for path, fields in ((str(own.url), {"action": "disable"}), (f"{own.url}/erase", {"address": OPERATOR})):
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
        assert "A mail bounced permanently" in page.text
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
        assert "within budget" in rows[1]
        free = datetime.fromtimestamp(stage.clock() // 1_000_000 - 2 * 61 + 900, UTC)
        assert f'datetime="{free:%Y-%m-%dT%H:%M:%SZ}"' in rows[0]
        for _ in range(4):
            stage.clock.advance(900)
            await stage.start("bob@example.com")
            await stage.mails()
        flooded = await browser.client.get(str(page.url))
        assert "Many links were asked for and none was used" in flooded.text
        assert "once a link is used" in flooded.text


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
        signed = await sign_in(stage, ADA, device_label='<img src=x onerror=alert(1)>" onfocus="alert(1)')
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


async def test_a_person_leads_to_all_that_is_theirs(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        signed, _ = await acted_on(stage, staff)
        waiting = await stage.start(ADA)
        page = (await person_of(staff, ADA)).text
        ((device,),) = await stage.rows(f"SELECT device_id FROM sessions WHERE id = '{signed.session_id}'")  # noqa: S608 - ours
        for way in (
            f"/logins?of={signed.subject}",
            f"/audit?subject={signed.subject}",
            f"/logins/{waiting.login_id}#relay",
            f"/logins/{waiting.login_id}",
            f"/devices/{device}",
            "/applications/desk-app",
        ):
            assert f'href="/console{way}"' in page, way
        assert page.count("#relay") == 1, "only what waits can be given by hand"
        assert "/console/audit?jkt=" in await staff.see(f"/devices/{device}")
        stage.clock.advance(86_400)
        assert "#relay" not in (await person_of(staff, ADA)).text


async def test_an_operator_and_their_person_lead_to_each_other(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        page = await staff.see(f"/operators/{staff.operator_id}")
        person = page.partition('href="/console/people/')[2].partition('"')[0]
        assert f'href="/console/operators/{staff.operator_id}"' in await staff.see(f"/people/{person}")
