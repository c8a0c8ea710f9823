# SPDX-License-Identifier: Apache-2.0
"""The command: a person plays the phone, or `--auto` does."""

import asyncio
import sys
import tempfile
import threading
import time
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.live import Live

from counterfoil_service.cli.demo import phone
from counterfoil_service.cli.demo.desktop import Desktop, Event, greet, running_desktop, ticket
from counterfoil_service.cli.demo.mailbox import running_mailbox
from counterfoil_service.cli.demo.service import DemoError, DemoService, running_service
from counterfoil_service.cli.output import fail

DEFAULT_ADDRESS = "ada@example.com"
TICK_SECONDS = 0.25


@click.command()
@click.option("--auto", is_flag=True, help="Play the phone as well, and end with a one-line verdict.")
@click.option("--email", "address", help="The address to sign in; asked for when missing.")
def demo(auto: bool, address: str | None) -> None:  # noqa: FBT001 - click passes by name
    """Show one whole sign-in on this machine, with nothing set up; nothing stays behind."""
    address = address or (DEFAULT_ADDRESS if auto or not sys.stdin.isatty() else _ask_for_address())
    try:
        with (
            tempfile.TemporaryDirectory(prefix="counterfoil-demo-") as folder,
            running_service(Path(folder)) as service,
        ):
            _play(service, address, auto=auto)
    except DemoError as error:
        fail(str(error))
    except KeyboardInterrupt:
        fail("the demo was stopped; the login is cancelled and nothing stays behind")


def _ask_for_address() -> str:
    text: str = click.prompt("E-mail address to sign in (any; the mail stays on this machine)", default=DEFAULT_ADDRESS)
    return text


def _play(service: DemoService, address: str, *, auto: bool) -> None:
    began = time.monotonic()
    console = Console(highlight=False)
    with running_mailbox(service.mail_folder) as mailbox, running_desktop(service.issuer, address) as desktop:
        watch = _Watch(desktop)
        started = watch.wait_for_code()
        if auto:
            console.print(ticket(started, mailbox, address))
            phone.approve(service.mail_folder, service.issuer, started["user_code"])
            ended = watch.wait_for_end()
        else:
            ended = _show_until_end(console, watch, started, mailbox, address)
    if ended["event"] != "signed_in":
        raise DemoError(f"{ended['error']}: {ended['hint']}")
    story = asyncio.run(service.story(ended["login_id"]))
    greet(console, address, ended, story)
    if auto:
        click.echo(f"ok: {address} signed in in {time.monotonic() - began:.1f} s, {len(story)} audit events")


def _show_until_end(console: Console, watch: "_Watch", started: Event, mailbox: str, address: str) -> Event:
    with Live(ticket(started, mailbox, address), console=console, auto_refresh=False) as live:
        while (ended := watch.ended(TICK_SECONDS)) is None:
            live.update(ticket(started, mailbox, address), refresh=True)
    return ended


class _Watch:
    """Reads the desktop's events in a thread, so that the countdown goes on meanwhile."""

    def __init__(self, desktop: Desktop) -> None:
        self._started: Event | None = None
        self._end: Event = {"event": "failed", "error": "Desktop", "hint": "the desktop ended without a word"}
        self._has_started = threading.Event()
        self._has_ended = threading.Event()
        threading.Thread(target=self._read, args=[desktop], name="demo-desktop", daemon=True).start()

    def wait_for_code(self) -> Event:
        """The event with the code; DemoError when there was none."""
        self._has_started.wait()
        if self._started is None:
            raise DemoError(f"{self._end['error']}: {self._end['hint']}")
        return self._started

    def wait_for_end(self) -> Event:
        """The last event."""
        self._has_ended.wait()
        return self._end

    def ended(self, seconds: float) -> Event | None:
        """The last event, None when it has not come within `seconds`."""
        return self._end if self._has_ended.wait(seconds) else None

    def _read(self, desktop: Desktop) -> None:
        try:
            for event in desktop.events():
                self._take(event)
        except msgspec.DecodeError:
            self._end = {**self._end, "hint": "the desktop printed something that is no event"}
        finally:
            self._has_started.set()
            self._has_ended.set()

    def _take(self, event: Event) -> None:
        if event["event"] == "started":
            self._started = event
            self._has_started.set()
        elif event["event"] in {"signed_in", "failed"}:
            self._end = event
