# SPDX-License-Identifier: Apache-2.0
"""What goes wrong at the console is said inside it: with the menu, and with a way on."""

import logging
import re

import httpx2
import pytest

from counterfoil_service.db.engine import unavailable
from counterfoil_service.operations.remove_operator import remove_operator
from counterfoil_service.web.console import errors
from support.http import is_page
from support.staff import OPERATOR, Staff
from support.stage import Stage
from support.surfer import Surfer, form_of

MENU = '<nav aria-label="Console">'
NOBODY = "00000000000000000000000000"


def links_in(page: httpx2.Response) -> list[str]:
    """Where the page itself leads, without its menu."""
    return re.findall(r'href="([^"]*)"', page.text.partition("<main")[2])


@pytest.mark.parametrize(
    ("path", "status", "back"),
    [
        (f"/people/{NOBODY}", 404, "/console/people"),
        (f"/devices/{NOBODY}", 404, "/console/devices"),
        ("/applications/none", 404, "/console/applications"),
        ("/audit/entries/x", 404, "/console/audit"),
        ("/people?after=x", 400, "/console/people"),
        ("/four-eyes", 404, "/console/four-eyes"),
        ("/nothing/here", 404, "/console"),
        ("/people/a/b/c", 404, "/console/people"),
        ("/audit/searches", 405, "/console/audit"),
        ("/static/none.css", 404, "/console"),
    ],
)
async def test_an_error_has_the_menu_its_words_a_reference_and_a_way_to_its_section(
    sqlite_stage: Stage, path: str, status: int, back: str
) -> None:
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        page = await staff.get(path)
        assert MENU in is_page(page, status)
        assert f"Error {status}." in page.text
        assert re.search(r"name this reference: <code>[0-9a-f]{16}</code>", page.text)
        assert links_in(page) == [back]
        assert "script-src 'self'" in page.headers["content-security-policy"]


async def test_a_method_that_an_address_does_not_take_names_those_that_it_takes(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        await Staff.hired(browser)
        page = await browser.client.put("/console/people")
        assert MENU in is_page(page, 405)
        assert "GET" in page.headers["allow"]


async def test_a_form_that_is_not_ours_leads_back_to_the_page_that_it_stood_on(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        form = form_of(await staff.get("/people"))
        for headers, fields in (({"Origin": "https://evil.example"}, {}), (None, {"csrf": "x"})):
            page = await browser.submit(form, headers, **fields)
            assert "This form cannot be used" in is_page(page, 403)
            assert "use the buttons there" in page.text
            assert MENU in page.text
            assert links_in(page) == ["/console/people", "/console/people"]
        form.action = "/console/audit/searches"
        page = await browser.submit(form, None, csrf="x")
        assert links_in(page) == ["/console/audit"], "no page has the address of the form"


async def test_an_auditor_who_presses_all_the_same_stays_in_the_console(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        auditor = await Staff.hired(browser, "auditor")
        csrf = form_of(await auditor.get("/people")).fields["csrf"]
        fields = {"csrf": csrf, "action": "invite", "email": "bob@example.com"}
        page = await browser.client.post("/console/people", data=fields)
        assert "Only operators change things here" in is_page(page, 403)
        assert MENU in page.text


async def test_who_has_no_role_and_who_is_a_stranger_see_no_menu_and_a_way_to_the_console(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser, Surfer(sqlite_stage) as stranger:
        staff = await Staff.hired(browser)
        await sqlite_stage.database.write(remove_operator, OPERATOR)
        await browser.sign_in(OPERATOR)  # with the role ended what it had opened here
        answers = [
            is_page(await staff.get(), 403),
            is_page(await staff.get("/nothing"), 404),
            is_page(await stranger.get("/console/nothing"), 404),
            is_page(await stranger.client.post("/console/people", data={"csrf": "x"}), 403),
        ]
        for text in answers:
            assert MENU not in text
            assert '<body class="alone">' in text
            assert 'href="/console"' in text
        assert "counterfoil operators add" in answers[0]


async def test_outside_of_the_console_nothing_changed(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        await Staff.hired(browser)
        answer = await browser.get("/consoles")
        assert answer.headers["content-type"] == "application/problem+json"


async def test_what_scripts_ask_is_answered_without_a_frame(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        await Staff.hired(browser)
        tail = await browser.get("/console/audit/tail?since=x")
        check = await browser.client.post("/console/applications/check", data={"csrf": "x"})
        assert (tail.status_code, check.status_code) == (400, 403)
        assert MENU not in tail.text + check.text
        answer = await browser.get("/console/audit/tail/x")
        assert MENU in is_page(answer, 404)


async def test_where_the_database_cannot_answer_the_plain_page_says_so(
    sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: object) -> None:
        raise unavailable()

    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        with monkeypatch.context() as broken:
            broken.setattr(sqlite_stage.database, "read", down)
            page = await staff.get("/people")
        assert MENU not in is_page(page, 503)
        assert page.headers["retry-after"] == "1"
        assert '<body class="alone">' not in page.text


async def test_an_error_is_told_even_where_its_frame_cannot_be_made_and_is_logged_once(
    sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("a secret of the driver")

    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        with monkeypatch.context() as patched, caplog.at_level(logging.WARNING):
            patched.setattr(errors, "admit", broken)
            lost = await staff.get(f"/people/{NOBODY}")
            patched.setattr(sqlite_stage.database, "read", broken)
            failed = await staff.get("/people")
        assert "perhaps they were erased" in is_page(lost, 404)
        assert MENU not in is_page(failed, 500)
        assert "secret of the driver" not in lost.text + failed.text
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR", "WARNING"]
