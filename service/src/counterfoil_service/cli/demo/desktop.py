# SPDX-License-Identifier: Apache-2.0
"""The demo's desktop: the SDK in a process of its own, its code shown large with a live countdown."""

import contextlib
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from rich.align import Align
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from counterfoil_service.cli.demo.letters import large
from counterfoil_service.cli.demo.service import CLIENT_ID, DemoError

DEVICE_LABEL = "this terminal"
STOP_SECONDS = 5

Event = dict[str, Any]


class Desktop:
    """One sign-in; iterate over what happens."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def events(self) -> Iterator[Event]:
        """One object for each line the SDK prints, until it ends."""
        if self._process.stdout is None:
            raise DemoError("the desktop has no output")
        for line in self._process.stdout:
            yield msgspec.json.decode(line, type=Event)


@contextlib.contextmanager
def running_desktop(issuer: str, address: str) -> Iterator[Desktop]:
    """Ask for a link and wait, until the block ends."""
    # The two distributions never import each other: the SDK runs as any app's process would.
    if importlib.util.find_spec("counterfoil_client") is None:
        raise DemoError("the demo's desktop is the SDK: pip install counterfoil-client")
    command = [sys.executable, "-m", "counterfoil_client", "--issuer", issuer, "--client-id", CLIENT_ID, "--json"]
    command += ["--email", address, "--device-label", DEVICE_LABEL, "--ephemeral-key"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - our own command
    try:
        yield Desktop(process)
    finally:
        if process.poll() is None:
            process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        if process.poll() is None:
            process.kill()
        if process.stdout is not None:
            process.stdout.close()


def ticket(started: Event, mailbox: str, address: str) -> RenderableType:
    """The half of the ticket that stays behind: the code, the way, the time left."""
    left = max(0, int((datetime.fromisoformat(started["expires_at"]) - datetime.now(UTC)).total_seconds()))
    code = Text("\n".join(large(started["user_code"])), style="bold cyan")
    steps = Text.assemble(
        ("Your code is ", ""),
        (started["user_code"], "bold cyan"),
        ("\n\n1  Open the mail for ", "dim"),
        (address, ""),
        ("  →  ", "dim"),
        (mailbox, "underline"),
        ("\n2  Open its link, type the code, press Sign in", "dim"),
        ("\n3  Watch this terminal\n\n", "dim"),
        (f"{left // 60}:{left % 60:02} left · Ctrl-C cancels", "dim"),
    )
    return Panel(
        Group(Align.center(code), Text(), steps),
        title="Counterfoil demo",
        border_style="cyan",
        padding=(1, 3),
        width=72,
    )


def greet(console: Console, address: str, signed_in: Event, story: list[str]) -> None:
    """Greet the person, and show what the audit log tells of this login."""
    hello = Text.assemble(
        ("Signed in. Hello, ", "bold green"),
        (address, "bold"),
        ("!\n", "bold green"),
        (f"subject {signed_in['subject']}\nsession {signed_in['session_id']}", "dim"),
    )
    console.print(Panel(hello, border_style="green", padding=(0, 3), width=72))
    console.print(Text(f"What the audit log tells of login {signed_in['login_id']}:", style="bold"))
    lines = Table.grid(padding=(0, 2))
    for line in story:
        moment, _, sentence = line.partition("  ")
        lines.add_row(Text(f"  {moment}", style="dim"), Text(sentence))
    console.print(lines)
