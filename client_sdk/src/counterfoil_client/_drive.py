# SPDX-License-Identifier: Apache-2.0
"""The two drivers: run a conversation on a thread or on a task. They decide nothing."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from counterfoil_client._effects import Flow, Request, Response, T, Unreachable, Wait
from counterfoil_client._surroundings import Surroundings


def drive(flow: Flow[T], send: Callable[[Request], Response], pause: Callable[[float], None]) -> T:
    """Run a conversation to its end on this thread."""
    try:
        effect = next(flow)
        while True:
            if isinstance(effect, Wait):
                pause(effect.seconds)
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
    flow: Flow[T], send: Callable[[Request], Awaitable[Response]], pause: Callable[[float], Awaitable[None]]
) -> T:
    """Run a conversation to its end on this task; cancelling the task closes it."""
    try:
        effect = next(flow)
        while True:
            if isinstance(effect, Wait):
                await pause(effect.seconds)
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

    def run(self, flow: Flow[T], stop: threading.Event | None = None) -> T:
        """Run one; setting `stop` ends its waits early."""
        halt = threading.Event() if stop is None else stop
        return drive(flow, self.send, lambda seconds: self.surroundings.pause(seconds, halt))


@dataclass(frozen=True, slots=True)
class AsyncRunner:
    """A task's way of running conversations."""

    send: Callable[[Request], Awaitable[Response]]
    surroundings: Surroundings

    async def run(self, flow: Flow[T], stop: asyncio.Event | None = None) -> T:
        """Run one; setting `stop` ends its waits early."""
        halt = asyncio.Event() if stop is None else stop
        return await adrive(flow, self.send, lambda seconds: self.surroundings.apause(seconds, halt))
