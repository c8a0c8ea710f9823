# SPDX-License-Identifier: Apache-2.0
"""The whole service against the pure model of its requirements, step by step; hypothesis looks for the shortest breach.

`test_model` walks the same world with seeds, on both engines; here what fails is made small.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from support.fuzzing import Tally, examples
from support.model import Model
from support.model_world import OF_A_LOGIN, OF_A_PERSON, OF_A_SESSION, World, emptied
from support.stage import stage_on

T = TypeVar("T")
STEPS = 40


class Drawn:
    """Decisions that hypothesis makes, and can take back."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def choice(self, options: Sequence[T], /) -> T:
        """As `Chance`."""
        return self._data.draw(st.sampled_from(options))

    def randrange(self, stop: int, /) -> int:
        """As `Chance`."""
        return self._data.draw(st.integers(0, stop - 1))


class Service(RuleBasedStateMachine):
    """One service with its people; each rule is one act of one of them."""

    tally = Tally()

    @initialize()
    def open(self) -> None:
        """A database of its own, in a loop of its own."""
        self.loop = asyncio.new_event_loop()
        self.left = contextlib.AsyncExitStack()
        self.folder = Path(self.left.enter_context(tempfile.TemporaryDirectory(prefix="counterfoil-fuzz-")))
        self.loop.run_until_complete(self._open())

    async def _open(self) -> None:
        stage = await self.left.enter_async_context(
            stage_on(f"sqlite:///{self.folder / 'counterfoil.db'}", self.folder)
        )
        await emptied(stage)
        self.world = World(stage, _Nobody(), Model(stage.clock()))

    def _act(self, action: str, data: st.DataObject) -> None:
        self.world.chance = Drawn(data)
        self.loop.run_until_complete(self.world.act(action))
        self.tally[action] += 1

    @rule(data=st.data())
    def ask(self, data: st.DataObject) -> None:
        """Somebody asks for a link."""
        self._act("ask", data)

    @rule(data=st.data())
    def sign_in(self, data: st.DataObject) -> None:
        """So common that chance alone would seldom come so far."""
        for action in ("ask", "approve", "collect"):
            self._act(action, data)

    @rule(data=st.data(), action=st.sampled_from(OF_A_LOGIN))
    def login(self, data: st.DataObject, action: str) -> None:
        """A person, a device or a thief with a login."""
        self._act(action, data)

    @rule(data=st.data(), action=st.sampled_from(OF_A_SESSION))
    def session(self, data: st.DataObject, action: str) -> None:
        """A device or a thief with tokens."""
        self._act(action, data)

    @rule(data=st.data(), action=st.sampled_from(OF_A_PERSON))
    def administer(self, data: st.DataObject, action: str) -> None:
        """An operator."""
        self._act(action, data)

    @rule(data=st.data(), action=st.sampled_from(["wait", "wait", "sweep", "seal"]))
    def time(self, data: st.DataObject, action: str) -> None:
        """The clock, and the workers."""
        self._act(action, data)

    def teardown(self) -> None:
        """Nothing stays behind."""
        if hasattr(self, "loop"):
            self.loop.run_until_complete(self.left.aclose())
            self.loop.close()


class _Nobody:
    """Before the first rule nobody decides anything."""

    def choice(self, options: Sequence[T], /) -> T:
        return options[0]

    def randrange(self, _stop: int, /) -> int:
        return 0


def test_whatever_people_and_time_do_the_service_does_what_the_model_does(tally: Tally) -> None:
    Service.tally = tally
    run_state_machine_as_test(Service, settings=settings(examples(3), stateful_step_count=STEPS))
