# SPDX-License-Identifier: Apache-2.0
"""A sign-in that is too old: buttons lead through a new one and back, and forms keep what was typed into them."""

import re
from pathlib import Path

import httpx2
import pytest

from counterfoil_service.settings import Settings
from support.auditor import Auditor
from support.http import is_page, nothing_written
from support.people import person_of, told
from support.staff import AUDITOR, OPERATOR, Staff
from support.stage import OpenStage, Stage
from support.surfer import Surfer
from support.tokens import sign_in

ADA = "ada@example.com"
AGAIN = "You are signed in again. Nothing was changed yet: press once more."
NEEDED = "This needs a sign-in of less than five minutes ago."
LEDGER = {
    "client_id": "ledger", "name": "Ledger", "confidential": "yes", "dpop": "optional", "fingerprint": "optional",
    "new_devices": "notify", "same_device_only": "no", "mail_code": "no",
}  # fmt: skip
BUTTONS = ["disable", "end_sessions", "forget", "token", "secret"]


async def page_with(stage: Stage, staff: Staff, action: str) -> httpx2.Response:
    """A page that has this button."""
    if action == "token":
        return await staff.get(f"/operators/{(await Auditor.hired(stage)).operator_id}")
    if action == "secret":
        await staff.press(await staff.get("/applications/new"), "add", **LEDGER)
        return await staff.get("/applications/ledger")
    await sign_in(stage, ADA)
    return await person_of(staff, ADA)


@pytest.mark.parametrize("action", BUTTONS)
async def test_a_button_leads_through_a_sign_in_back_to_its_page_which_says_to_press_again(
    sqlite_stage: Stage, action: str
) -> None:
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        page = await page_with(sqlite_stage, staff, action)
        assert "five minutes ago" not in page.text
        sqlite_stage.clock.advance(300)
        assert "five minutes ago" in (await browser.client.get(str(page.url))).text
        async with nothing_written(sqlite_stage):
            led = await staff.press(page, action)
        place = led.headers["location"].removeprefix(sqlite_stage.issuer)
        await browser.ask(await browser.get(place), OPERATOR)
        back = await browser.follow(await browser.tap())
        if back.status_code == 303:
            back = await browser.follow(back)
        assert back.url.path == page.url.path
        assert f'<p class="message" role="status">{AGAIN}</p>' in is_page(back, 200)
        done = await staff.press(back, action)
        assert done.status_code in {200, 303}
        assert AGAIN not in (await browser.follow(done) if done.status_code == 303 else done).text


@pytest.mark.parametrize("place", ["/people/{}", "/people/{}/erase", "/applications/desk-app", "/four-eyes"])
async def test_every_page_of_a_dangerous_button_knows_the_word(
    open_stage: OpenStage, sqlite_url: str, tmp_path: Path, place: str
) -> None:
    async with open_stage(sqlite_url, tmp_path, four_eyes=("relay",)) as stage, Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        signed = await sign_in(stage, ADA)
        assert AGAIN in await staff.see(f"{place.format(signed.subject)}?done=again")


FORMS = {
    "relay": ("reason", "no mail <came>"),
    "erase": ("address", ADA),
    "add": ("email", "bob@example.com"),
    "take": ("confirm", AUDITOR),
    "remove": ("confirm", "desk-app"),
    "register": ("name", "Ledger <b>"),
}


async def form_page(stage: Stage, form: str) -> str:
    """Where that form stands."""
    match form:
        case "relay":
            return f"/logins/{(await stage.start(ADA)).login_id}"
        case "erase":
            return f"/people/{(await sign_in(stage, ADA)).subject}/erase"
        case "add":
            return "/operators"
        case "take":
            return f"/operators/{(await Auditor.hired(stage)).operator_id}"
        case "remove":
            return "/applications/desk-app"
    return "/applications/new"


@pytest.mark.parametrize("form", FORMS)
async def test_a_form_keeps_what_was_typed_and_says_how_to_go_on(sqlite_stage: Stage, form: str) -> None:
    field, typed = FORMS[form]
    fields: dict[str, str | None] = {**(LEDGER if form == "register" else {}), field: typed}
    action = {"take": "remove", "register": "add"}.get(form, form)
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        path = await form_page(sqlite_stage, form)
        page = await staff.get(path)
        sqlite_stage.clock.advance(300)
        before = {name: await told(sqlite_stage, name) for name in ("link.relayed", "user.erased", "operator.added")}
        kept = await staff.press(page, action, **fields)
        escaped = typed.replace("<", "&lt;").replace(">", "&gt;")
        assert re.search(rf'name="{field}"[^>]* value="{re.escape(escaped)}"', is_page(kept, 422))
        assert f'<p class="message failed" role="alert">{NEEDED}' in kept.text
        assert "is lost" not in kept.text.replace("nothing of this form is lost", "")
        (link,) = {*re.findall(r'href="([^"]*prompt=login[^"]*)" target="_blank" rel="noopener"', kept.text)}
        assert link == f"/sign-in?prompt=login&amp;return_to=/console{path}"
        assert before == {name: await told(sqlite_stage, name) for name in before}
        await browser.sign_in(OPERATOR, "/sign-in?prompt=login")
        done = await staff.press(kept, action, **fields)
        assert done.status_code in {200, 303}, "the tab that stayed open needs no other form"


async def test_without_mail_the_way_to_a_new_sign_in_is_said(
    sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = "<code>counterfoil operators add EMAIL --link</code> again"
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        sqlite_stage.clock.advance(300)
        assert way not in await staff.see("/operators")
        monkeypatch.setattr(Settings, "sends_mail", property(lambda _: False))
        assert way in await staff.see("/operators")


async def test_what_is_no_danger_needs_no_new_sign_in(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        page = await staff.get("/people")
        sqlite_stage.clock.advance(300)
        done = await staff.press(page, "invite", email="bob@example.com")
        assert "done=invited" in done.headers["location"]
