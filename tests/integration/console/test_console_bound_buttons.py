# SPDX-License-Identifier: Apache-2.0
"""A button acts on what its page is about and on nothing else, and nothing costly is done for whoever may not."""

import contextlib
from collections.abc import AsyncIterator

import pytest

from counterfoil_service.core.operator import Role
from counterfoil_service.web.console import application, applications
from support.auditor import Auditor
from support.http import is_page
from support.people import person_of, told
from support.staff import Staff
from support.stage import Stage
from support.surfer import Surfer, forms_of
from support.tokens import sign_in

ADA = "ada@example.com"
BOB = "bob@example.com"
NEW = {
    "name": "Ledger", "client_id": "ledger", "confidential": "no", "dpop": "required", "fingerprint": "optional",
    "new_devices": "notify", "same_device_only": "no", "mail_code": "no",
}  # fmt: skip


@contextlib.asynccontextmanager
async def hired(stage: Stage, role: Role = "operator") -> AsyncIterator[tuple[Staff, str]]:
    """Somebody of the staff, and the token of their forms."""
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser, role)
        yield staff, forms_of(await staff.get("/logins"))[0].fields["csrf"]


@pytest.mark.parametrize("action", ["end_session", "forget", "enrol"])
async def test_a_persons_page_ends_and_lets_in_nothing_of_somebody_else(stage: Stage, action: str) -> None:
    await sign_in(stage, ADA)
    bobs = await sign_in(stage, BOB)
    (row,) = await stage.rows(f"SELECT id, device_id FROM sessions WHERE id = '{bobs.session_id}'")  # noqa: S608 - ours
    async with hired(stage) as (staff, csrf):
        before = await stage.rows("SELECT * FROM devices"), await stage.rows("SELECT id, ended_at FROM sessions")
        page = await person_of(staff, ADA)
        (named,) = {each.action for each in forms_of(page) if ("action", "end_session") in each.buttons}
        for chosen in (row[0], row[1], "x"):
            answer = await staff.browser.client.post(named, data={"csrf": csrf, "action": action, "id": chosen})
            is_page(answer, 422)
        after = await stage.rows("SELECT * FROM devices"), await stage.rows("SELECT id, ended_at FROM sessions")
        assert after == before
    assert await told(stage, "session.ended") == []


async def test_a_colleagues_page_revokes_their_tokens_alone_and_says_where_nothing_was_done(stage: Stage) -> None:
    auditor = await Auditor.hired(stage)
    async with hired(stage) as (staff, csrf):
        own = f"/console/operators/{staff.operator_id}"
        for place, token, status in (
            (own, auditor.token_id, 422),
            (own, "01KAG0T4B7C9D2F5H8K1M4P7RS", 422),
            ("/console/operators/x%0D%0ASet-Cookie:a=b", auditor.token_id, 404),
            ("/console/operators/01KAG0T4B7C9D2F5H8K1M4P7RS", auditor.token_id, 404),
        ):
            data = {"csrf": csrf, "action": "revoke", "token": token}
            answer = await staff.browser.client.post(place, data=data)
            text = is_page(answer, status)
            assert "location" not in answer.headers
            assert ("revoked already" in text) is (status == 422)
        assert (await auditor.get("/audit/events")).status_code == 200
        theirs = f"/console/operators/{auditor.operator_id}"
        data = {"csrf": csrf, "action": "revoke", "token": auditor.token_id}
        assert (await staff.browser.client.post(theirs, data=data)).status_code == 303
        assert "revoked already" in is_page(await staff.browser.client.post(theirs, data=data), 422)
        assert (await auditor.get("/audit/events")).status_code == 401


async def test_a_stale_sign_in_registers_and_changes_no_application_and_keeps_what_was_typed(stage: Stage) -> None:
    async with hired(stage) as (staff, _):
        pages = [await staff.get("/applications/new"), await staff.get("/applications/desk-app")]
        before = await stage.rows("SELECT * FROM applications")
        stage.clock.advance(301)
        evil = "https://evil.example/back"
        typed = {"redirect_uris": evil, "audiences": "https://evil.example", "new_devices": "allow"}
        for page, answer in (
            (pages[0], await staff.press(pages[0], "add", **(NEW | typed))),
            (pages[1], await staff.press(pages[1], "change", name="Desk", **typed)),
        ):
            text = is_page(answer, 422)
            assert "a sign-in of less than five minutes ago" in text, page
            assert evil in text
        assert await stage.rows("SELECT * FROM applications") == before
        await staff.browser.sign_in("olga@example.com", "/sign-in?prompt=login")
        assert (await staff.press(await staff.get("/applications/new"), "add", **NEW)).status_code == 303


async def test_a_stale_sign_in_lets_no_refused_device_in(stage: Stage) -> None:
    await sign_in(stage, ADA)
    ((device_id,),) = await stage.rows("SELECT id FROM devices")
    async with hired(stage) as (staff, csrf):
        stage.clock.advance(301)
        page = f"/console/devices/{device_id}"
        answer = await staff.browser.client.post(page, data={"csrf": csrf, "action": "enrol"})
        assert answer.status_code == 303
        assert answer.headers["location"].endswith("&prompt=login")
    assert await told(stage, "device.enrolled") == []


@pytest.mark.parametrize("why", ["auditor", "stale"])
async def test_no_secret_is_hashed_for_whoever_may_not_have_one(
    sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    hashed = list[str]()

    def note(secret: str) -> str:
        hashed.append(secret)
        return "$argon2id$"

    for module in (application, applications):
        monkeypatch.setattr(module, "hash_secret", note)
    async with hired(sqlite_stage, "auditor" if why == "auditor" else "operator") as (staff, csrf):
        if why == "stale":
            sqlite_stage.clock.advance(301)
        for place, data in (
            ("/console/applications/new", NEW | {"action": "add", "confidential": "yes"}),
            ("/console/applications/desk-app", {"action": "secret"}),
        ):
            answer = await staff.browser.client.post(place, data={"csrf": csrf} | data)
            assert answer.status_code == (403 if why == "auditor" else answer.status_code)
            assert answer.status_code in {303, 403, 422}
    assert hashed == []
