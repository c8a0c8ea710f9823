# SPDX-License-Identifier: Apache-2.0
"""`/console/alerts`: what wants a look, who was told, and who said why it can be closed."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from counterfoil_service.audit import sealer
from counterfoil_service.core.alert_words import words_of
from counterfoil_service.core.identifiers import ulid
from counterfoil_service.operations.acknowledge_alerts import AcknowledgeAlerts, acknowledge_alerts
from counterfoil_service.operations.erase_user import erase_user
from counterfoil_service.operations.remove_operator import remove_operator
from counterfoil_service.settings.alert_targets import read_alert_targets
from support.alarms import CAUSES, alarmed, alerts_of, flood, report, stolen_code, stolen_token
from support.http import execute, nothing_written
from support.staff import OPERATOR, Staff
from support.stage import Stage
from support.surfer import Surfer, form_of, forms_of

DAY = 86_400
ADDRESS = "ada@example.com"
BAD_REASONS = ["", "   ", "x" * 201, "two\nlines", "\N{RIGHT-TO-LEFT OVERRIDE}gnol"]


@pytest.fixture
async def alarmed_stage(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """On each engine."""
    monkeypatch.setattr(sealer, "CHECK_EVERY", 1)
    async with alarmed(database_url, tmp_path) as stage:
        yield stage


async def put(stage: Stage, count: int, kind: str = "login.key_mismatch") -> list[str]:
    """So many alerts behind the service's back, a second apart; their ids, the oldest first."""
    ids = []
    for number in range(count):
        stage.clock.advance(1)
        now, alert_id = stage.clock(), ulid(stage.clock(), os.urandom)
        named: dict[str, Any] = {"id": alert_id, "kind": kind, "about": f"{kind} {number} {alert_id}"}
        named |= {"times": 1, "raised_at": now, "last_at": now}
        values = ", ".join(f"'{value}'" if isinstance(value, str) else str(value) for value in named.values())
        await execute(stage, f"INSERT INTO alerts ({', '.join(named)}) VALUES ({values})")  # noqa: S608 - ours
        ids.append(alert_id)
    return ids


def in_order(text: str, ids: list[str]) -> list[str]:
    """Those that a page shows, in its order."""
    return sorted((each for each in ids if f'id="alert-{each}"' in text), key=text.index)


async def only_alert(stage: Stage) -> str:
    ((alert,),) = await stage.rows("SELECT id FROM alerts")
    return str(alert)


async def events_of(stage: Stage, name: str) -> list[tuple[Any, ...]]:
    return await stage.rows(f"SELECT fields FROM audit_events WHERE name = '{name}' ORDER BY position")  # noqa: S608


@pytest.mark.parametrize("kind", sorted(CAUSES))
async def test_every_kind_stands_there_in_words_with_a_way_on_and_no_address(alarmed_stage: Stage, kind: str) -> None:
    await CAUSES[kind](alarmed_stage)
    ((_, _, login, _, subject),) = await alerts_of(alarmed_stage, kind)
    words = words_of(kind)
    async with Surfer(alarmed_stage) as browser:
        staff = await Staff.hired(browser)
        ((alert,),) = await alarmed_stage.rows(f"SELECT id FROM alerts WHERE kind = '{kind}'")  # noqa: S608 - ours
        for path in (f"/alerts?kind={kind}", f"/alerts/{alert}"):
            text = (await staff.see(path)).replace("&#39;", "'")
            assert words.title in text
            assert words.meaning in text
            assert words.advice in text
            assert ADDRESS not in text
            assert "COUNTERFOIL_ALERTS named no one" in text
            if login is not None:
                assert f"/console/audit/logins/{login}" in text
            if subject is not None:
                assert f"/console/people/{subject}" in text
    assert any('"view":"alerts"' in fields for (fields,) in await events_of(alarmed_stage, "console.viewed"))


async def test_an_operator_says_why_it_may_rest_and_that_is_shown_with_who_and_when_and_not_in_the_log(
    alarmed_stage: Stage,
) -> None:
    stage = alarmed_stage
    await stolen_token(stage)
    alert = await only_alert(stage)
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        assert 'class="count"' in await staff.see()
        page = await staff.get(f"/alerts/{alert}")
        answer = await staff.press(page, "acknowledge", reason=" she restored <b>a</b> backup ")
        assert answer.status_code == 303
        shown = (await browser.client.get(answer.headers["location"])).text
        assert "Acknowledged, with your name and reason." in shown
        assert "she restored &lt;b&gt;a&lt;/b&gt; backup" in shown
        assert OPERATOR in shown
        assert 'value="acknowledge"' not in shown
        assert 'class="count"' not in shown
        assert alert not in await staff.see("/alerts")
        assert alert in await staff.see("/alerts?show=all")
    told = await events_of(stage, "alert.acknowledged")
    assert told == [(f'{{"alert":"{alert}","kind":"session.key_mismatch","operator":"{staff.operator_id}"}}',)]
    assert "backup" not in repr(await stage.rows("SELECT fields, sealed FROM audit_events"))


@pytest.mark.parametrize("reason", BAD_REASONS)
async def test_a_reason_that_says_nothing_is_refused_and_what_was_typed_stays(sqlite_stage: Stage, reason: str) -> None:
    (alert,) = await put(sqlite_stage, 1)
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        page = await staff.get(f"/alerts/{alert}")
        answer = await staff.press(page, "acknowledge", reason=reason)
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text
        assert "1 to 200 printable characters" in answer.text
        if reason == "x" * 201:
            assert reason in answer.text
    assert await events_of(sqlite_stage, "alert.acknowledged") == []


async def test_several_of_one_kind_are_acknowledged_at_once_those_that_are_ticked_and_no_other(
    alarmed_stage: Stage,
) -> None:
    stage = alarmed_stage
    ids = await put(stage, 4)
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        assert 'type="checkbox"' not in await staff.see("/alerts"), "of every kind at once there is no one reason"
        page = await staff.get("/alerts?kind=login.key_mismatch")
        ticked = {name: value for name, value in form(page).items() if value in ids[1:3]}
        left = {name: None for name, value in form(page).items() if value in (ids[0], ids[3])}
        answer = await staff.press(page, "acknowledge", **left, reason="")
        assert answer.status_code == 422
        assert answer.text.count(" checked") == 2
        answer = await staff.press(answer, "acknowledge", **left, **ticked, reason="a test of ours")
        assert answer.status_code == 303
        assert answer.headers["location"].endswith("/console/alerts?kind=login.key_mismatch&done=acknowledged")
    rows = await stage.rows("SELECT id, acknowledged_why FROM alerts")
    assert {alert for alert, why in rows if why} == set(ids[1:3])
    assert len(await events_of(stage, "alert.acknowledged")) == 2


async def test_with_nothing_ticked_the_boxes_say_so_and_not_the_reason(sqlite_stage: Stage) -> None:
    ids = await put(sqlite_stage, 2)
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        page = await staff.get("/alerts?kind=login.key_mismatch")
        unticked = {name: None for name, value in form(page).items() if value in ids}
        answer = await staff.press(page, "acknowledge", **unticked, reason="a test of ours")
        assert answer.status_code == 422
        assert answer.text.count("hoose at least one") == 1
        assert '<p class="error" id="choice-error">' in answer.text
        assert answer.text.count('aria-describedby="choice-error"') == 2
        assert 'id="reason-error"' not in answer.text
        assert 'value="a test of ours"' in answer.text
    assert await events_of(sqlite_stage, "alert.acknowledged") == []


async def test_a_list_of_one_kind_says_once_what_they_mean_and_one_of_all_at_each(sqlite_stage: Stage) -> None:
    await put(sqlite_stage, 3)
    words = words_of("login.key_mismatch")
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        for path, times in (("/alerts?kind=login.key_mismatch", 1), ("/alerts", 3)):
            text = (await staff.see(path)).replace("&#39;", "'")
            assert (text.count(words.meaning), text.count(words.advice)) == (times, times)


def form(page: httpx2.Response) -> dict[str, str]:
    return next(each for each in forms_of(page) if ("action", "acknowledge") in each.buttons).fields


async def test_alerts_of_several_kinds_and_made_up_ones_are_not_acknowledged_together(sqlite_stage: Stage) -> None:
    ids = [*await put(sqlite_stage, 1), *await put(sqlite_stage, 1, "login.reported")]
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        page = await staff.get("/alerts?kind=login.reported")
        answer = await staff.press(page, "acknowledge", alert_0=ids[0], alert_1=ids[1], reason="both")
        assert answer.status_code == 422
        assert "of one kind" in answer.text
        answer = await staff.press(page, "acknowledge", alert_0="' OR 1=1 --", reason="all")
        assert answer.status_code == 422
        answer = await staff.press(page, "acknowledge", alert_0="0" * 26, reason="none")
        assert answer.headers["location"].endswith("done=before")
        assert (await staff.get("/alerts/00000000000000000000000000")).status_code == 404
        assert (await staff.get("/alerts/..%2f..")).status_code == 404
    assert await sqlite_stage.rows("SELECT 1 FROM alerts WHERE acknowledged_at IS NOT NULL") == []


async def test_of_two_who_press_at_once_one_is_the_one_who_did(alarmed_stage: Stage) -> None:
    stage = alarmed_stage
    ids = await put(stage, 3)
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        page = await staff.get("/alerts?kind=login.key_mismatch")
        answers = await asyncio.gather(*(staff.press(page, "acknowledge", reason=f"try {n}") for n in range(6)))
        done = sorted(answer.headers["location"].rpartition("=")[2] for answer in answers)
    assert done == ["acknowledged", *["before"] * 5]
    assert len(await events_of(stage, "alert.acknowledged")) == len(ids)
    assert len(await stage.rows("SELECT DISTINCT acknowledged_why FROM alerts")) == 1


async def test_an_auditor_sees_no_button_and_a_made_up_press_does_nothing(alarmed_stage: Stage) -> None:
    stage = alarmed_stage
    (alert,) = await put(stage, 1)
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser, "auditor")
        page = await staff.get(f"/alerts/{alert}")
        assert page.status_code == 200
        assert forms_of(page) == []
        token = await token_of(browser)
        answer = await browser.client.post(f"/console/alerts/{alert}", data={"csrf": token, "reason": "hide it"})
        assert answer.status_code >= 400
        assert "Only operators change things here" in answer.text
    assert await stage.rows("SELECT acknowledged_at FROM alerts") == [(None,)]


async def token_of(browser: Surfer) -> str:
    """What this browser's forms carry, from a page of theirs that has one."""
    page = await browser.get("/account")
    return next(each.fields["csrf"] for each in forms_of(page) if "csrf" in each.fields)


async def test_a_form_of_another_browser_and_one_whose_role_is_gone_do_nothing(sqlite_stage: Stage) -> None:
    (alert,) = await put(sqlite_stage, 1)
    async with Surfer(sqlite_stage) as browser, Surfer(sqlite_stage) as other:
        staff = await Staff.hired(browser)
        page = await staff.get(f"/alerts/{alert}")
        stolen = forms_of(page)[0]
        async with nothing_written(sqlite_stage):
            await other.get("/sign-in")
            assert (await other.submit(stolen, reason="mine")).status_code == 403
        await sqlite_stage.database.write(remove_operator, OPERATOR)
        assert (await browser.submit(stolen, reason="mine")).status_code == 303, "to the sign-in"
    assert await sqlite_stage.rows("SELECT acknowledged_at FROM alerts") == [(None,)]


async def test_a_list_goes_on_by_a_cursor_the_latest_first_and_shows_each_once(alarmed_stage: Stage) -> None:
    ids = await put(alarmed_stage, 60)
    async with Surfer(alarmed_stage) as browser:
        staff = await Staff.hired(browser)
        seen: list[str] = []
        path: str | None = "/alerts"
        while path is not None:
            text = await staff.see(path)
            seen += in_order(text, ids)
            path = further(text)
        assert seen == list(reversed(ids))
        assert len(in_order(await staff.see("/alerts?after=nonsense"), ids)) == 25
        assert len(in_order(await staff.see("/alerts?kind=nonsense&show=x&after=99-A"), ids)) == 25
        assert (await staff.get("/alerts?kind=a&kind=b")).status_code == 400


def further(text: str) -> str | None:
    """Where the next page is, below `/console`."""
    if 'rel="next"' not in text:
        return None
    return "/alerts" + text.partition('class="further">')[2].partition('href="')[2].partition('"')[0].replace(
        "&amp;", "&"
    )


async def test_acknowledged_alerts_leave_with_their_pushes_and_the_others_stay(
    database_url: str, tmp_path: Path
) -> None:
    targets = read_alert_targets("mailto:sec@example.com")
    async with alarmed(database_url, tmp_path, alerts=targets) as stage:
        login, _ = [await stolen_code(stage, address) for address in ("a@example.com", "b@example.com")]
        ((alert,),) = await stage.rows(f"SELECT id FROM alerts WHERE about = '{login}'")  # noqa: S608 - ours
        await stage.database.write(acknowledge_alerts, AcknowledgeAlerts((alert,), "a drill"))
        stage.clock.advance(30 * DAY - 1)
        await stage.sweep()
        assert (await stage.count("alerts"), await stage.count("alert_pushes")) == (2, 2)
        stage.clock.advance(1)
        await stage.sweep()
        assert [kept for (kept,) in await stage.rows("SELECT id FROM alerts")] != [alert]
        assert (await stage.count("alerts"), await stage.count("alert_pushes")) == (1, 1)


async def test_a_label_with_markup_has_no_way_into_an_alert(sqlite_stage: Stage) -> None:
    name = "<script>alert(1)</script>"
    await sqlite_stage.start(device_label=name)
    await report(sqlite_stage)
    async with Surfer(sqlite_stage) as browser:
        text = await (await Staff.hired(browser)).see("/alerts")
    assert "alert(1)" not in text


async def test_erasing_a_person_takes_out_what_was_typed_at_their_alerts_and_at_nobody_elses(
    alarmed_stage: Stage,
) -> None:
    stage, why = alarmed_stage, "ada@example.com called about it"
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        for address in ("ada@example.com", "bob@example.com", "eve@example.com"):
            stage.clock.advance(1)
            await (flood(stage, address) if address.startswith("eve") else stolen_code(stage, address))
        ids = [row[0] for row in await stage.rows("SELECT id FROM alerts ORDER BY raised_at")]
        for alert_id in ids:
            await staff.browser.submit(form_of(await staff.get(f"/alerts/{alert_id}"), reason=""), reason=why)
        assert len(ids) >= 3
        for address in ("ada@example.com", "eve@example.com"):
            await stage.database.write(erase_user, address)
        rows = await stage.rows(
            "SELECT l.address, a.acknowledged_why FROM alerts a JOIN logins l ON l.id = a.login_id ORDER BY a.raised_at"
        )
        assert dict(rows) == {"": "", "bob@example.com": why}
        await staff.see(f"/alerts/{ids[0]}")
