# SPDX-License-Identifier: Apache-2.0
"""An operator's other work: alerts, devices, applications with code to copy, and who else may come in."""

import subprocess
import sys
from pathlib import Path

import httpx2

from counterfoil_client import DeviceNotEnrolled
from journeys.conftest import OpenDesktop
from journeys.console_world import World
from journeys.databases import rows
from support.background import wait_until
from support.mailserver import MailServer
from support.phone import Phone


def test_alerts_are_looked_into_one_by_one_and_several_at_once(world: World) -> None:
    with world.visitor("operator", "/alerts") as olga:
        count = int(olga.phone.run(olga.phone.page.locator("nav .count").inner_text()).split()[0])
        assert count > 5
        olga.follow("A used token came again")
        assert olga.shows("malware"), "it says what to do"
        olga.type("Why can it be closed?", "restored from a backup; she told so herself")
        olga.press("Acknowledge this alert")
        assert olga.shows("restored from a backup")

        olga.visit("/alerts?kind=device.changed")
        boxes = olga.phone.page.get_by_role("checkbox")
        ticked = olga.phone.run(boxes.count())
        for number in range(ticked):
            olga.phone.run(boxes.nth(number).check())
        olga.type("Why can it be closed?", "the fleet got new processors")
        olga.press("Acknowledge them")
        assert olga.shows("No open alerts of this kind")
        olga.visit("/alerts")
        left = int(olga.phone.run(olga.phone.page.locator("nav .count").inner_text()).split()[0])
        assert left == count - 1 - ticked


def test_a_device_that_differs_says_how_and_is_forgotten(world: World) -> None:
    with world.visitor("operator", "/devices?show=differing") as olga:
        first = olga.phone.page.locator("tbody th a").first
        href = olga.phone.run(first.get_attribute("href"))
        assert href is not None
        olga.visit(href.partition("/console")[2])
        assert olga.shows("differs now")
        assert olga.shows("Different:")
        olga.open("Forget…")
        olga.press("Forget")
        assert "forgotten" in olga.message.lower() or "forgotten" in olga.phone.text.lower()
        olga.visit(href.partition("/console")[2], 404)


def test_an_application_is_added_with_its_rules_explained_and_its_snippet_signs_in(
    world: World, mail: MailServer, phone: Phone, tmp_path: Path, address: str
) -> None:
    client_id = address.partition("@")[0]
    with world.visitor("operator", "/applications") as olga:
        olga.follow("Register an application")
        olga.type("Name", "Garden Planner")
        olga.type("Client id, for good", client_id)
        olga.type("Redirect URIs, one a line", "http://garden.example/back")
        wait_until(lambda: olga.shows("Not allowed"), "the server to judge what is typed")
        olga.press("Register it")
        assert olga.phone.page.url.endswith("/applications/new"), "nothing is registered that is wrong"
        assert olga.value("Name") == "Garden Planner", "nothing that was typed is lost"
        olga.type("Redirect URIs, one a line", "")
        olga.press("Register it")
        assert olga.phone.heading == "Garden Planner"
        snippet = olga.phone.run(olga.phone.page.locator("#snippet").inner_text())

        program = tmp_path / "app.py"
        program.write_text(snippet, "utf-8")
        with subprocess.Popen(
            [sys.executable, "-u", str(program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**world.service.environ, "HOME": str(tmp_path)},
        ) as running:
            assert running.stdin is not None
            assert running.stdout is not None
            running.stdin.write(f"{address}\n")
            running.stdin.flush()
            said = running.stdout.readline()
            assert phone.approve(mail.letter_to(address).link, said.split()[-1]) == 200
            assert "Signed in as" in running.stdout.readline()
            assert running.wait(15) == 0

        olga.visit(f"/applications/{client_id}")
        olga.type("Name", "Garden Planner 2")
        olga.press("Save the changes")
        assert olga.phone.heading == "Garden Planner 2"
        olga.type("Type its client id to confirm", "something else")
        olga.press("Remove the application")
        olga.type("Type its client id to confirm", client_id)
        olga.press("Remove the application")
        olga.visit(f"/applications/{client_id}", 404)


def test_a_device_that_waits_is_let_in_and_its_next_sign_in_succeeds(
    world: World, mail: MailServer, phone: Phone, desktop: OpenDesktop, address: str
) -> None:
    world.service.told("applications", "add", "Vault", "--client-id", (vault := f"vault-{address[4:16]}"))
    with world.visitor("operator", f"/applications/{vault}") as olga:
        assert olga.ticked("Notify.")
        olga.choose("Refuse.")
        olga.press("Save the changes")
        assert olga.ticked("Refuse.")

        device = desktop(world.service, client_id=vault)
        refused = device.ask(address)
        assert phone.approve(mail.letter_to(address).link, refused.user_code) == 200
        assert type(refused.error()) is DeviceNotEnrolled
        ((waiting,),) = rows(world.url, "SELECT id FROM devices WHERE application_id = ?", vault)
        olga.visit(f"/devices/{waiting}")
        assert olga.shows("nobody has let this one in yet")
        olga.press("Let in")
        assert "known from now on" in olga.message

        asked = device.ask(address)
        assert phone.approve(mail.wait_for(address, 2)[-1].link, asked.user_code) == 200
        assert asked.session().subject


def test_a_new_secret_is_shown_once_and_is_another(world: World, address: str) -> None:
    client_id = address.partition("@")[0]
    with world.visitor("operator", "/applications/new") as olga:
        olga.type("Name", "Ledger")
        olga.type("Client id, for good", client_id)
        olga.type("Redirect URIs, one a line", "https://ledger.example/callback")
        olga.choose("Confidential.")
        olga.press("Register it")
        first = olga.secret
        olga.press("Make a new secret")
        second = olga.secret
        assert first != second
        olga.visit(f"/applications/{client_id}")
        assert first not in olga.phone.html
        assert second not in olga.phone.html


def test_an_auditor_is_let_in_gets_a_token_and_loses_both(world: World, address: str) -> None:
    with world.visitor("operator", "/operators") as olga:
        olga.type("E-mail address", address)
        olga.choose("Auditor.")
        olga.press("Give the role")
        olga.follow(address)
        olga.press("Make a token")
        token = olga.secret
        with httpx2.Client(headers={"Authorization": f"Bearer {token}"}, trust_env=False) as auditor:
            events = f"{world.service.public_url}/audit/events"
            assert auditor.get(events).status_code == 200
            olga.follow("Operators")
            olga.follow(address)
            assert token not in olga.phone.html
            olga.press_first("Revoke the token")
            assert auditor.get(events).status_code == 401
        olga.type("Type the address to confirm", address)
        olga.press("Take the role away")
        assert rows(world.url, "SELECT id FROM operators WHERE address = ?", address) == []
