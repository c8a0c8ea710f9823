# SPDX-License-Identifier: Apache-2.0
"""Each file in examples/ does what its first lines promise, for people and against strangers.

The API and the website are processes of their own; the terminal application is driven key by key, and once in a real
terminal. The service runs on SQLite: no example can tell engines apart.
"""

import asyncio
import base64
import hashlib
import os
import pty
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from axe_playwright_python.async_playwright import Axe

from counterfoil_client import Client, MemoryStore, Session
from journeys.crowd import device_of
from journeys.example_reader import opened, terminal_app
from journeys.example_visitor import visitor
from journeys.example_world import EXAMPLES, ExampleProcess, World, registration
from support.background import LoopThread
from support.mailserver import MailServer
from support.phone import Browser, Phone, Scheme
from support.processes import free_port

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, mail: MailServer) -> Iterator[World]:
    """The service and the API, for all stories here."""
    made = World(tmp_path_factory.mktemp("examples"), mail)
    with made.service, made.api:
        yield made


def test_the_readme_registers_the_same_applications() -> None:
    readme = " ".join((EXAMPLES / "README.md").read_text("utf-8").replace("\\\n", " ").split())
    for name in ("terminal_app", "web_app"):
        assert registration(EXAMPLES / f"{name}.py") in readme


def signed_in(world: World, phone: Phone, address: str, client_id: str = "notes-terminal") -> Session:
    """A session of some application whose person has a phone."""
    with Client(world.issuer, client_id, store=MemoryStore()) as client:
        login = client.start_login(address)
        assert phone.approve(world.mail.letter_to(address).link, login.user_code) == 200
        return login.wait(timeout=30)


async def test_a_person_signs_in_once_per_device_and_out_again(
    world: World, phone: Phone, address: str, tmp_path: Path
) -> None:
    async with opened(world, tmp_path) as terminal:
        letter, code = await terminal.asks(address)
        await terminal.sees(f"Open the link sent to {address}")
        assert terminal_app.large(code) in terminal.text
        await terminal.sees("Waiting for you · 9:5")
        assert await asyncio.to_thread(phone.approve, letter.link, code) == 200
        await terminal.sees(f"Notes of {address}")
        await terminal.types("Buy [b]milk[/b]")
        await terminal.sees("Buy [b]milk[/b]")

    async with opened(world, tmp_path) as terminal:
        await terminal.sees("Buy [b]milk[/b]")
        assert f"Notes of {address}" in terminal.text
        await terminal.pilot.press("ctrl+o")
        await terminal.sees("You are signed out.")
        assert terminal.screen == "AddressScreen"
    assert address not in world.service.told("sessions", "list", address, "--json")

    async with opened(world, tmp_path) as terminal:
        await terminal.on("AddressScreen")


async def test_on_the_same_computer_no_code_is_typed(
    world: World, browser: Browser, address: str, tmp_path: Path
) -> None:
    async with opened(world, tmp_path) as terminal:
        letter, _ = await terminal.asks(address)
        returned = await asyncio.to_thread(_press_here, browser, letter.link)
        assert returned.startswith("http://127.0.0.1:")
        await terminal.sees(f"Notes of {address}")


def _press_here(browser: Browser, link: str) -> str:
    """Where the browser of this computer ends up."""
    with browser.phone(is_mobile=False) as page:
        page.open(link)
        page.press("I am on the computer where I started")
        page.hosts.clear()  # it is meant to leave the service
        return str(page.page.url)


async def test_escape_gives_the_sign_in_up_and_its_link_dies(
    world: World, phone: Phone, address: str, tmp_path: Path
) -> None:
    async with opened(world, tmp_path) as terminal:
        letter, _ = await terminal.asks(address)
        await terminal.pilot.press("escape")
        await terminal.on("AddressScreen")
        assert await asyncio.to_thread(phone.open, letter.link) == 410


async def test_a_no_on_the_phone_is_told_with_the_way_out(
    world: World, phone: Phone, address: str, tmp_path: Path
) -> None:
    async with opened(world, tmp_path) as terminal:
        letter, _ = await terminal.asks(address)
        await asyncio.to_thread(phone.open, letter.link)
        assert await asyncio.to_thread(phone.press, "Reject") == 200
        await terminal.on("AddressScreen")
        await terminal.sees("The sign-in was denied. If it was you, start again and approve the new mail.")


async def test_a_session_that_was_ended_elsewhere_leads_back_to_the_sign_in(
    world: World, phone: Phone, address: str, tmp_path: Path
) -> None:
    async with opened(world, tmp_path) as terminal:
        letter, code = await terminal.asks(address)
        await asyncio.to_thread(phone.approve, letter.link, code)
        await terminal.sees(f"Notes of {address}")
        world.service.told("sessions", "revoke", "--user", address, "--yes")
        await terminal.pilot.press("ctrl+r")
        await terminal.on("AddressScreen")
        await terminal.sees("The session is over. Sign in again.")


async def test_where_nobody_answers_the_person_may_try_again(world: World, address: str, tmp_path: Path) -> None:
    async with opened(world, tmp_path, f"http://127.0.0.1:{free_port()}") as terminal:
        await terminal.on("AddressScreen")
        await terminal.types(address)
        await terminal.sees("Check the network connection and try again.")
        await terminal.on("AddressScreen")


def test_it_starts_in_a_real_terminal_and_leaves_by_ctrl_q(world: World, tmp_path: Path) -> None:
    environ = {"ISSUER": world.issuer, "API_URL": world.api_url, "DATA_DIR": str(tmp_path), "TERM": "xterm-256color"}
    ours, theirs = pty.openpty()
    program = [sys.executable, str(EXAMPLES / "terminal_app.py")]
    process = subprocess.Popen(
        program, env={**os.environ, **environ}, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    shown = _read_until(ours, b"Send me the link")
    os.write(ours, b"\x11")
    shown += _read_until(ours, b"\x1b[?1049l")
    assert process.wait(30) == 0
    os.close(ours)
    assert b"Traceback" not in shown


def _read_until(terminal: int, wanted: bytes) -> bytes:
    deadline = time.monotonic() + 30
    shown = b""
    while wanted not in shown:
        assert time.monotonic() < deadline, shown.decode(errors="replace")
        shown += os.read(terminal, 65_536)
    return shown


def test_everybody_reads_their_own_notes_alone(world: World, browser: Browser, address: str) -> None:
    with browser.phone() as phone:
        hers = signed_in(world, phone, address)
        his = signed_in(world, phone, f"bob-{address}")
    with httpx2.Client(base_url=world.api_url, auth=hers.auth) as http:
        assert http.post("/notes", json={"text": "hers"}).status_code == 201
        assert http.get("/notes").json() == [{"text": "hers"}]
        assert http.post("/notes", json={"text": ""}).status_code == 400
    with httpx2.Client(base_url=world.api_url, auth=his.auth) as http:
        assert http.get("/notes").json() == []


def test_the_api_refuses_who_brings_nothing_or_too_little(world: World, phone: Phone, address: str) -> None:
    with httpx2.Client(base_url=world.api_url) as http:
        nothing = http.get("/notes")
        assert nothing.status_code == 401
        assert nothing.headers["WWW-Authenticate"] == 'DPoP algs="ES256"'

        reader = signed_in(world, phone, address, "reader")
        assert http.get("/notes", auth=reader.auth).json() == []
        refused = http.post("/notes", json={"text": "no"}, auth=reader.auth)
        assert refused.status_code == 403
        assert 'error="insufficient_scope"' in refused.headers["WWW-Authenticate"]
        assert 'scope="notes:write"' in refused.headers["WWW-Authenticate"]


def test_a_stolen_token_opens_nothing_without_its_key(world: World, phone: Phone, address: str) -> None:
    session = signed_in(world, phone, address)
    with httpx2.Client(base_url=world.api_url) as http:
        downgraded = http.get("/notes", headers={"Authorization": f"Bearer {session.access_token}"})
        assert downgraded.status_code == 401
        assert downgraded.headers["WWW-Authenticate"].startswith('DPoP error="invalid_token"')

        without = http.get("/notes", headers={"Authorization": f"DPoP {session.access_token}"})
        assert without.status_code == 401

        ath = base64.urlsafe_b64encode(hashlib.sha256(session.access_token.encode()).digest()).rstrip(b"=").decode()
        proof = device_of(world.api_url).proof("/notes", method="GET", ath=ath)
        stolen = http.get("/notes", headers={"Authorization": f"DPoP {session.access_token}", "DPoP": proof})
        assert stolen.status_code == 401
        assert stolen.json()["extra"]["error"] == "invalid_dpop_proof"

        again = http.get("/notes", headers=_overheard(world, session))
        assert again.status_code == 401
        assert 'error="invalid_dpop_proof"' in again.headers["WWW-Authenticate"]


def _overheard(world: World, session: Session) -> dict[str, str]:
    """The headers of a call that the API has answered already."""
    with httpx2.Client(auth=session.auth) as http:
        answer = http.get(f"{world.api_url}/notes")
    assert answer.status_code == 200
    sent = answer.request.headers
    return {"Authorization": sent["authorization"], "DPoP": sent["dpop"]}


@pytest.fixture(scope="module")
def site(world: World) -> Iterator[ExampleProcess]:
    """The website."""
    with world.site as running:
        yield running


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_the_website_needs_one_tap_where_the_mail_is_opened_in_the_same_browser(
    world: World, site: ExampleProcess, browser: Browser, address: str, *, script: bool
) -> None:
    with visitor(browser, world, java_script_enabled=script) as ada:
        ada.tap(ada.ask(address))
        ada.sees("Welcome")
        assert address in ada.phone.text
        assert "code=" not in site.log


def test_the_website_goes_on_by_itself_once_a_phone_typed_the_code(
    world: World, site: ExampleProcess, browser: Browser, phone: Phone, address: str
) -> None:
    with visitor(browser, world) as ada:
        letter = ada.ask(address)
        assert phone.approve(letter.link, ada.code) == 200
        ada.sees("Welcome")
        assert address in ada.phone.text
    assert site.log


def test_signing_out_ends_the_session_here_and_at_the_service(
    world: World, site: ExampleProcess, browser: Browser, address: str
) -> None:
    with visitor(browser, world) as ada:
        ada.tap(ada.ask(address))
        ada.sees("Welcome")
        copied = ada.cookie("session")
        assert _home(site, copied).count(address) == 1
        assert '"hello-site"' in world.service.told("sessions", "list", address, "--json")

        assert ada.phone.press("Sign out") == 200
        ada.sees("Hello, stranger")
        assert address not in _home(site, copied)
        assert '"hello-site"' not in world.service.told("sessions", "list", address, "--json")

        ada.begin()
        ada.sees("Welcome")


def test_a_sign_in_gives_the_website_a_new_session_whatever_cookie_was_there(
    world: World, site: ExampleProcess, browser: Browser, address: str
) -> None:
    with visitor(browser, world) as ada:
        ada.plant("session", "planted")
        ada.tap(ada.ask(address))
        ada.sees("Welcome")
        first = ada.cookie("session")
        assert address not in _home(site, "planted")

        ada.phone.run(ada.phone.page.goto(f"{world.site_url}/sign-in"))
        ada.sees("Welcome")
        assert ada.cookie("session") not in {"planted", first}
        assert address not in _home(site, first)


@pytest.mark.parametrize(
    ("field", "sentence"),
    [("state", "This sign-in was not begun here"), ("iss", "The answer came from somebody else")],
)
def test_the_website_refuses_an_answer_to_another_question_or_from_another_service(
    world: World, site: ExampleProcess, browser: Browser, address: str, field: str, sentence: str
) -> None:
    with visitor(browser, world) as ada:
        ada.tap(ada.ask(address))
        ada.sees("Welcome")
        assert ada.phone.press("Sign out") == 200
        assert ada.phone.open(ada.answer(**{field: "https://id.attacker.example"})) == 400
        assert sentence in ada.phone.text
        assert ada.cookie("session") == ""
        assert address not in ada.phone.text
    assert '"hello-site"' not in world.service.told("sessions", "list", address, "--json"), site.log


def test_a_callback_that_nobody_began_here_signs_nobody_in(
    world: World, site: ExampleProcess, browser: Browser, address: str
) -> None:
    """Login CSRF: an attacker's own code in a victim's browser."""
    with visitor(browser, world) as mallory:
        mallory.tap(mallory.ask(address))
        mallory.sees("Welcome")
        trap = mallory.answer()
    with visitor(browser, world) as ada:
        assert ada.phone.open(trap) == 400
        assert "This sign-in was not begun here" in ada.phone.text
        assert ada.cookie("session") == ""
    assert "code=" not in site.log


def test_another_site_cannot_press_sign_out(world: World, site: ExampleProcess, browser: Browser, address: str) -> None:
    with visitor(browser, world) as ada:
        ada.tap(ada.ask(address))
        ada.sees("Welcome")
        cookies = {"session": ada.cookie("session")}
        for origin in ({"Origin": "https://attacker.example"}, {"Origin": "null"}, {}):
            assert httpx2.post(f"{site.url}/sign-out", headers=origin, cookies=cookies).status_code == 400
        assert address in _home(site, cookies["session"])


def _home(site: ExampleProcess, session: str) -> str:
    """What the website shows to whoever has this cookie."""
    return httpx2.get(site.url, cookies={"session": session}).text


def test_the_websites_pages_serve_everybody(
    world: World, site: ExampleProcess, browser: Browser, loop: LoopThread, address: str
) -> None:
    with visitor(browser, world) as ada:
        for path, status in (("/", 200), ("/callback", 400)):
            assert ada.phone.open(site.url + path) == status
            _check_with_axe(ada.phone, loop)
        ada.tap(ada.ask(address))
        ada.sees("Welcome")
        _check_with_axe(ada.phone, loop)


def _check_with_axe(phone: Phone, loop: LoopThread) -> None:
    """Small and large, light and dark."""
    for width in (320, 1200):
        for scheme in SCHEMES:
            phone.look(width, 800, scheme)
            found = loop.run(Axe().run(phone.page, options={"runOnly": STANDARDS}))
            assert found.violations_count == 0, found.generate_snapshot()
            assert phone.run(phone.page.evaluate("document.documentElement.scrollWidth")) <= width
