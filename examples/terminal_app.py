# SPDX-License-Identifier: Apache-2.0
# /// script
# requires-python = ">=3.11"
# dependencies = ["counterfoil-client", "httpx2", "textual>=8,<9"]
# [tool.uv.sources]
# counterfoil-client = { path = "../client_sdk" }
# ///
"""A terminal application: a person signs in once on this device, and it calls an API in their name.

Register it once, where the service's settings are in the environment:

    counterfoil applications add "Notes" --client-id notes-terminal \
        --scope email --scope notes:read --scope notes:write \
        --audience http://127.0.0.1:8001 --redirect-uri http://127.0.0.1/callback

Then start `protected_api.py`, which keeps the notes, and

    uv run examples/terminal_app.py

Environment: ISSUER (default http://127.0.0.1:8080), CLIENT_ID (notes-terminal), API_URL (http://127.0.0.1:8001), and
DATA_DIR, where key and session are kept (by default the user's data directory).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import ClassVar

import httpx2
from textual import on, work
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Center, Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import Button, Footer, Input, Label, LoadingIndicator, ProgressBar

from counterfoil_client import (
    AsyncClient,
    AsyncPendingLogin,
    CounterfoilError,
    FileStore,
    LoginCancelled,
    Progress,
    Session,
    SessionEnded,
)

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
ART = """\
█▀▀▀▄ ▄▀▀▀▄ █▀▀▀▄ █▀▀▀▀ ▄▀▀▀▄ █   █   ▀█▀ █  ▄▀ █     █▄ ▄█
█▄▄▄▀ █     █   █ █▄▄▄  █ ▄▄▄ █▄▄▄█    █  █▄▀   █     █ █ █
█   █ █   ▄ █   █ █     █   █ █   █ ▄  █  █ ▀▄  █     █   █
▀▀▀▀   ▀▀▀  ▀▀▀▀  ▀      ▀▀▀▀ ▀   ▀  ▀▀   ▀   ▀ ▀▀▀▀▀ ▀   ▀
█▄  █ █▀▀▀▄ ▄▀▀▀▄ █▀▀▀▄ ▄▀▀▀▀ ▀▀█▀▀ █   █ █   █ █   █ ▀▀▀▀█
█▀▄ █ █▄▄▄▀ █   █ █▄▄▄▀ ▀▄▄▄    █   █   █ █ ▄ █  ▀▄▀    ▄▀
█  ██ █     █ ▀▄▀ █ ▀▄      █   █   ▀▄ ▄▀ █▄▀▄█ ▄▀ ▀▄ ▄▀
▀   ▀ ▀      ▀▀ ▀ ▀   ▀ ▀▀▀▀    ▀     ▀   ▀   ▀ ▀   ▀ ▀▀▀▀▀
""".splitlines()
"""Each letter of the alphabet five wide and four high, ten letters beside each other."""


class AddressScreen(Screen[str]):
    """Asks who wants to sign in."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address

    def compose(self) -> ComposeResult:
        """One field, one button."""
        with Center(classes="page"), Vertical(classes="card"):
            yield Label("Sign in to Notes", classes="title")
            yield Label("You get a mail with a link. There is no password.", classes="quiet")
            yield Input(self.address, placeholder="you@example.com")
            yield Button("Send me the link", variant="primary", classes="last")
        yield Footer()

    @on(Input.Submitted)
    @on(Button.Pressed)
    def send(self) -> None:
        """Hand over what was typed."""
        if address := self.query_one(Input).value.strip():
            self.dismiss(address)


class CodeScreen(Screen[None]):
    """Shows the code while the application waits."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "start_again", "Start again")]

    def __init__(self, address: str, login: AsyncPendingLogin) -> None:
        super().__init__()
        self.address = address
        self.login = login

    def compose(self) -> ComposeResult:
        """The code, to be read across a room, and how long it is good for."""
        with Center(classes="page"), Vertical(classes="card"):
            yield Label("Check your mail", classes="title")
            yield Label(f"Open the link sent to {self.address}\nand type this code there:", markup=False)
            yield Label(large(self.login.user_code), id="code", markup=False)
            yield ProgressBar(total=self.seconds_left, show_percentage=False, show_eta=False)
            yield Label(id="left")
            yield Label("Opened on this computer, the link needs no code.", classes="quiet last")
        yield Footer()

    def on_mount(self) -> None:
        """Let the time run."""
        self.waiting = "Waiting for you"
        self.tick()
        self.set_interval(1, self.tick)

    @property
    def seconds_left(self) -> int:
        """Until the login ends by itself."""
        return max(0, int((self.login.expires_at - datetime.now(UTC)).total_seconds()))

    def tick(self) -> None:
        """Show the time that is left."""
        minutes, seconds = divmod(self.seconds_left, 60)
        self.query_one(ProgressBar).update(progress=self.seconds_left)
        self.query_one("#left", Label).update(f"{self.waiting} · {minutes}:{seconds:02} left")

    def show(self, progress: Progress) -> None:
        """Say so when the service is silent: the wait goes on."""
        self.waiting = "No connection, trying again" if progress.state == "unreachable" else "Waiting for you"

    async def action_start_again(self) -> None:
        """Give this login up, which ends the wait for it."""
        with suppress(CounterfoilError):
            await self.login.cancel()


def large(code: str) -> str:
    """Four lines of large letters; what is not in the alphabet, such as the hyphen, stays small."""

    def part(letter: str, line: int) -> str:
        if letter not in ALPHABET:
            return letter if line == 1 else " "
        half, place = divmod(ALPHABET.index(letter), 10)
        return ART[4 * half + line][6 * place : 6 * place + 5].ljust(5)

    return "\n".join("  ".join(part(letter, line) for letter in code) for line in range(4))


class NotesScreen(Screen[SessionEnded | None]):
    """Shows a person's notes. Its result is why the session is over, or None when the person wants to sign out."""

    BINDINGS: ClassVar[list[BindingType]] = [("ctrl+r", "load", "Reload"), ("ctrl+o", "dismiss", "Sign out")]

    def __init__(self, http: httpx2.AsyncClient, issuer: str, api: str) -> None:
        super().__init__()
        self.http = http
        self.issuer = issuer
        self.api = api

    def compose(self) -> ComposeResult:
        """Who is signed in, the notes, and a place for a new one."""
        yield Label("…", id="who", markup=False)
        yield VerticalScroll(id="notes")
        yield Input(placeholder="Write a note and press Enter")
        yield Footer()

    def on_mount(self) -> None:
        """Look once."""
        self.query_one(Input).focus()
        self.action_load()

    @work(exclusive=True)
    async def action_load(self) -> None:
        """Ask the service who this is, and the API for the notes: each call carries its own proof of the key."""
        with self.failures():
            person = (await self.http.get(f"{self.issuer}/oauth/userinfo")).raise_for_status().json()
            self.query_one("#who", Label).update(f"Notes of {person['email']}")
            notes = (await self.http.get(f"{self.api}/notes")).raise_for_status().json()
            shown = self.query_one("#notes", VerticalScroll)
            await shown.remove_children()
            # No markup: what a person writes is text, brackets included.
            await shown.mount_all(Label(note["text"], classes="note", markup=False) for note in notes)
            shown.scroll_end(animate=False)

    @on(Input.Submitted)
    @work
    async def write(self, event: Input.Submitted) -> None:
        """Keep one more note."""
        if not event.value.strip():
            return
        with self.failures():
            (await self.http.post(f"{self.api}/notes", json={"text": event.value})).raise_for_status()
            event.input.clear()
            self.action_load()

    @contextmanager
    def failures(self) -> Iterator[None]:
        """Say what went wrong in words that help; only the end of the session ends this screen."""
        try:
            yield
        except SessionEnded as error:
            self.dismiss(error)
        except CounterfoilError as error:
            self.notify(error.hint, title=str(error), severity="error", markup=False)
        except httpx2.HTTPError:
            self.notify("Try again in a minute.", title="The notes are out of reach.", severity="error")


class NotesApp(App[None]):
    """The application. Its whole life is told by `on_mount`, and a sign-in by `sign_in`."""

    TITLE = "Notes"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [("ctrl+q", "quit", "Quit")]
    CSS = """
    .page { height: 1fr; align: center middle; overflow-y: auto; }
    .card { width: 58; height: auto; padding: 1 3; border: round $primary; background: $surface; }
    .card > * { margin-bottom: 1; } .card > .last, .card > ProgressBar { margin-bottom: 0; }
    .card Label, .card Button { width: 100%; text-align: center; }
    .title { text-style: bold; color: $primary; } .quiet, #left { color: $text-muted; }
    #code { padding: 1 0; color: $text-primary; background: $primary-muted; }
    ProgressBar, ProgressBar Bar { width: 100%; }
    #who { width: 100%; padding: 0 2; text-style: bold; background: $primary; color: $text; }
    #notes { height: 1fr; padding: 1 2; }
    .note { width: 100%; padding: 0 1; margin-bottom: 1; border-left: thick $primary; }
    """

    def __init__(self, issuer: str, client_id: str, api: str, store: FileStore) -> None:
        super().__init__()
        self.issuer = issuer
        self.client_id = client_id
        self.api = api
        self.store = store
        self.address = ""

    def compose(self) -> ComposeResult:
        """What is seen between two screens."""
        yield LoadingIndicator()

    @work
    async def on_mount(self) -> None:
        """Whoever signed in here before is still signed in; after a sign-out somebody else may come."""
        async with AsyncClient(self.issuer, self.client_id, store=self.store) as client:
            try:
                session = await client.load_session()
            except CounterfoilError as error:
                self.exit(return_code=1, message=f"{error} {error.hint}")
                return
            while True:
                session = session or await self.sign_in(client)
                if session is not None:
                    await self.show_notes(client, session)
                    session = None

    async def sign_in(self, client: AsyncClient) -> Session | None:
        """Ask for the address, show the code, wait for the person: leaving the block gives the login up."""
        self.address = await self.push_screen_wait(AddressScreen(self.address))
        try:
            async with await client.start_login(self.address, redirect="loopback") as login:
                screen = CodeScreen(self.address, login)
                await self.push_screen(screen)
                try:
                    return await login.wait(on_progress=screen.show)
                finally:
                    await self.pop_screen()
        except LoginCancelled:
            return None
        except CounterfoilError as error:
            self.complain(error)
            return None

    async def show_notes(self, client: AsyncClient, session: Session) -> None:
        """Let the person work until the session is over or not wanted any more."""
        async with httpx2.AsyncClient(auth=session.auth) as http:
            ended = await self.push_screen_wait(NotesScreen(http, self.issuer, self.api))
        if ended is not None:
            self.complain(ended)
            return
        try:
            await client.sign_out(session)
            self.notify("You are signed out.")
        except CounterfoilError as error:
            # It is gone from this device all the same.
            self.complain(error)

    def complain(self, error: CounterfoilError) -> None:
        """Every error of the client knows what a person can do."""
        self.notify(error.hint, title=str(error), severity="error", markup=False)


def main() -> None:
    """Run it with what the environment says."""
    NotesApp(
        os.environ.get("ISSUER", "http://127.0.0.1:8080"),
        os.environ.get("CLIENT_ID", "notes-terminal"),
        os.environ.get("API_URL", "http://127.0.0.1:8001"),
        FileStore(os.environ.get("DATA_DIR")),
    ).run()


if __name__ == "__main__":
    main()
