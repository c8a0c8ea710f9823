# SPDX-License-Identifier: Apache-2.0
"""`/account`: a person sees their sessions and devices, and ends what should not be, freshly signed in [R87]."""

import re

import httpx2
import pytest

from support.http import add_user, execute, is_page, nothing_written, refused
from support.stage import ISSUER, Asked, Stage
from support.surfer import SESSION, Surfer, form_of, forms_of


async def collected(stage: Stage, address: str = "ada@example.com") -> tuple[Asked, str]:
    """A device that is signed in, and its session."""
    asked = await stage.approved(address, device_label="Ada's laptop")
    tokens = await stage.poll(asked)
    assert tokens.status_code == 200, tokens.text
    stage.clock.advance(61)
    return asked, tokens.json()["session_id"]


async def press(browser: Surfer, page: httpx2.Response, action: str, **having: str) -> httpx2.Response:
    """A button of the page."""
    form = next(form for form in forms_of(page) if having.items() <= form.fields.items() and _has(form.buttons, action))
    return await browser.submit(form, action=action)


def _has(buttons: list[tuple[str, str]], action: str) -> bool:
    return ("action", action) in buttons


async def living(stage: Stage) -> set[str]:
    return {row[0] for row in await stage.rows("SELECT id FROM sessions WHERE ended_at IS NULL")}


async def test_it_is_for_whoever_is_signed_in(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        answer = await browser.get("/account")
        assert (answer.status_code, answer.headers["location"]) == (303, f"{ISSUER}/sign-in?return_to=/account")
        browser.client.cookies.set(SESSION, "A" * 43, domain="id.example", path="/")
        assert (await browser.get("/account")).status_code == 303


async def test_it_shows_sessions_devices_and_sign_ins_of_this_person_alone(stage: Stage) -> None:
    await collected(stage)
    await collected(stage, "bob@example.com")
    async with Surfer(stage) as browser:
        page = await browser.follow(await browser.sign_in())
        text = is_page(page, 200)
        for part in ("ada@example.com", "Ada&#39;s laptop", "Desk App", "Counterfoil", "Chrome on Linux"):
            assert part in text, part
        assert "bob@example.com" not in text
        assert text.count('value="end_session"') == 1
        assert text.count('value="forget_device"') == 2
        assert text.count("this browser") == 2
        headings = re.findall(r"<h([1-6])", text)
        assert headings == ["1", "2", "2", "2"]


async def test_what_a_limit_has_ended_is_not_shown_as_living(sqlite_stage: Stage) -> None:
    await collected(sqlite_stage)
    sqlite_stage.clock.advance(15 * 86_400)
    async with Surfer(sqlite_stage) as browser:
        text = is_page(await browser.follow(await browser.sign_in()), 200)
        assert 'value="end_session"' not in text
        assert "Desk App" in text


async def test_one_session_is_ended_and_its_device_learns_it(stage: Stage) -> None:
    asked, session_id = await collected(stage)
    async with Surfer(stage) as browser:
        page = await browser.follow(await browser.sign_in())
        done = await press(browser, page, "end_session", id=session_id)
        assert done.headers["location"] == f"{ISSUER}/account?done=session"
        assert "That session has ended" in is_page(await browser.follow(done), 200)
        assert session_id not in await living(stage)
        refused(await stage.poll(asked), 400, "invalid_grant")


async def test_all_others_are_ended_and_this_one_lives(stage: Stage) -> None:
    for _ in range(2):
        await collected(stage)
    _, bobs = await collected(stage, "bob@example.com")
    async with Surfer(stage) as browser:
        page = await browser.follow(await browser.sign_in())
        done = await press(browser, page, "end_others")
        assert "All other sessions have ended" in is_page(await browser.follow(done), 200)
        left = await living(stage)
        assert len(left) == 2
        assert bobs in left
        ended = await stage.rows("SELECT reason FROM audit_events WHERE name = 'session.ended'")
        assert ended == [("ended_by_person",)] * 2


async def test_a_forgotten_device_is_new_again(stage: Stage) -> None:
    _, session_id = await collected(stage)
    async with Surfer(stage) as browser:
        page = await browser.follow(await browser.sign_in())
        ((device,),) = await stage.rows("SELECT id FROM devices WHERE application_id = 'desk-app'")
        done = await press(browser, page, "forget_device", id=device)
        assert "The device is forgotten" in is_page(await browser.follow(done), 200)
        assert session_id not in await living(stage)
        assert await stage.rows("SELECT application_id FROM devices") == [("counterfoil",)]


async def test_forgetting_this_very_browser_signs_it_out(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        page = await browser.follow(await browser.sign_in())
        ((device,),) = await sqlite_stage.rows("SELECT id FROM devices")
        done = await press(browser, page, "forget_device", id=device)
        assert done.headers["location"] == f"{ISSUER}/signed-out"
        assert SESSION not in browser.cookies
        assert await living(sqlite_stage) == set()


async def test_signing_out_ends_the_session_and_drops_the_cookie(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        page = await browser.follow(await browser.sign_in())
        cookie = browser.cookies[SESSION]
        done = await press(browser, page, "sign_out")
        assert "Max-Age=0" in done.headers["set-cookie"]
        assert "You are signed out" in is_page(await browser.follow(done), 200)
        assert SESSION not in browser.cookies
        assert await living(stage) == set()
        assert await stage.count("cookies") == 0
        browser.client.cookies.set(SESSION, cookie, domain="id.example", path="/")
        assert (await browser.get("/account")).status_code == 303
        assert (await press(browser, page, "sign_out")).status_code == 303


@pytest.mark.parametrize("action", ["end_session", "end_others", "forget_device"])
async def test_an_old_sign_in_ends_nothing_until_it_is_made_anew(sqlite_stage: Stage, action: str) -> None:
    stage = sqlite_stage
    _, session_id = await collected(stage)
    async with Surfer(stage) as browser:
        page = await browser.follow(await browser.sign_in())
        ((device,),) = await stage.rows("SELECT id FROM devices WHERE application_id = 'desk-app'")
        having = {"end_session": {"id": session_id}, "forget_device": {"id": device}}.get(action, {})
        stage.clock.advance(300)
        assert "you sign in once more first" in is_page(await browser.get("/account"), 200)
        async with nothing_written(stage):
            again = await press(browser, page, action, **having)
        assert again.headers["location"] == f"{ISSUER}/sign-in?return_to=/account&prompt=login"
        assert session_id in await living(stage)
        asking = await browser.follow(again)
        assert form_of(asking).fields["email"] == "ada@example.com"
        await browser.ask(asking)
        page = await browser.follow(await browser.follow(await browser.tap()))
        await press(browser, page, action, **having)
        assert session_id not in await living(stage)


async def test_this_session_may_be_ended_however_old_the_sign_in_is(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        page = await browser.follow(await browser.sign_in())
        sqlite_stage.clock.advance(86_400)
        await press(browser, page, "sign_out")
        assert await living(sqlite_stage) == set()


async def test_nobody_ends_what_is_not_theirs(stage: Stage) -> None:
    _, bobs = await collected(stage, "bob@example.com")
    ((device,),) = await stage.rows("SELECT id FROM devices")
    async with Surfer(stage) as browser:
        page = await browser.follow(await browser.sign_in())
        form = form_of(page)
        async with nothing_written(stage):
            for action, name in (
                ("end_session", bobs),
                ("forget_device", device),
                ("end_session", "nobody"),
                ("end_session", "x' OR 1=1 --"),
            ):
                assert (await browser.submit(form, action=action, id=name)).status_code == 303
            for action in ("", "end_session", "erase", "forget_device"):
                is_page(await browser.submit(form, action=action), 400)
            is_page(await browser.submit(form, action="end_session", id="x" * 65), 400)
        assert bobs in await living(stage)


async def test_a_session_of_an_application_opens_no_account(sqlite_stage: Stage) -> None:
    """A cookie that was given to another host would else be worth the whole account here."""
    async with Surfer(sqlite_stage) as browser:
        await browser.sign_in()
        await execute(sqlite_stage, "UPDATE sessions SET application_id = 'desk-app'")
        assert (await browser.get("/account")).status_code == 303


async def test_a_disabled_person_is_signed_out_at_once(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        await add_user(sqlite_stage, "ada@example.com")
        await browser.sign_in()
        assert (await browser.get("/account")).status_code == 200
        await execute(sqlite_stage, "UPDATE users SET disabled_at = 1")
        assert (await browser.get("/account")).status_code == 303


async def test_a_use_is_written_once_an_hour_and_keeps_the_session_alive(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        await browser.sign_in()
        began = sqlite_stage.clock()

        async def last_used() -> int:
            return int((await sqlite_stage.rows("SELECT last_used_at FROM sessions"))[0][0])

        sqlite_stage.clock.advance(3599)
        await browser.get("/account")
        assert await last_used() == began
        sqlite_stage.clock.advance(1)
        await browser.get("/account")
        assert await last_used() == sqlite_stage.clock()
        for _ in range(3):
            sqlite_stage.clock.advance(10 * 86_400)
            assert (await browser.get("/account")).status_code == 200
        sqlite_stage.clock.advance(14 * 86_400)
        assert (await browser.get("/account")).status_code == 303


@pytest.mark.parametrize("done", ["", "x", "<script>", "session&done=device"])
async def test_what_was_done_is_one_of_our_own_words(sqlite_stage: Stage, done: str) -> None:
    async with Surfer(sqlite_stage) as browser:
        await browser.sign_in()
        answer = await browser.get(f"/account?done={done}")
        assert "<script>" not in answer.text
        assert 'role="status"' not in answer.text
