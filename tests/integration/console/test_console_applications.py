# SPDX-License-Identifier: Apache-2.0
"""Applications at the console: registered, changed, given other secrets and removed, by operators alone."""

import re
from html import unescape
from typing import Any

import httpx2
import pytest

from counterfoil_service.core.application import Application
from counterfoil_service.crypto.argon2 import verify_secret
from counterfoil_service.db import applications
from counterfoil_service.operations.remove_application import remove_application
from counterfoil_service.operations.remove_operator import remove_operator
from counterfoil_service.web.console import application
from counterfoil_service.web.console.access import act_freshly
from support.http import nothing_written
from support.staff import OPERATOR, Staff
from support.stage import ISSUER, Stage
from support.surfer import Surfer, form_of

BIDI = "\u202egnp.exe"


async def stored(stage: Stage, client_id: str) -> Application:
    found = await stage.database.read(applications.get, client_id)
    assert found is not None
    return found


async def said(stage: Stage, name: str) -> list[str]:
    rows = await stage.rows(f"SELECT fields FROM audit_events WHERE name = '{name}' ORDER BY position")  # noqa: S608 - ours
    return [row[0] for row in rows]


def secret_in(page: httpx2.Response) -> str:
    (found,) = re.findall(r'<output class="secret">([^<]+)</output>', page.text)
    return str(found)


async def register(staff: Staff, **typed: str | None) -> httpx2.Response:
    fields: dict[str, str | None] = {
        "name": "Ledger", "client_id": "ledger", "confidential": "no", "dpop": "required", "fingerprint": "optional",
        "new_devices": "notify", "same_device_only": "no", "mail_code": "no",
    }  # fmt: skip
    return await staff.press(await staff.get("/applications/new"), "add", **(fields | typed))


async def test_an_operator_registers_an_application_with_all_that_there_is(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        answer = await register(
            staff,
            redirect_uris="https://ledger.example/back\r\n\r\n http://127.0.0.1/back \r\nhttps://ledger.example/back",
            audiences="https://api.example\r\n",
            scopes="email  notes:read",
            fingerprint="off",
            new_devices="refuse",
            same_device_only="yes",
            colour="#0B5A45",
            logo_text="Led & ger",
        )
        assert answer.headers["location"] == f"{ISSUER}/console/applications/ledger?done=added"
        page = await browser.follow(answer)
        assert "The application is registered." in page.text
        assert "Led &amp; ger" in page.text
    made = await stored(stage, "ledger")
    assert made == Application(
        id="ledger",
        name="Ledger",
        scopes=("email", "notes:read"),
        audiences=("https://api.example",),
        dpop="required",
        fingerprint="off",
        created_at=made.created_at,
        redirect_uris=("https://ledger.example/back", "http://127.0.0.1/back"),
        new_devices="refuse",
        same_device_only=True,
        colour="#0b5a45",
        logo_text="Led & ger",
    )
    assert (await said(stage, "application.added"))[-1] == (
        f'{{"confidential":0,"name":"Ledger","operator":"{staff.operator_id}"}}'
    )


async def test_a_secret_is_shown_once_and_is_the_one_that_is_stored(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        page = await register(staff, confidential="yes", dpop="optional", redirect_uris="https://ledger.example/back")
        assert page.status_code == 200
        assert page.headers["cache-control"] == "no-store"
        secret = secret_in(page)
        made = await stored(sqlite_stage, "ledger")
        assert verify_secret(made.secret_hash or "", secret)
        assert secret not in await staff.see("/applications/ledger")
        assert secret not in str(await sqlite_stage.rows("SELECT * FROM audit_events"))


async def test_a_secret_needs_a_fresh_sign_in_and_what_was_typed_is_kept(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        sqlite_stage.clock.advance(300)
        async with nothing_written(sqlite_stage):
            page = await register(staff, confidential="yes", dpop="optional", name="Ledger <b>")
        assert page.status_code == 422
        assert "Sign in again in another tab" in page.text
        assert 'value="Ledger &lt;b&gt;"' in page.text
        assert re.search(r'id="confidential-yes"[^>]* checked', page.text)
        assert (await register(staff)).status_code == 422, "a public one may send codes anywhere, too"


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"client_id": "desk-app"}, "client_id", "in use"),
        ({"client_id": "counterfoil"}, "client_id", "service itself"),
        ({"client_id": "a b"}, "client_id", "1 to 100 characters"),
        ({"name": BIDI}, "name", "direction characters"),
        ({"name": None}, "name", "1 to 64 characters"),
        ({"scopes": 'a"b'}, "scopes", "printable ASCII"),
        ({"colour": "green"}, "colour", "hexadecimal"),
        ({"logo_text": "x" * 25}, "logo_text", "1 to 24 characters"),
        ({"dpop": "optional", "new_devices": "refuse"}, "new_devices", "choose that device keys are required"),
        ({"same_device_only": "yes"}, "same_device_only", "give it a redirect URI"),
        ({"mail_code": "yes", "dpop": "optional"}, "mail_code", "choose that device keys are required"),
        ({"redirect_uris": "https://ok.example/\nhttp://localhost/back"}, "redirect_uris", "Line 2 is not allowed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(
    sqlite_stage: Stage, typed: dict[str, Any], field: str, words: str
) -> None:
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        async with nothing_written(sqlite_stage):
            page = await register(staff, **({"audiences": "https://kept.example"} | typed))
    assert page.status_code == 422
    (error,) = re.findall(rf'id="{field}-error">([^<]*)<', page.text)
    assert words.lower() in unescape(error).lower()
    assert "--" not in error
    assert "https://kept.example" in page.text
    assert 'role="alert"' in page.text


async def test_redirect_uris_are_judged_line_by_line_with_the_rule_and_the_way_out(sqlite_stage: Stage) -> None:
    lines = "http://127.0.0.1/back\nhttp://localhost:1/back\nhttps://a.example/b?c=d\ncom.example.app:/x\nmyapp:/<b>"
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        form = form_of(await staff.get("/applications/new"))
        async with nothing_written(sqlite_stage):
            answer = await browser.client.post(
                "/console/applications/check", data={"csrf": form.fields["csrf"], "redirect_uris": lines}
            )
            page = await staff.press(await staff.get("/applications/new"), "check", redirect_uris=lines, name="Kept")
    assert answer.headers["content-type"] == "application/json"
    judged = answer.json()
    assert [(each["line"], each["ok"], each["kind"]) for each in judged] == [
        (1, True, "Loopback"),
        (2, False, None),
        (3, True, "Web address"),
        (4, True, "Private scheme"),
        (5, False, None),
    ]
    assert "Any port is allowed" in judged[0]["says"]
    assert "use 127.0.0.1" in judged[1]["says"]
    assert judged[1]["instead"] == "http://127.0.0.1:1/back"
    assert "RFC 8252" in judged[4]["says"]
    text = unescape(page.text)
    assert page.status_code == 200
    assert all(each["says"] in text for each in judged), "the page says the same without script"
    assert "myapp:/&lt;b&gt;" in page.text
    assert 'value="Kept"' in page.text


async def test_the_check_answers_nobody_from_elsewhere(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser, Surfer(sqlite_stage) as other:
        await Staff.hired(browser)
        theirs = form_of(await other.get("/sign-in")).fields["csrf"]
        for csrf in ("", theirs):
            answer = await browser.client.post("/console/applications/check", data={"csrf": csrf, "redirect_uris": "x"})
            assert answer.status_code == 403
        strange = {"csrf": theirs, "redirect_uris": "x"}
        assert (await other.client.post("/console/applications/check", data=strange)).status_code == 303


async def test_what_may_change_changes_and_the_log_says_what_and_by_whom(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        page = await staff.get("/applications/desk-app")
        typed = {"name": "Desk", "redirect_uris": "http://[::1]/back", "new_devices": "allow", "audiences": None}
        answer = await staff.press(page, "change", **typed)
        assert answer.headers["location"].endswith("/console/applications/desk-app?done=changed")
        again = await staff.press(page, "change", **typed)
        assert again.headers["location"].endswith("?done=same")
    changed = await stored(stage, "desk-app")
    assert (changed.name, changed.redirect_uris, changed.new_devices) == ("Desk", ("http://[::1]/back",), "allow")
    assert await said(stage, "application.changed") == [
        f'{{"names":"name redirect_uris new_devices","operator":"{staff.operator_id}"}}'
    ]


async def test_what_is_for_good_is_said_and_cannot_be_slipped_in(sqlite_stage: Stage) -> None:
    before = await stored(sqlite_stage, "desk-app")
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        page = await staff.get("/applications/desk-app")
        assert "People and devices rely on these" in page.text
        slipped = {"dpop": "optional", "client_id": "other", "mail_code": "yes", "scopes": "admin"}
        answer = await staff.press(page, "change", name="Desk App", new_devices="notify", **slipped)
        assert answer.headers["location"].endswith("?done=same")
    assert await stored(sqlite_stage, "desk-app") == before


async def test_a_new_secret_kills_the_old_one_at_once(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        old = secret_in(await register(staff, confidential="yes", dpop="optional", fingerprint="off"))
        ask = {"client_id": "ledger", "login_hint": "ada@example.com"}
        assert (await _asked(stage, ask, old)) == 200
        page = await staff.press(await staff.get("/applications/ledger"), "secret")
        new = secret_in(page)
        assert (await _asked(stage, ask, old)) == 401
        assert (await _asked(stage, ask, new)) == 200
        assert "Its secret" not in (await staff.see("/applications/ledger"))
    assert await said(stage, "application.changed") == [f'{{"names":"secret","operator":"{staff.operator_id}"}}']


async def _asked(stage: Stage, form: dict[str, str], secret: str) -> int:
    answer = await stage.client.post("/oauth/device_authorization", data=form, auth=("ledger", secret))
    return answer.status_code


async def test_a_public_application_is_given_no_secret(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        page = await staff.get("/applications/desk-app")
        assert "Make a new secret" not in page.text
        async with nothing_written(sqlite_stage):
            answer = await browser.submit(form_of(page), action="secret")
        assert answer.status_code == 422
        assert "registered as confidential" in answer.text
        assert (await stored(sqlite_stage, "desk-app")).secret_hash is None


async def test_removing_takes_the_typed_client_id_and_a_fresh_sign_in(stage: Stage) -> None:
    asked = await stage.start()
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        page = await staff.get("/applications/desk-app")
        async with nothing_written(stage):
            wrong = await staff.press(page, "remove", confirm="desk")
        assert wrong.status_code == 422
        assert "Type desk-app to remove it." in wrong.text
        stage.clock.advance(300)
        stale = await staff.press(page, "remove", confirm="desk-app")
        assert stale.status_code == 422
        assert re.search(r'name="confirm"[^>]* value="desk-app"', stale.text)
        assert "/sign-in?prompt=login&amp;return_to=/console/applications/desk-app" in stale.text
        await browser.sign_in(OPERATOR, "/sign-in?prompt=login")
        gone = await browser.follow(await staff.press(page, "remove", confirm="desk-app"))
        assert "The application is removed" in gone.text
        assert (await staff.get("/applications/desk-app")).status_code == 404
        assert (await staff.press(page, "remove", confirm="desk-app")).status_code == 404, "a second press"
    assert await said(stage, "application.removed") == [f'{{"operator":"{staff.operator_id}"}}']
    assert "login.denied" in await stage.names(asked.login_id) or "login.expired" in await stage.names(asked.login_id)


async def test_an_auditor_reads_all_of_it_and_changes_none(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser, Surfer(sqlite_stage) as theirs:
        operator, auditor = await Staff.hired(browser), await Staff.hired(theirs, "auditor")
        shown = await auditor.see("/applications/desk-app")
        assert "<form" not in shown
        assert "codes are typed" in shown
        assert "Register an application" not in await auditor.see("/applications")
        assert "auditors read" in (await auditor.get("/applications/new")).text
        csrf = re.findall(r'name="csrf" value="([^"]+)"', (await theirs.get("/account")).text)[0]
        page = await operator.get("/applications/desk-app")
        async with nothing_written(sqlite_stage):
            for action in ("change", "secret", "remove"):
                form = form_of(page)
                form.fields["csrf"] = csrf
                answer = await theirs.submit(form, action=action, confirm="desk-app", name="Mine")
                assert "auditors read" in answer.text, action
            form = form_of(await operator.get("/applications/new"))
            answer = await theirs.submit(form, csrf=csrf, name="Mine", client_id="mine", confidential="no")
            assert "auditors read" in answer.text


async def test_a_role_that_is_lost_between_page_and_press_changes_nothing(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        page = await staff.get("/applications/desk-app")
        await sqlite_stage.database.write(remove_operator, OPERATOR)
        async with nothing_written(sqlite_stage):
            assert (await staff.press(page, "change", name="Mine")).status_code == 303, "to the sign-in"


@pytest.mark.parametrize("client_id", ["new", "check", ".", ".."])
async def test_a_client_id_that_is_a_word_of_ours_has_a_page_all_the_same(sqlite_stage: Stage, client_id: str) -> None:
    await sqlite_stage.add_application(client_id, name="Oddly named")
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        (path,) = re.findall(r'<a href="([^"]+)"><bdi>Oddly named', await staff.see("/applications"))
        page = await browser.get(path)
        assert "Oddly named" in page.text
        assert (await staff.press(page, "change", name="Even odder")).status_code == 303
    assert (await stored(sqlite_stage, client_id)).name == "Even odder"


async def test_names_are_text_wherever_they_stand(sqlite_stage: Stage) -> None:
    await sqlite_stage.add_application("odd", name="<img src=x> שלום", logo_text="</code><b>")
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        for path in ("/applications", "/applications/odd"):
            text = await staff.see(path)
            assert "<img" not in text
            assert "<bdi>&lt;img src=x&gt; שלום</bdi>" in text


async def test_one_that_is_not_there_has_a_page_that_says_so_and_ours_is_no_application(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        for name in ("nobody", "counterfoil", "%00", "a%2Fb"):
            assert (await staff.get(f"/applications/{name}")).status_code in {400, 404}, name
        await sqlite_stage.database.write(remove_application, "desk-app")
        assert "nobody can ask for a link" in await staff.see("/applications")


@pytest.mark.parametrize("action", ["secret", "remove"])
async def test_an_application_that_somebody_removes_between_the_look_and_the_deed_leads_to_the_list(
    sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    async def faster(*args: Any, **named: Any) -> Any:
        await sqlite_stage.database.write(remove_application, "ledger")
        return await act_freshly(*args, **named)

    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        await register(staff, confidential="yes", dpop="optional")
        page = await staff.get("/applications/ledger")
        monkeypatch.setattr(application, "act_freshly", faster)
        late = await browser.follow(await staff.press(page, action, confirm="ledger"))
        assert late.url.path == "/console/applications"
        assert "somebody removed this application meanwhile" in late.text
