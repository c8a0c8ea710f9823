# SPDX-License-Identifier: Apache-2.0
"""Signing in by browser at our own pages: one tap here, a code from elsewhere, and nothing for anybody else (§5)."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from counterfoil_service.core import budget
from support.http import add_user, is_page, until_held
from support.stage import OpenStage, Stage
from support.surfer import BROWSER, SESSION, Surfer, form_of, refresh_of


async def test_one_tap_in_the_browser_that_asked_signs_it_in(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        waiting = await browser.ask(await browser.get("/sign-in"))
        assert "Check your mail" in is_page(await browser.get(waiting), 200)
        page = await browser.get(f"/l/{await stage.secret()}")
        assert "user_code" not in page.text
        tapped = await browser.submit(form_of(page), action="approve")
        assert "You are signed in" in is_page(tapped, 200)
        assert "location" not in tapped.headers, "form-action would be held against all that follows a redirect"
        assert refresh_of(tapped) == urlsplit(waiting).path
        done = await browser.follow(tapped)
        assert (done.status_code, done.headers["location"]) == (303, f"{stage.issuer}/account")
        assert set(browser.cookies) == {SESSION, BROWSER}
        login_id = waiting.rpartition("/")[2]
        approval = next(each for each in await stage.events(login_id) if each.event.name == "login.approved")
        assert approval.event.fields["by"] == "same_browser"
        assert await stage.names(login_id) == [
            "login.requested",
            "mail.queued",
            "mail.sent",
            "login.link_opened",
            "login.approved",
            "user.created",
            "device.first_seen",
            "user.verified",
            "login.completed",
            "session.created",
            "mail.queued",
        ]


async def test_from_another_device_the_code_is_needed_and_the_page_moves_on(stage: Stage) -> None:
    async with Surfer(stage) as browser, Surfer(stage) as phone:
        waiting = await browser.ask(await browser.get("/sign-in"))
        code = await browser.code_at(waiting)
        page = await phone.get(f"/l/{await stage.secret()}")
        assert "Chrome on Linux" in page.text
        assert (await phone.submit(form_of(page), action="approve")).status_code == 422
        assert (await browser.state_at(waiting)) == (200, "pending")
        text = is_page(await phone.submit(form_of(page), action="approve", user_code=code), 200)
        assert "Return to your device" in text
        assert (await browser.state_at(waiting)) == (200, "approved")
        assert (await browser.get(waiting)).headers["location"] == f"{stage.issuer}/account"
        assert SESSION in browser.cookies
        assert SESSION not in phone.cookies
        assert await stage.rows("SELECT approved_by FROM logins") == [("user_code",)]
        assert await stage.rows("SELECT amr FROM sessions") == [("mca",)]


async def test_the_page_of_the_code_can_be_seen_again_and_shows_the_same(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        first = await browser.ask(await browser.get("/sign-in"))
        code = await browser.code_at(first)
        assert await browser.code_at(first) == code
        second = await browser.ask(await browser.get("/sign-in"))
        assert await browser.code_at(second) != code


async def test_a_held_page_hears_of_the_approval_at_once(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        waiting = await browser.ask(await browser.get("/sign-in"))
        held = asyncio.create_task(browser.held_at(waiting))
        await until_held(stage)
        assert await browser.state_at(waiting) == (200, "pending")  # a second tab is told at once
        await browser.tap()
        async with asyncio.timeout(5):
            assert await held == (200, "approved")


async def test_no_other_browser_sees_anything_of_a_sign_in(stage: Stage) -> None:
    async with Surfer(stage) as browser, Surfer(stage) as stranger, Surfer(stage) as other:
        waiting = await browser.ask(await browser.get("/sign-in"))
        await other.ask(await other.get("/sign-in"), "eve@example.com")
        await stage.secret()
        for each in (stranger, other):
            foreign = await each.get(waiting)
            assert is_page(foreign, 410) == is_page(await each.get(f"/sign-in/{'0' * 26}"), 410)
            assert await each.state_at(waiting) == (404, "gone")
        for name in ("x", "A" * 10_000, "%00", "..", "1" * 26 + "%0a"):
            assert (await browser.get(f"/sign-in/{name}")).status_code in {404, 410}, name
        assert await browser.state_at(waiting) == (200, "pending")


async def test_an_approved_sign_in_is_collected_by_the_browser_that_asked_alone(stage: Stage) -> None:
    """Login CSRF and theft by its id: neither the victim's browser nor the attacker's gets the other's session."""
    async with Surfer(stage) as browser, Surfer(stage) as thief:
        waiting = await browser.ask(await browser.get("/sign-in"))
        await thief.get("/sign-in")
        await browser.tap()
        assert (await thief.get(waiting)).status_code == 410
        assert await thief.state_at(waiting) == (404, "gone")
        assert SESSION not in thief.cookies
        assert await stage.count("sessions") == 0
        assert (await browser.get(waiting)).status_code == 303


async def test_of_many_tabs_one_is_signed_in(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        waiting = await browser.ask(await browser.get("/sign-in"))
        await browser.tap()
        answers = await asyncio.gather(*(browser.get(waiting) for _ in range(10)))
        cookies = [answer for answer in answers if SESSION + "=" in answer.headers.get("set-cookie", "")]
        assert len(cookies) == 1
        assert await stage.count("sessions") == await stage.count("cookies") == 1
        login_id = waiting.rpartition("/")[2]
        assert (await stage.names(login_id)).count("login.completed") == 1


async def test_of_parallel_requests_of_one_browser_one_stays_open(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        form = form_of(await browser.get("/sign-in"))
        answers = await asyncio.gather(*(browser.submit(form, email=f"a{each}@example.com") for each in range(6)))
        assert {answer.status_code for answer in answers} == {303}
        states = [state for (state,) in await stage.rows("SELECT state FROM logins")]
        assert sorted(states) == ["cancelled"] * 5 + ["pending"]


async def test_seen_again_the_finished_page_goes_on_without_a_second_session(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        waiting = await browser.ask(await browser.get("/sign-in"))
        await browser.tap()
        cookie = (await browser.get(waiting), browser.cookies[SESSION])[1]
        again = await browser.get(waiting)
        assert again.headers["location"] == f"{stage.issuer}/account"
        assert browser.cookies[SESSION] == cookie
        browser.client.cookies.delete(SESSION)
        assert "This sign-in is done" in is_page(await browser.get(waiting), 410)
        assert SESSION not in browser.cookies
        assert await stage.count("sessions") == 1


async def test_head_finishes_nothing(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        waiting = await browser.ask(await browser.get("/sign-in"))
        await browser.tap()
        await browser.client.head(waiting)
        assert SESSION not in browser.cookies
        assert await sqlite_stage.rows("SELECT state FROM logins") == [("approved",)]
        assert (await browser.get(waiting)).status_code == 303


async def test_every_end_has_its_page_and_a_way_to_start_again(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    async with Surfer(stage) as browser, Surfer(stage) as phone:

        async def ended(waiting: str) -> str:
            text = is_page(await browser.get(waiting), 410)
            assert 'href="/sign-in?return_to=%2Faccount"' in text
            assert "<script" not in text
            return text

        first = await browser.ask(await browser.get("/sign-in"))
        page = await phone.get(f"/l/{await stage.secret()}")
        await phone.submit(form_of(page), action="reject")
        assert "Sign-in stopped" in await ended(first)
        second = await browser.ask(await browser.get("/sign-in"))
        third = await browser.ask(await browser.get("/sign-in"), "bob@example.com")
        assert "This sign-in was replaced" in await ended(second)
        code = await browser.code_at(third)
        wrong = "BBBBBB" if code != "BBB-BBB" else "CCCCCC"
        page = await phone.get(f"/l/{await stage.secret()}")
        for _ in range(3):
            await phone.submit(form_of(page), action="approve", user_code=wrong)
        assert "Too many tries" in await ended(third)
        fourth = await browser.ask(await browser.get("/sign-in"), "cy@example.com")
        stage.clock.advance(601)
        assert "The time is over" in await ended(fourth)


async def test_a_person_who_was_disabled_meanwhile_is_not_let_in(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        waiting = await browser.ask(await browser.get("/sign-in"))
        await browser.tap()
        await add_user(stage, "ada@example.com", disabled=True)
        assert "Sign-in stopped" in is_page(await browser.get(waiting), 410)
        assert SESSION not in browser.cookies
        assert await stage.count("sessions") == 0


async def test_nobody_can_tell_a_decoy_by_its_pages(database_url: str, tmp_path: Path, open_stage: OpenStage) -> None:
    async with open_stage(database_url, tmp_path, sign_up="invited") as stage, Surfer(stage) as browser:
        await add_user(stage, "ada@example.com")
        known = await browser.ask(await browser.get("/sign-in"), "ada@example.com")
        shown = (await browser.get(known)).text.replace(await browser.code_at(known), "CODE")
        unknown = await browser.ask(await browser.get("/sign-in"), "eve@example.com")
        page = (await browser.get(unknown)).text.replace(await browser.code_at(unknown), "CODE")
        assert browser.spelt_out(shown) == browser.spelt_out(page)
        assert await browser.state_at(unknown) == (200, "pending")
        assert len(await stage.mails()) == 0  # the known one was superseded, the other never had one


async def test_an_address_that_is_none_is_asked_for_again(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        page = await browser.get("/sign-in?return_to=/deep%3Fx%3D1")
        for address in ("", "nobody", "a@b@c", "<script>@example.com", "x" * 5000):
            page = await browser.submit(form_of(page), email=address)
            text = is_page(page, 422)
            assert 'role="alert"' in text
            assert "<script>@" not in text
        assert await sqlite_stage.count("logins") == 0
        await browser.ask(page)
        assert await sqlite_stage.rows("SELECT redirect_uri FROM logins") == [("/deep?x=1",)]


async def test_too_many_requests_from_one_network_are_a_page(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    async with (
        open_stage(sqlite_url, tmp_path, budgets=budget.parse("address_range=1/60")) as stage,
        Surfer(stage) as browser,
    ):
        page = await browser.get("/sign-in")
        await browser.ask(page)
        limited = await browser.submit(form_of(page), email="bob@example.com")
        assert "Too many requests" in is_page(limited, 429)
        assert int(limited.headers["retry-after"]) > 0


async def test_a_mailbox_over_its_budget_gets_no_mail_and_the_same_page(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        for _ in range(8):
            waiting = await browser.ask(await browser.get("/sign-in"))
            await sqlite_stage.mails()
            assert "Check your mail" in is_page(await browser.get(waiting), 200)
        assert len(await sqlite_stage.mails()) == 3


async def test_signed_in_already_one_goes_on_at_once_unless_a_fresh_sign_in_is_asked_for(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        await browser.sign_in()
        on = await browser.get("/sign-in?return_to=/there")
        assert on.headers["location"] == f"{sqlite_stage.issuer}/there"
        page = await browser.get("/sign-in?return_to=/there&prompt=login")
        assert "Sign in once more" in is_page(page, 200)
        assert form_of(page).fields["email"] == "ada@example.com"


async def test_a_new_sign_in_gives_a_new_cookie_and_ends_what_was_there(stage: Stage) -> None:
    """Session fixation: an id that was there before, whoever put it there, never becomes the person's."""
    async with Surfer(stage) as browser:
        planted = "A" * 43
        browser.client.cookies.set(SESSION, planted, domain="id.example", path="/")
        await browser.sign_in()
        first = browser.cookies[SESSION]
        assert first != planted
        await browser.sign_in("bob@example.com", "/sign-in?prompt=login")
        second = browser.cookies[SESSION]
        assert second not in {first, planted}
        for dead in (planted, first):
            browser.client.cookies.set(SESSION, dead, domain="id.example", path="/")
            assert (await browser.get("/account")).status_code == 303
        assert await stage.count("cookies") == 1
        assert len(await stage.rows("SELECT id FROM sessions WHERE ended_at IS NULL")) == 1


@pytest.mark.parametrize("issuer", ["https://id.example/auth", "https://id.example/a/b"])
async def test_all_of_it_works_below_a_path(
    issuer: str, sqlite_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    async with open_stage(sqlite_url, tmp_path, public_url=issuer) as stage, Surfer(stage) as browser:
        done = await browser.sign_in()
        assert done.headers["location"] == f"{issuer}/account"
        assert "ada@example.com" in is_page(await browser.follow(done), 200)
        assert (await stage.client.get("https://id.example/sign-in")).status_code == 404
        dead = is_page(await browser.get(f"/l/{'A' * 43}"), 410)
        assert f'href="{browser.base}/sign-in"' in dead
