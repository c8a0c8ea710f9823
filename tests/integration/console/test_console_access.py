# SPDX-License-Identifier: Apache-2.0
"""Who gets into the console, and what its pages may load [R87, R139]."""

import json

import pytest

from counterfoil_service.operations.add_operator import AddOperator, add_operator
from counterfoil_service.operations.remove_operator import remove_operator
from support.http import is_page, nothing_written
from support.staff import AUDITOR, OPERATOR, Staff
from support.stage import ISSUER, Stage
from support.surfer import SESSION, Surfer, forms_of


async def test_a_stranger_is_led_to_the_sign_in_and_from_there_to_the_page_that_was_asked_for(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        answer = await browser.get("/console?since=now")
        assert answer.status_code == 303
        assert answer.headers["location"] == f"{ISSUER}/sign-in?return_to=%2Fconsole%3Fsince%3Dnow"


async def test_somebody_without_a_role_is_told_what_it_takes_and_sees_nothing(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        await browser.sign_in("ada@example.com")
        async with nothing_written(sqlite_stage):
            answer = await browser.get("/console")
        assert answer.status_code == 403
        assert "counterfoil operators add" in answer.text


@pytest.mark.parametrize("role", ["operator", "auditor"])
async def test_both_roles_are_let_in_and_see_their_own_name(sqlite_stage: Stage, role: str) -> None:
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser, "operator" if role == "operator" else "auditor")
        text = await staff.see()
        assert role in text


async def test_a_role_that_was_taken_away_opens_nothing_from_then_on(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        await staff.see()
        await sqlite_stage.database.write(remove_operator, OPERATOR)
        assert (await staff.get()).status_code == 303, "to the sign-in"
        await browser.sign_in(OPERATOR)
        assert (await staff.get()).status_code == 403


async def test_a_made_up_cookie_is_a_stranger(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        browser.client.cookies.set(SESSION, "A" * 43, domain="id.example", path="/")
        assert (await browser.get("/console")).status_code == 303


async def test_nothing_is_loaded_but_our_own_two_files_and_they_may_be_kept_for_good(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        page = await (await Staff.hired(browser)).get()
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "require-trusted-types-for 'script'" in policy
        assert page.headers["cache-control"] == "no-store"
        for name, kind in (("console.css", "text/css"), ("console.js", "text/javascript")):
            answer = await browser.get(f"/console/static/{name}")
            assert answer.headers["content-type"].startswith(kind)
            assert "immutable" in answer.headers["cache-control"]
        assert (await browser.get("/console/static/base.html")).status_code == 404


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in?return_to=/console"])
async def test_a_sign_in_of_the_staff_is_one_event_with_their_role(stage: Stage, path: str) -> None:
    added = await stage.database.write(add_operator, AddOperator(AUDITOR, "auditor"))
    async with Surfer(stage) as browser:
        await browser.sign_in(AUDITOR, path)
        await browser.get("/console")
    async with Surfer(stage) as browser:
        await browser.sign_in("ada@example.com", path)
    rows = await stage.rows("SELECT fields FROM audit_events WHERE name = 'operator.signed_in'")
    assert [json.loads(row[0]) for row in rows] == [{"operator": added.id, "role": "auditor"}]


async def test_who_has_no_role_is_told_so_without_their_address(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        await browser.sign_in("ada@example.com")
        text = is_page(await browser.get("/console"), 403)
        assert "this address is neither" in text
        assert "ada@example.com" not in text


_SECTIONS = ("logins", "people", "applications", "alerts", "devices", "operators", "audit/logins", "audit/entries")


@pytest.mark.parametrize("section", _SECTIONS)
@pytest.mark.parametrize("name", ["%00", "%00" * 26, "a%00", "%F0%9F%92%A3", "%0D%0AX:1"], ids=list("abcde"))
async def test_a_name_that_nothing_can_have_is_looked_up_nowhere(stage: Stage, section: str, name: str) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        is_page(await staff.get(f"/{section}/{name}"), 404)
        csrf = forms_of(await staff.get("/logins"))[0].fields["csrf"]
        actions = {
            "logins": ("relay", "cancel", "ask"),
            "people": ("disable", "enable", "end_sessions", "end_session", "forget", "enrol", "lift"),
            "applications": ("change", "secret", "remove", "check"),
            "devices": ("forget", "enrol"),
            "operators": ("token", "revoke", "remove"),
            "alerts": ("",),
        }
        for action in actions.get(section, ()):
            data = {"csrf": csrf, "action": action, "reason": "why", "id": "x", "token": "x", "confirm": "x"}
            answer = await browser.client.post(f"/console/{section}/{name}", data=data)
            led = (303, "operators?done=gone") if action == "token" else (404, "")
            assert (answer.status_code, answer.headers.get("location", "").rpartition("/")[2]) == led, action


@pytest.mark.parametrize("section", ["logins", "people"])
async def test_a_search_for_what_nothing_can_be_called_is_refused(stage: Stage, section: str) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        page = await staff.get(f"/{section}")
        for typed in ("a\0b", "\0" * 22, "a\0@example.com"):
            is_page(await staff.press(page, "search", who=typed), 400)
