# SPDX-License-Identifier: Apache-2.0
"""The two drivers: run a conversation on a thread or on a task. They decide nothing."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from counterfoil_client._effects import Flow, Request, Response, Settle, T, Unreachable, Wait
from counterfoil_client._surroundings import Surroundings


def drive(flow: Flow[T], send: Callable[[Request], Response], pause: Callable[[Wait], None]) -> T:
    """Run a conversation to its end on this thread."""
    try:
        effect = next(flow)
        while True:
            if isinstance(effect, Wait):
                pause(effect)
                effect = next(flow)
                continue
            try:
                answer = send(effect)
            except Unreachable as error:
                effect = flow.throw(error)
            else:
                effect = flow.send(answer)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]  # typeshed does not carry a generator's result here
    finally:
        flow.close()


async def adrive(
    flow: Flow[T], send: Callable[[Request], Awaitable[Response]], pause: Callable[[Wait], Awaitable[None]]
) -> T:
    """Run a conversation to its end on this task; cancelling the task closes it."""
    try:
        effect = next(flow)
        while True:
            if isinstance(effect, Wait):
                await pause(effect)
                effect = next(flow)
                continue
            try:
                answer = await send(effect)
            except Unreachable as error:
                effect = flow.throw(error)
            else:
                effect = flow.send(answer)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]  # typeshed does not carry a generator's result here
    finally:
        flow.close()


@dataclass(frozen=True, slots=True)
class Runner:
    """A thread's way of running conversations."""

    send: Callable[[Request], Response]
    surroundings: Surroundings

    def run(self, flow: Flow[T], stop: threading.Event | None = None, turn: "threading.Lock | None" = None) -> T:
        """Run one; setting `stop` ends one wait early, and whoever redeems a code meanwhile holds `turn`."""
        halt = threading.Event() if stop is None else stop

        def pause(wait: Wait) -> None:
            if not isinstance(wait, Settle) or turn is None:
                self.surroundings.pause(wait.seconds, halt)
                # What is new was written down before `stop` was set, and the flow looks after each wait.
                halt.clear()
            elif turn.acquire(timeout=wait.seconds):
                turn.release()

        return drive(flow, self.send, pause)


@dataclass(frozen=True, slots=True)
class AsyncRunner:
    """A task's way of running conversations."""

    send: Callable[[Request], Awaitable[Response]]
    surroundings: Surroundings

    async def run(self, flow: Flow[T], stop: asyncio.Event | None = None, turn: asyncio.Lock | None = None) -> T:
        """Run one; setting `stop` ends one wait early, and whoever redeems a code meanwhile holds `turn`."""
        halt = asyncio.Event() if stop is None else stop

        async def pause(wait: Wait) -> None:
            if not isinstance(wait, Settle) or turn is None:
                await self.surroundings.apause(wait.seconds, halt)
                # What is new was written down before `stop` was set, and the flow looks after each wait.
                halt.clear()
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait.seconds), turn:
                    return

        return await adrive(flow, self.send, pause)
