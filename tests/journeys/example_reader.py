# SPDX-License-Identifier: Apache-2.0
"""Reads and drives the terminal example as a person at a keyboard does."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input, Label

from counterfoil_client import FileStore
from journeys.example_world import World, example
from support.mailserver import Letter

PATIENCE = 40.0
SIZE = (80, 24)

terminal_app = example("terminal_app")


class Terminal:
    """The application on a screen of the usual size."""

    def __init__(self, pilot: Pilot[Any], world: World) -> None:
        self.pilot = pilot
        self.app = pilot.app
        self._world = world

    @property
    def text(self) -> str:
        """What the labels of the screen say, and what it tells at its edge."""
        labels = [str(label.render()) for label in self.app.screen.query(Label)]
        told = [f"{each.title} {each.message}" for each in self.app._notifications]
        return "\n".join([*labels, *told])

    @property
    def screen(self) -> str:
        """The name of the screen that is seen."""
        return type(self.app.screen).__name__

    async def sees(self, text: str) -> None:
        """Wait until something can be read."""
        await self._until(lambda: text in self.text, lambda: f"{text!r} in:\n{self.text}")

    async def on(self, screen: str) -> None:
        """Wait for a screen."""
        await self._until(lambda: self.screen == screen, lambda: f"{screen} instead of {self.screen}")

    async def types(self, text: str) -> None:
        """Put text into the one field, once it is there, and press Enter."""
        await self._until(lambda: isinstance(self.app.focused, Input), lambda: f"a field on {self.screen}")
        self.app.screen.query_one(Input).value = text
        await self.pilot.press("enter")

    async def asks(self, address: str) -> tuple[Letter, str]:
        """Give the address; the letter that comes, and the code that the screen shows."""
        before = len(self._world.mail.letters_to(address))
        await self.on("AddressScreen")
        await self.types(address)
        await self.on("CodeScreen")
        letters = await asyncio.to_thread(self._world.mail.wait_for, address, before + 1)
        shown: Any = self.app.screen
        return letters[-1], str(shown.login.user_code)

    async def _until(self, condition: Callable[[], bool], what: Callable[[], str]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"waited {PATIENCE} s in vain: {what()}"
            await self.pilot.pause(0.02)


@asynccontextmanager
async def opened(world: World, data: Path, issuer: str | None = None) -> AsyncIterator[Terminal]:
    """The application from its start to Ctrl+Q; `data` is what it finds of earlier days."""
    app = terminal_app.NotesApp(issuer or world.issuer, "notes-terminal", world.api_url, FileStore(data))
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        yield Terminal(pilot, world)
        await pilot.press("ctrl+q")
    assert app.return_code == 0
