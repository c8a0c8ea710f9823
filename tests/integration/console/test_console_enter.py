# SPDX-License-Identifier: Apache-2.0
"""The way in for an operator whom no mail reaches: a link from the service's own machine, good for one browser once."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from counterfoil_service.core import budget
from counterfoil_service.core.operator import Operator, Role
from counterfoil_service.db import users
from counterfoil_service.operations.add_operator import AddOperator, add_operator
from counterfoil_service.operations.disable_user import disable_user
from counterfoil_service.operations.issue_operator_link import issue_operator_link
from counterfoil_service.operations.remove_operator import remove_operator
from support.http import nothing_written
from support.staff import OPERATOR
from support.stage import ISSUER, OpenStage, Stage
from support.surfer import SESSION, Surfer, WebClient, form_of, parameters_of
from support.tokens import sign_in

MALFORMED = "A" * 42 + "B"
UNKNOWN = "A" * 43


async def hire(stage: Stage, role: Role = "operator", email: str = OPERATOR) -> tuple[Operator, str]:
    """Somebody with a role, and the secret of their link."""
    operator = await stage.database.write(add_operator, AddOperator(email, role))
    link = await stage.database.write(issue_operator_link, operator)
    assert link.url.startswith(f"{ISSUER}/console/enter/")
    assert link.url not in repr(link)
    return operator, link.url.rpartition("/")[2]


async def press(browser: Surfer, secret: str) -> httpx2.Response:
    page = await browser.get(f"/console/enter/{secret}")
    assert page.status_code == 200, page.text[-300:]
    return await browser.submit(form_of(page, secret=secret))


async def told(stage: Stage, name: str) -> list[tuple[str, str | None, str | None]]:
    rows = await stage.rows(
        f"SELECT fields, login_id, subject FROM audit_events WHERE name = '{name}' ORDER BY position"  # noqa: S608 - ours
    )
    return [(row[0], row[1], row[2]) for row in rows]


@pytest.mark.parametrize("role", ["operator", "auditor"])
async def test_one_press_leads_into_the_console_and_both_steps_are_in_the_log(stage: Stage, role: Role) -> None:
    operator, secret = await hire(stage, role)
    async with Surfer(stage) as browser:
        entered = await press(browser, secret)
        assert (entered.status_code, entered.headers["location"]) == (303, f"{ISSUER}/console")
        page = await browser.follow(entered)
        assert page.status_code == 200
        assert OPERATOR in page.text
        assert role in page.text
    fields = f'{{"operator":"{operator.id}"}}'
    assert await told(stage, "operator.link_issued") == [(fields, None, None)]
    ((seen, login_id, subject),) = await told(stage, "operator.link_used")
    assert seen == fields
    assert login_id is not None
    assert await stage.names(login_id) == [
        "user.created",
        "operator.link_used",
        "session.created",
        "operator.signed_in",
    ]
    user = await stage.database.read(users.by_mailbox, operator.mailbox)
    assert user is not None
    assert (user.id, user.state, user.address) == (subject, "unverified", OPERATOR)


async def test_looking_uses_nothing_up_however_often_and_by_whomever(sqlite_stage: Stage) -> None:
    _, secret = await hire(sqlite_stage)
    async with Surfer(sqlite_stage) as scanner, nothing_written(sqlite_stage):
        for _ in range(20):
            page = await scanner.get(f"/console/enter/{secret}")
            assert page.status_code == 200
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["x-robots-tag"] == "noindex"
        head = await scanner.client.head(f"/console/enter/{secret}")
        assert (head.status_code, head.content) == (200, b"")
    async with Surfer(sqlite_stage) as browser:
        assert (await press(browser, secret)).status_code == 303


async def test_the_secret_stays_out_of_every_address_after_the_press(sqlite_stage: Stage) -> None:
    _, secret = await hire(sqlite_stage)
    async with Surfer(sqlite_stage) as browser:
        page = await browser.get(f"/console/enter/{secret}")
        assert secret not in form_of(page, secret=secret).action
        entered = await browser.submit(form_of(page, secret=secret))
        assert secret not in str(entered.headers)
    kept = [await sqlite_stage.rows(sql) for sql in ("SELECT * FROM operator_links", "SELECT * FROM audit_events")]
    assert secret not in str(kept)


async def test_every_link_that_leads_nowhere_has_the_same_page(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    _, used = await hire(stage)
    _, removed = await hire(stage, email="removed@example.com")
    _, replaced = await hire(stage, email="replaced@example.com")
    await hire(stage, email="replaced@example.com")
    _, late = await hire(stage, email="late@example.com")
    await stage.database.write(remove_operator, "removed@example.com")
    async with Surfer(stage) as browser:
        await press(browser, used)
        assert (await browser.get(f"/console/enter/{used}")).status_code == 410, "used, and in time"
        form = form_of(await browser.get(f"/console/enter/{late}"), secret=late)
        stage.clock.advance(900)
        async with nothing_written(stage):
            for secret in (removed, replaced, late, used, UNKNOWN, MALFORMED, "x"):
                page = await browser.get(f"/console/enter/{secret}")
                assert page.status_code == 410, secret
                assert "<form" not in page.text
                pressed = await browser.submit(form, secret=secret)
                assert (pressed.status_code, pressed.text) == (410, page.text), secret
                assert SESSION not in pressed.headers.get("set-cookie", "")


async def test_whoever_is_shut_out_as_a_person_is_not_let_in_by_a_link(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        await browser.sign_in("ada@example.com")
        _, secret = await hire(sqlite_stage, email="ada@example.com")
        await sqlite_stage.database.write(disable_user, "ada@example.com")
        async with nothing_written(sqlite_stage):
            assert (await press(browser, secret)).status_code == 410


async def test_a_moment_before_its_quarter_of_an_hour_is_over_it_still_works(sqlite_stage: Stage) -> None:
    _, secret = await hire(sqlite_stage)
    async with Surfer(sqlite_stage) as browser:
        sqlite_stage.clock.advance(899)
        assert (await press(browser, secret)).status_code == 303


async def test_links_whose_time_is_over_are_swept_away_used_or_not(stage: Stage) -> None:
    _, secret = await hire(stage)
    await hire(stage, email="grace@example.com")
    async with Surfer(stage) as browser:
        await press(browser, secret)
    stage.clock.advance(899)
    await stage.sweep()
    assert await stage.count("operator_links") == 2
    stage.clock.advance(1)
    await stage.sweep()
    assert await stage.count("operator_links") == 0


async def test_of_many_browsers_at_once_one_comes_in(stage: Stage) -> None:
    _, secret = await hire(stage)
    browsers = [Surfer(stage) for _ in range(8)]
    forms = [form_of(await each.get(f"/console/enter/{secret}"), secret=secret) for each in browsers]
    answers = await asyncio.gather(
        *(each.submit(form) for each, form in zip(browsers, forms, strict=True)),
    )
    assert sorted(each.status_code for each in answers) == [303] + [410] * 7
    assert await stage.count("sessions") == await stage.count("users") == 1
    assert len(await told(stage, "operator.link_used")) == 1


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}],
    ids=["origin", "fetch site"],
)
async def test_no_other_site_presses_the_button(sqlite_stage: Stage, headers: dict[str, str]) -> None:
    _, secret = await hire(sqlite_stage)
    async with Surfer(sqlite_stage) as browser, nothing_written(sqlite_stage):
        form = form_of(await browser.get(f"/console/enter/{secret}"), secret=secret)
        assert (await browser.submit(form, headers)).status_code == 403
        assert (await browser.submit(form, csrf=None)).status_code == 403
        async with Surfer(sqlite_stage) as other:
            theirs = form_of(await other.get(f"/console/enter/{secret}"), secret=secret)
        assert (await browser.submit(form, csrf=theirs.fields["csrf"])).status_code == 403


async def test_guesses_are_counted_and_then_refused(open_stage: OpenStage, sqlite_url: str, tmp_path: Path) -> None:
    tight = budget.parse("address_range=100000/60,range_opens=3/60,range_tries=2/60")
    async with open_stage(sqlite_url, tmp_path, budgets=tight) as stage, Surfer(stage) as browser:
        _, secret = await hire(stage)
        form = form_of(await browser.get(f"/console/enter/{secret}"), secret=secret)
        opened = [(await browser.get(f"/console/enter/{UNKNOWN}")).status_code for _ in range(4)]
        assert opened == [410, 410, 410, 429]
        tried = [(await browser.submit(form, secret=UNKNOWN)).status_code for _ in range(3)]
        assert tried == [410, 410, 429]
        assert (await browser.submit(form)).status_code == 303, "a right one is refused for nothing"


async def test_the_session_before_ends_and_the_new_one_is_fresh_for_five_minutes(sqlite_stage: Stage) -> None:
    _, secret = await hire(sqlite_stage)
    async with Surfer(sqlite_stage) as browser:
        await browser.sign_in("ada@example.com")
        before = browser.cookies[SESSION]
        await press(browser, secret)
        assert browser.cookies[SESSION] != before
        reasons = await sqlite_stage.rows("SELECT reason FROM audit_events WHERE name = 'session.ended'")
        assert reasons == [("signed_in_again",)]
        assert OPERATOR in (await browser.get("/account")).text


async def test_it_proves_no_mailbox_so_no_application_is_told_that_it_did(sqlite_stage: Stage) -> None:
    stage, web = sqlite_stage, WebClient()
    await stage.add_application("web-app", redirect_uris=(web.redirect_uri,), dpop="optional")
    _, secret = await hire(stage)
    async with Surfer(stage) as browser:
        await press(browser, secret)
        asked = await browser.authorize(web)
        assert asked.status_code == 200
        assert "Send me a link" in asked.text
        silent = await browser.authorize(web, prompt="none")
        assert parameters_of(silent.headers["location"])["error"] == "login_required"
        assert await stage.count("authorization_codes") == 0
        # By mail they are verified, and the application learns who they are.
        answer = await browser.follow(await _by_mail(browser, asked))
        assert urlsplit(answer.headers["location"]).hostname == "web.example"
    user = await stage.rows("SELECT verified_at FROM users")
    assert user != [(None,)]


async def _by_mail(browser: Surfer, page: httpx2.Response) -> httpx2.Response:
    await browser.ask(page, OPERATOR)
    return await browser.tap()


async def test_a_person_who_signed_in_before_keeps_what_they_are(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        await browser.sign_in(OPERATOR)
        before = await sqlite_stage.rows("SELECT * FROM users")
        _, secret = await hire(sqlite_stage)
        await press(browser, secret)
        assert await sqlite_stage.rows("SELECT * FROM users") == before


async def test_the_session_of_a_link_ends_with_the_role_and_no_other_of_that_person(stage: Stage) -> None:
    """Whoever held the link is nobody at the account of the mailbox's owner."""
    elsewhere = await sign_in(stage, OPERATOR)
    operator, secret = await hire(stage)
    async with Surfer(stage) as browser:
        assert (await press(browser, secret)).status_code == 303
        assert (await browser.get("/account")).status_code == 200
        await stage.database.write(remove_operator, operator.id)
        for path in ("/account", "/console"):
            assert (await browser.get(path)).status_code == 303, "to the sign-in"
    living = await stage.rows("SELECT id FROM sessions WHERE ended_at IS NULL")
    assert living == [(elsewhere.session_id,)]
    ended = await stage.rows("SELECT reason, fields FROM audit_events WHERE name = 'session.ended'")
    assert ended == [("role_removed", '{"operator":"cli"}')]
    assert await stage.count("cookies") == 0
