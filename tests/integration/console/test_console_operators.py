# SPDX-License-Identifier: Apache-2.0
"""Roles and tokens at the console: who looked, who gave, who took away, and that somebody always remains."""

import asyncio
import re

import httpx2
import pytest

from counterfoil_service.core.errors import Refusal
from counterfoil_service.operations.act_as_operator import ActAsOperator, act_as_operator
from counterfoil_service.operations.remove_colleague import remove_colleague
from counterfoil_service.operations.remove_operator import remove_operator
from support.auditor import Auditor
from support.http import nothing_written
from support.staff import AUDITOR, OPERATOR, Staff
from support.stage import ISSUER, Stage
from support.surfer import Surfer, form_of

BOB = "bob@example.com"


async def said(stage: Stage, name: str) -> list[str]:
    rows = await stage.rows(f"SELECT fields FROM audit_events WHERE name = '{name}' ORDER BY position")  # noqa: S608 - ours
    return [row[0] for row in rows]


def token_in(page: httpx2.Response) -> str:
    (found,) = re.findall(r'<output class="secret">(cfo_[^<]+)</output>', page.text)
    return str(found)


async def test_everybody_with_a_role_is_listed_and_that_somebody_looked_is_recorded(stage: Stage) -> None:
    auditor = await Auditor.hired(stage)
    await auditor.get("/audit/events")
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        text = await staff.see("/operators")
        assert AUDITOR in text
        assert "(you)" in text
        assert "2026-11-" in text
        one = await staff.see(f"/operators/{auditor.operator_id}")
        assert auditor.token_id in one
        assert auditor.token not in one
    seen = f'{{"operator":"{staff.operator_id}","view":"operators"}}'
    assert await said(stage, "console.viewed") == [seen, seen]


async def test_a_role_is_given_once_with_the_giver_in_the_log(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        page = await staff.get("/operators")
        answer = await staff.press(page, "add", email=" Bob@Example.com ", role="auditor")
        assert answer.headers["location"] == f"{ISSUER}/console/operators?done=added"
        assert "they sign in at this console" in (await browser.follow(answer)).text
        await staff.press(page, "add", email=BOB, role="auditor")
        added = await said(stage, "operator.added")
        assert len(added) == 2, "who has the role already is given nothing"
        assert f'"by":"{staff.operator_id}"' in added[1]
        assert '"token"' not in added[1]
        conflict = await staff.press(page, "add", email=BOB, role="operator")
        assert conflict.status_code == 422
        assert "auditor already" in conflict.text
        assert f'value="{BOB}"' in conflict.text
        wrong = await staff.press(page, "add", email="<b>no address", role="operator")
        assert wrong.status_code == 422
        assert 'value="&lt;b&gt;no address"' in wrong.text
    async with Surfer(stage) as theirs:
        await theirs.sign_in(BOB)
        assert (await theirs.get("/console/operators")).status_code == 200


async def test_a_stale_sign_in_gives_no_role_and_makes_no_token(sqlite_stage: Stage) -> None:
    auditor = await Auditor.hired(sqlite_stage)
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        pages = [await staff.get("/operators"), await staff.get(f"/operators/{auditor.operator_id}")]
        sqlite_stage.clock.advance(300)
        before = await _granted(sqlite_stage)
        page = await staff.press(pages[0], "add", email=BOB, role="operator")
        assert page.status_code == 422
        assert "Sign in again in another tab" in page.text
        assert f'value="{BOB}"' in page.text
        answer = await staff.press(pages[1], "token")
        assert answer.status_code == 303
        assert answer.headers["location"].endswith(f"%2F{auditor.operator_id}%3Fdone%3Dagain&prompt=login")
        kept = await staff.press(pages[1], "remove", confirm=AUDITOR)
        assert kept.status_code == 422
        assert f'value="{AUDITOR}"' in kept.text
        assert await _granted(sqlite_stage) == before


async def _granted(stage: Stage) -> object:
    return await stage.rows("SELECT * FROM operators"), await stage.rows("SELECT * FROM operator_tokens")


async def test_a_token_for_an_auditor_is_shown_once_works_and_is_revoked(stage: Stage) -> None:
    auditor = await Auditor.hired(stage)
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        path = f"/operators/{auditor.operator_id}"
        made = await staff.press(await staff.get(path), "token")
        token = token_in(made)
        assert made.headers["cache-control"] == "no-store"
        assert token not in await staff.see(path)
        headers = {"Authorization": f"Bearer {token}"}
        assert (await stage.client.get("/audit/events", headers=headers)).status_code == 200
        assert f'"by":"{staff.operator_id}"' in (await said(stage, "operator.added"))[-1]
        ((token_id,),) = await stage.rows(f"SELECT id FROM operator_tokens WHERE id <> '{auditor.token_id}'")  # noqa: S608 - ours
        page = await staff.get(path)
        revoked = await staff.press(page, "revoke", having_token=token_id)
        assert revoked.headers["location"].endswith("?done=revoked")
        assert (await stage.client.get("/audit/events", headers=headers)).status_code == 401
        assert (await auditor.get("/audit/events")).status_code == 200, "the other one still works"
        await staff.press(page, "revoke", having_token=token_id)
    assert await said(stage, "operator.removed") == [
        f'{{"by":"{staff.operator_id}","operator":"{auditor.operator_id}","token":"{token_id}"}}'
    ]


async def test_a_role_is_taken_away_with_the_typed_address_and_closes_everything_at_once(stage: Stage) -> None:
    async with Surfer(stage) as browser, Surfer(stage) as theirs:
        bob = await Staff.hired(theirs, "operator", BOB)
        staff = await Staff.hired(browser)
        await stage.rows("SELECT 1")
        page = await staff.get(f"/operators/{bob.operator_id}")
        wrong = await staff.press(page, "remove", confirm="bob")
        assert wrong.status_code == 422
        assert (await bob.get()).status_code == 200
        answer = await staff.press(page, "remove", confirm=BOB.upper())
        assert answer.headers["location"].endswith("/console/operators?done=removed")
        assert (await bob.get()).status_code == 303
        assert (await theirs.get("/account")).status_code == 303, "a session that began with the role ends with it"
        assert (await staff.press(page, "remove", confirm=BOB)).status_code == 404
        assert (await staff.get(f"/operators/{bob.operator_id}")).status_code == 404
    assert await said(stage, "operator.removed") == [f'{{"by":"{staff.operator_id}","operator":"{bob.operator_id}"}}']


async def test_nobody_takes_their_own_role_so_the_last_operator_stays(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        page = await staff.get(f"/operators/{staff.operator_id}")
        assert "counterfoil operators remove" in page.text
        assert ("action", "remove") not in form_of(page).buttons if "<form" in page.text else True
        csrf = form_of(await staff.get("/operators")).fields["csrf"]
        answer = await browser.client.post(
            f"/console/operators/{staff.operator_id}", data={"csrf": csrf, "action": "remove", "confirm": OPERATOR}
        )
        assert answer.status_code == 422
        assert (await staff.get()).status_code == 200
        assert await said(sqlite_stage, "operator.removed") == []


async def test_of_two_who_take_each_others_role_at_once_one_remains(stage: Stage) -> None:
    async with Surfer(stage) as browser, Surfer(stage) as theirs:
        olga, bob = await Staff.hired(browser), await Staff.hired(theirs, "operator", BOB)

    async def take(actor: str, whom: str) -> str | None:
        acting = ActAsOperator(actor, None, remove_colleague, whom)
        try:
            return await stage.database.write(act_as_operator, acting)
        except Refusal:
            return None

    for _ in range(5):
        done = await asyncio.gather(take(olga.operator_id, bob.operator_id), take(bob.operator_id, olga.operator_id))
        assert len([each for each in done if each]) <= 1
        assert await stage.count("operators") == 1


async def test_an_auditor_sees_them_and_gives_and_takes_nothing(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser, Surfer(sqlite_stage) as theirs:
        operator, auditor = await Staff.hired(browser), await Staff.hired(theirs, "auditor")
        assert OPERATOR in await auditor.see("/operators")
        for path in ("/operators", f"/operators/{operator.operator_id}"):
            assert "<form" not in await auditor.see(path)
        csrf = re.findall(r'name="csrf" value="([^"]+)"', (await theirs.get("/account")).text)[0]
        before = await _granted(sqlite_stage)
        for path, typed in (
            ("", {"email": BOB, "role": "operator"}),
            (f"/{auditor.operator_id}", {"action": "token"}),
            (f"/{operator.operator_id}", {"action": "remove", "confirm": OPERATOR}),
            (f"/{operator.operator_id}", {"action": "revoke", "token": "x"}),
        ):
            answer = await theirs.client.post(f"/console/operators{path}", data={"csrf": csrf} | typed)
            assert "auditors read" in answer.text, path
        assert await _granted(sqlite_stage) == before


@pytest.mark.parametrize("path", ["", "/01KAG0T4B7C9D2F5H8K1M4P7RS"], ids=["list", "one"])
async def test_nothing_is_shown_or_done_for_strangers_and_other_sites(sqlite_stage: Stage, path: str) -> None:
    async with Surfer(sqlite_stage) as browser, Surfer(sqlite_stage) as other:
        staff = await Staff.hired(browser)
        form = form_of(await staff.get("/operators"))
        form.action = f"/console/operators{path}"
        async with nothing_written(sqlite_stage):
            assert (await browser.submit(form, {"Origin": "https://evil.example"}, email=BOB)).status_code == 403
            assert (await browser.submit(form, csrf=None, email=BOB)).status_code == 403
            assert (await other.submit(form, email=BOB)).status_code == 403
            assert (await other.get(f"/console/operators{path}")).status_code == 303


async def test_a_token_for_who_has_no_role_any_more_is_not_made_and_leads_to_the_list(sqlite_stage: Stage) -> None:
    auditor = await Auditor.hired(sqlite_stage)
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        page = await staff.get(f"/operators/{auditor.operator_id}")
        await sqlite_stage.database.write(remove_operator, AUDITOR)
        late = await browser.follow(await staff.press(page, "token"))
        assert late.url.path == "/console/operators"
        assert "that role had been taken away already" in late.text
        assert await sqlite_stage.count("operator_tokens") == 0
