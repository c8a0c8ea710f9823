# SPDX-License-Identifier: Apache-2.0
"""Keeps sessions fresh and stored, on tasks. `_keeper.py` does the same on threads.

A pair is replaced in a task of its own, which nobody who waits for it can cancel: once the service was asked, its
answer is kept. Stores are used on threads, for a file may lie on a slow disk and a keyring may wait for a person.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from counterfoil_client import _flows
from counterfoil_client._drive import AsyncRunner
from counterfoil_client._flows import Channel
from counterfoil_client._renewal import Need, bearing_failure, failed_since, need, take
from counterfoil_client._session_state import SessionState
from counterfoil_client._surroundings import Surroundings
from counterfoil_client.errors import ConfigurationError, ServiceUnreachable, SessionEnded
from counterfoil_client.session import Session, state_of
from counterfoil_client.stores import DeviceKey, SessionStore, StoredSession

T = TypeVar("T")


class TaskKeeper:
    """The keeper of an `AsyncClient`."""

    def __init__(self, channel: Channel, runner: AsyncRunner, store: SessionStore) -> None:
        self._channel = channel
        self._runner = runner
        self._store = store
        self._name = (channel.issuer.text, channel.client_id)
        self._turn = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: set[asyncio.Task[Any]] = set()

    @property
    def surroundings(self) -> Surroundings:
        """Clock and randomness."""
        return self._channel.surroundings

    def fresh(self, state: SessionState, *, refused: str | None = None) -> str:
        """Do the same for a thread beside the loop, which does the work; a thread that is the loop's own would hang."""
        if need(state, refused, self.surroundings) is Need.NONE:
            return state.held.access_token
        if self._loop is None or not self._loop.is_running() or self._loop is _loop_of_this_thread():
            raise ConfigurationError(
                "A session of an AsyncClient cannot be refreshed here.",
                hint="Call with an httpx2.AsyncClient, or from a thread beside the running loop.",
            )
        return asyncio.run_coroutine_threadsafe(self.afresh(state, refused=refused), self._loop).result()

    async def afresh(self, state: SessionState, *, refused: str | None = None) -> str:
        """Return an access token to use now; while another task replaces one that still works, that one."""
        self._loop = asyncio.get_running_loop()
        asked = self.surroundings.monotonic()
        urgency = need(state, refused, self.surroundings)
        if urgency is Need.NOW or (urgency is Need.SOON and not self._turn.locked()):
            await self._finish(self._replace(state, refused, asked))
        return state.held.access_token

    async def keep(self, session: Session) -> Session:
        """Store a new session once, in place of any other, and return it."""
        self._loop = asyncio.get_running_loop()
        await self._finish(self._save(state_of(session)))
        return session

    async def load(self) -> StoredSession | None:
        """Return what is stored."""
        return await asyncio.to_thread(self._store.load_session, *self._name)

    async def open(self, stored: StoredSession, key: DeviceKey) -> Session | None:
        """Return the stored session, fresh, or None if it does not go on."""
        state = SessionState(stored, key, is_stored=True)
        try:
            await self.afresh(state)
        except SessionEnded:
            return None
        return Session(state, self)

    async def forget(self, state: SessionState) -> None:
        """End the session here: remove it unless another one is stored, leaving in `state` the newest pair."""
        state.ended = True
        await self._finish(self._remove(state))

    async def _replace(self, state: SessionState, refused: str | None, asked: float) -> None:
        async with self._turn:
            urgency = need(state, refused, self.surroundings)
            if urgency is Need.NONE:
                return
            if failed_since(state, asked):
                raise ServiceUnreachable
            with bearing_failure(state, urgency, self.surroundings):
                await self._renew(state, refused, urgency)

    async def _renew(self, state: SessionState, refused: str | None, urgency: Need) -> None:
        async with self._locked():
            stored = await self.load()
            # With another session in its place, this handle is one of several that would each use the same refresh
            # token: the second use looks like theft and ends the session of them all.
            if stored is None or stored.session_id != state.held.session_id:
                raise SessionEnded
            if stored.follows(state.held):
                take(state, stored, self.surroundings)
                urgency = need(state, refused, self.surroundings)
            if urgency is Need.NONE:
                return
            try:
                fingerprint = await asyncio.to_thread(self._channel.fingerprint, state.key)
                flow = _flows.refresh_session(self._channel, state, tries=urgency.tries, fingerprint=fingerprint)
                newer = await self._runner.run(flow)
            except SessionEnded:
                await asyncio.to_thread(self._store.remove_session, *self._name)
                raise
            take(state, newer, self.surroundings)
            await asyncio.to_thread(self._store.save_session, *self._name, newer)

    async def _save(self, state: SessionState) -> None:
        async with self._turn:
            if not state.is_stored:
                # Locked, or a process that refreshes the session before would write that one over this.
                async with self._locked():
                    await asyncio.to_thread(self._store.save_session, *self._name, state.held)
                state.is_stored = True

    async def _remove(self, state: SessionState) -> None:
        async with self._turn, self._locked():
            stored = await self.load()
            if stored is None or stored.session_id != state.held.session_id:
                return
            if stored.follows(state.held):
                state.held = stored
            await asyncio.to_thread(self._store.remove_session, *self._name)

    async def _finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for work that goes on to its end even when the one who waits is cancelled."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            # Looked at, so that a failure nobody waits for any more is not reported as one that was overlooked.
            task.exception()

    @contextlib.asynccontextmanager
    async def _locked(self) -> AsyncGenerator[None]:
        entry = _Entry(self._store.session_lock(*self._name))
        try:
            await asyncio.to_thread(entry.enter)
            yield
        finally:
            entry.leave()


class _Entry:
    """A lock entered on a thread: if the task is gone before the thread has it, the thread lets go of it."""

    def __init__(self, lock: AbstractContextManager[None]) -> None:
        self._lock = lock
        self._mutex = threading.Lock()
        self._is_inside = False
        self._is_left = False

    def enter(self) -> None:
        self._lock.__enter__()
        with self._mutex:
            self._is_inside = not self._is_left
            if self._is_left:
                self._lock.__exit__(None, None, None)

    def leave(self) -> None:
        with self._mutex:
            self._is_left = True
            if self._is_inside:
                self._lock.__exit__(None, None, None)


def _loop_of_this_thread() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
