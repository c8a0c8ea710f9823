# SPDX-License-Identifier: Apache-2.0
"""Logins at the console: who waits and what became of their mail, a link given by hand once, and a login's end."""

import asyncio
import re
from typing import Any

import httpx2
import pytest

from counterfoil_service.operations.erase_user import erase_user
from counterfoil_service.operations.remove_operator import remove_operator
from counterfoil_service.operations.stop_login import stop_login
from support import acting
from support.http import is_page, nothing_written
from support.people import addresses, told
from support.staff import OPERATOR, Staff
from support.stage import Asked, Stage
from support.surfer import Surfer, forms_of

ADA = "ada@example.com"
REASON = "she called from her desk"
HOSTILE = "\N{RIGHT-TO-LEFT OVERRIDE}<script>alert(1)</script>"
SHOWN = re.compile(r'<output class="secret"[^>]*>([^<]*)</output>')


async def page_of(staff: Staff, asked: Asked) -> httpx2.Response:
    page = await staff.get(f"/logins/{asked.login_id}")
    assert page.status_code == 200, page.text[-500:]
    return page


async def relayed(staff: Staff, asked: Asked, reason: str = REASON) -> str:
    """The link, as the one answer shows it."""
    answer = await staff.press(await page_of(staff, asked), "relay", reason=reason)
    assert answer.status_code == 200, answer.text[-800:]
    (link,) = SHOWN.findall(answer.text)
    return str(link)


async def decoy_of(stage: Stage, address: str = "bob@example.com") -> Asked:
    """The first login that gets no mail."""
    while True:
        stage.clock.advance(1)
        asked = await stage.start(address)
        if (await acting.query(stage, "SELECT decoy FROM logins WHERE id = :id", id=asked.login_id))[0][0]:
            return asked


async def test_whoever_waits_is_listed_the_one_that_ends_first_on_top_and_the_look_is_recorded(stage: Stage) -> None:
    await stage.start("gone@example.com")
    stage.clock.advance(599)
    first = await stage.start(ADA, device_label="Ada's desk")
    await stage.mails()
    stage.clock.advance(2)
    await stage.approved("bob@example.com")
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        before = len(await told(stage, "console.viewed"))
        page = await staff.get("/logins")
        assert addresses(page)[:2] == ["bob@example.com", ADA], "an approved one is to be collected within two minutes"
        assert "gone@example.com" not in page.text
        assert "“<bdi>Ada&#39;s desk</bdi>”" in page.text
        assert ">approved<" in page.text
        assert f'href="/console/logins/{first.login_id}"' in page.text
        assert (await told(stage, "console.viewed"))[before:] == [{"operator": staff.operator_id, "view": "logins"}]


async def test_many_that_wait_are_shown_page_by_page_each_once_also_where_they_end_at_once(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        for number in range(120):
            await acting.ask(stage, f"a{number}@example.com", key=f"key {number}", source_range=f"192.0.{number}.0/24")
            if number in {40, 99}:
                stage.clock.advance(1)
        seen, place = list[str](), "/logins"
        sizes = []
        while place:
            page = await staff.get(place)
            found = [each for each in addresses(page) if each != OPERATOR]
            sizes.append(len(found))
            seen += found
            following = re.search(r'href="(\?after=[^"]*)" rel="next"', page.text)
            place = "" if following is None else f"/logins{following[1]}"
        assert sorted(seen) == sorted(f"a{number}@example.com" for number in range(120))
        assert sizes[0] == 50
        assert set(seen[:41]) == {f"a{number}@example.com" for number in range(41)}


@pytest.mark.parametrize("after", ["x", "-1-a", "1-", "9" * 30 + "-A", "1-<b>", "%00"])
async def test_a_made_up_place_in_the_list_is_refused(sqlite_stage: Stage, after: str) -> None:
    async with Surfer(sqlite_stage) as browser:
        is_page(await (await Staff.hired(browser)).get(f"/logins?after={after}"), 400)


@pytest.mark.parametrize("what", ["queued", "sent", "deferred", "decoy", "relayed", "delivered"])
async def test_what_became_of_the_mail_is_said_in_a_word_and_why(stage: Stage, what: str) -> None:
    words = {
        "queued": "It waits to be handed over.",
        "sent": "A mail server took it, and nothing has been reported since.",
        "deferred": "Tried 2 times without success, and will be again.",
        "decoy": "No mail, as the mailbox was over its budget; the device was not told.",
        "relayed": "The link that was mailed is dead.",
        "delivered": "The provider says that it is in the mailbox, perhaps as spam.",
    }
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        asked = await decoy_of(stage) if what == "decoy" else await stage.start(ADA)
        if what in {"sent", "delivered"}:
            await stage.mails()
        if what == "delivered":
            await acting.execute(
                stage, "UPDATE outbox SET delivery = :told WHERE login_id = :id", told=what, id=asked.login_id
            )
        if what == "deferred":
            await acting.execute(
                stage, "UPDATE outbox SET attempts = :times WHERE login_id = :id", times=2, id=asked.login_id
            )
        if what == "relayed":
            await relayed(staff, asked)
        page = await page_of(staff, asked)
        assert f">{what}<" in page.text
        assert words[what] in page.text
        assert f">{what}<" in await staff.see("/logins")


async def test_a_search_leads_to_a_login_or_to_a_persons_and_no_address_stands_in_a_url(stage: Stage) -> None:
    asked = await stage.start(ADA)
    decoy = await decoy_of(stage)
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        listed = await staff.get("/logins")
        one = await staff.press(listed, "search", who=f" {asked.login_id} ")
        assert one.headers["location"].endswith(f"/console/logins/{asked.login_id}")
        for typed, login in ((ADA.upper(), asked), ("bob@example.com", decoy)):
            found = await staff.press(listed, "search", who=typed)
            assert found.status_code == 303
            assert "%40" not in found.headers["location"]
            assert "@" not in found.headers["location"]
            page = await browser.follow(found)
            assert login.login_id in page.text
        assert page.text.count("/console/logins/01") > 1


@pytest.mark.parametrize(
    "typed", ["", "nobody@example.com", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", HOSTILE, "'; DROP TABLE logins--"]
)
async def test_what_leads_nowhere_is_said_at_the_field_with_what_was_typed(sqlite_stage: Stage, typed: str) -> None:
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        text = is_page(await staff.press(await staff.get("/logins"), "search", who=typed), 422)
        assert 'aria-invalid="true"' in text
        assert "<script>alert" not in text
        if typed.isascii():
            assert forms_of(await staff.get("/logins"))[0].fields["who"] == ""


@pytest.mark.parametrize(
    "path",
    [
        "/logins/7ZZZZZZZZZZZZZZZZZZZZZZZZZ",
        "/logins/..%2f",
        "/logins/%3Cb%3E",
        "/logins?of=nobody",
        f"/logins?of={'A' * 43}",
    ],
)
async def test_what_is_not_there_is_a_page_that_says_so(stage: Stage, path: str) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        async with nothing_written(stage):
            is_page(await staff.get(path), 404)


async def test_names_that_devices_give_themselves_are_text_and_end_where_they_end(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start(ADA, device_label="<script>alert(1)</script>")
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        for text in (await staff.see("/logins"), (await page_of(staff, asked)).text):
            assert "<bdi>&lt;script&gt;" in text
            assert "<script>alert" not in text


async def test_a_relayed_link_is_shown_once_signs_in_and_is_kept_nowhere(stage: Stage) -> None:
    asked = await stage.start(ADA)
    mailed = await stage.secret()
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        answer = await staff.press(await page_of(staff, asked), "relay", reason=f" {REASON} ")
        (link,) = SHOWN.findall(answer.text)
        secret = link.rpartition("/l/")[2]
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert "2026-11-18" in answer.text
        assert "Never ask for the code" in answer.text
        assert "location" not in answer.headers
        assert secret not in await staff.see(f"/logins/{asked.login_id}")
        assert secret not in await staff.see("/logins")
        assert secret not in str(await acting.snapshot(stage))
        assert await told(stage, "link.relayed") == [{"operator": staff.operator_id}]
        (event,) = [each for each in await stage.events(asked.login_id) if each.event.name == "link.relayed"]
        assert dict(event.personal or {}) == {"stated_reason": REASON}
        assert {"operator": staff.operator_id, "view": "logins", "login": asked.login_id} in await told(
            stage, "console.viewed"
        )
    assert (await stage.open(mailed)).status_code == 410
    assert (await stage.decide(secret, "approve", asked.user_code)).status_code == 200
    assert (await stage.poll(asked)).status_code == 200


async def test_an_application_of_one_device_says_that_the_link_takes_no_code(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start("bob@example.com")
    async with Surfer(sqlite_stage) as browser:
        await acting.execute(sqlite_stage, "UPDATE applications SET same_device_only = :yes", yes=1)
        staff = await Staff.hired(browser)
        answer = await staff.press(await page_of(staff, asked), "relay", reason=REASON)
        assert "It takes no code" in answer.text


async def test_of_presses_at_once_one_shows_a_link_and_the_others_say_so(stage: Stage) -> None:
    asked = await stage.start(ADA)
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        page = await page_of(staff, asked)
        answers = await asyncio.gather(*(staff.press(page, "relay", reason=REASON) for _ in range(4)))
        assert sorted(each.status_code for each in answers) == [200, 422, 422, 422]
        assert sum(len(SHOWN.findall(each.text)) for each in answers) == 1
        late = next(each for each in answers if each.status_code == 422)
        assert "A link was relayed for this login before, and there is but one" in late.text
        assert len(await told(stage, "link.relayed")) == 1


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201, "two\nlines", HOSTILE])
async def test_a_relay_without_a_fit_reason_changes_nothing_and_loses_nothing(stage: Stage, reason: str) -> None:
    asked = await stage.start(ADA)
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        text = is_page(await staff.press(await page_of(staff, asked), "relay", reason=reason), 422)
        assert 'aria-invalid="true"' in text
        assert not SHOWN.findall(text)
        assert "<script>alert" not in text
        assert await told(stage, "link.relayed") == []
        if reason.strip().isalpha():
            assert f'value="{reason}"' in text


async def test_a_decoy_has_no_link_and_the_page_says_why(stage: Stage) -> None:
    asked = await decoy_of(stage)
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        page = await page_of(staff, asked)
        assert 'value="relay"' not in page.text
        assert "this login is a decoy" in page.text
        other = await page_of(staff, await stage.start(ADA))
        form = next(each for each in forms_of(other) if ("action", "relay") in each.buttons)
        form.action = f"/console/logins/{asked.login_id}"
        answer = await browser.submit(form, None, action="relay", reason=REASON)
        assert "This login is a decoy" in is_page(answer, 422)
        assert not SHOWN.findall(answer.text)
        assert await told(stage, "link.relayed") == []


async def test_a_relay_needs_a_fresh_sign_in_and_keeps_the_reason_that_was_typed(stage: Stage) -> None:
    asked = await stage.start(ADA)
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        page = await page_of(staff, asked)
        stage.clock.advance(301)
        kept = await staff.press(page, "relay", reason=REASON)
        assert await told(stage, "link.relayed") == []
        assert f'value="{REASON}"' in is_page(kept, 422)
        assert f"prompt=login&amp;return_to=/console/logins/{asked.login_id}" in kept.text
        assert "five minutes" in (await page_of(staff, asked)).text


@pytest.mark.parametrize("action", ["relay", "cancel", "ask"])
async def test_an_auditor_sees_all_of_it_and_is_refused_what_operators_do(stage: Stage, action: str) -> None:
    asked = await stage.start(ADA)
    async with Surfer(stage) as browser:
        auditor = await Staff.hired(browser, "auditor")
        listed = await auditor.get("/logins")
        page = await page_of(auditor, asked)
        assert "Only operators relay links" in page.text
        assert "<button" not in page.text
        csrf = forms_of(listed)[0].fields["csrf"]
        async with nothing_written(stage):
            path = f"/console/logins/{asked.login_id}"
            answer = await browser.client.post(path, data={"csrf": csrf, "action": action, "reason": REASON})
        assert "Only operators change things here" in is_page(answer, answer.status_code)
        assert answer.status_code in {400, 403}


@pytest.mark.parametrize("action", ["relay", "cancel"])
async def test_a_role_that_was_taken_away_and_another_browsers_form_change_nothing(stage: Stage, action: str) -> None:
    asked = await stage.start(ADA)
    async with Surfer(stage) as browser, Surfer(stage) as other:
        staff = await Staff.hired(browser)
        thief = await Staff.hired(other, email="mallory@example.com")
        page = await page_of(staff, asked)
        async with nothing_written(stage):
            is_page(await thief.press(page, action, reason=REASON), 403)
        await stage.database.write(remove_operator, OPERATOR)
        async with nothing_written(stage):
            assert (await staff.press(page, action, reason=REASON)).status_code == 303, "to the sign-in"


@pytest.mark.parametrize("state", ["pending", "approved", "decoy"])
async def test_a_cancelled_login_gives_its_device_nothing_and_the_event_names_who_did_it(
    stage: Stage, state: str
) -> None:
    login = await (decoy_of(stage) if state == "decoy" else stage.approved() if state == "approved" else stage.start())
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        done = await staff.press(await page_of(staff, login), "cancel")
        assert done.status_code == 303
        after = await browser.follow(done)
        assert 'role="status"' in after.text
        assert 'value="cancel"' not in after.text
        assert 'value="relay"' not in after.text
        assert await told(stage, "login.denied") == [{"operator": staff.operator_id}]
        (event,) = [each.event for each in await stage.events(login.login_id) if each.event.name == "login.denied"]
        assert event.reason == "operator"
    stage.clock.advance(10)
    assert (await stage.poll(login)).json()["error"] == "access_denied"


async def test_a_held_poll_learns_of_it_at_once(stage: Stage) -> None:
    asked = await stage.start(ADA)
    held = asyncio.create_task(stage.poll(asked, wait=20))
    await asyncio.sleep(0.2)
    assert not held.done()
    await stage.database.write(stop_login, asked.login_id)
    async with asyncio.timeout(5):
        assert (await held).json()["error"] == "access_denied"


async def test_a_cancelled_logins_link_and_mail_are_dead(stage: Stage) -> None:
    asked = await stage.start(ADA)
    await stage.database.write(stop_login, asked.login_id)
    assert await stage.mails() == []
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        assert ">denied<" in (await page_of(staff, asked)).text


@pytest.mark.parametrize("end", ["consumed", "denied", "cancelled", "expired"])
async def test_a_login_that_is_over_is_not_cancelled_and_says_what_it_is(stage: Stage, end: str) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        stage.clock.advance(1)  # mails are told apart by their time
        asked = await (stage.approved() if end == "consumed" else stage.start())
        page = await page_of(staff, asked)
        if end == "consumed":
            await stage.poll(asked)
        if end == "denied":
            await stage.database.write(stop_login, asked.login_id)
        if end == "cancelled":
            await asked.device.post(
                stage.client, "/oauth/revoke", {"client_id": "desk-app", "token": asked.device_code}
            )
        if end == "expired":
            stage.clock.advance(600)
        before = len(await told(stage, "login.denied"))
        answer = await staff.press(page, "cancel")
        assert f"This login is over, it is {end}: nothing was changed." in is_page(answer, 422)
        assert len(await told(stage, "login.denied")) == before


async def test_a_cancellation_and_a_collection_at_once_are_one_or_the_other(stage: Stage) -> None:
    for number in range(8):
        stage.clock.advance(1)  # mails are told apart by their time
        asked = await stage.approved(f"a{number}@example.com")
        stopping, polling = stage.database.write(stop_login, asked.login_id), stage.poll(asked)
        first, second = (stopping, polling) if number % 2 else (polling, stopping)
        results: Any = await asyncio.gather(first, second, return_exceptions=True)
        stopped, polled = results if number % 2 else reversed(results)
        state = (await acting.query(stage, "SELECT state FROM logins WHERE id = :id", id=asked.login_id))[0][0]
        names = await stage.names(asked.login_id)
        assert polled.status_code == (400 if stopped is None else 200)
        assert state == ("denied" if stopped is None else "consumed")
        assert ("login.denied" in names) is not ("session.created" in names)


async def test_an_erased_persons_login_shows_no_address(stage: Stage) -> None:
    asked = await stage.start(ADA)
    await stage.database.write(erase_user, ADA)
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        text = (await page_of(staff, asked)).text
        assert "an erased address" in text
        assert ADA not in text


async def test_the_hash_of_a_mailbox_without_a_user_stands_in_no_record_of_who_looked(stage: Stage) -> None:
    await decoy_of(stage)
    await stage.start(ADA)
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        listed = await staff.get("/logins")
        for typed in ("bob@example.com", ADA, OPERATOR):
            found = await staff.press(listed, "search", who=typed)
            await browser.follow(found)
            name = found.headers["location"].rpartition("?of=")[2]
            views = await told(stage, "console.viewed")
            expected = {"operator": staff.operator_id, "view": "logins"}
            if typed == OPERATOR:
                expected["person"] = name
            else:
                assert len(name) == 43
                assert name not in str(views)
            assert views[-1] == expected
