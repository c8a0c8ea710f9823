# SPDX-License-Identifier: Apache-2.0
"""Keeps sessions fresh and stored, on threads. `_async_keeper.py` does the same on tasks.

One thread at a time replaces a pair, and under the store's lock one process: whoever comes second finds the new pair.
"""

import asyncio
import threading
from collections.abc import Callable

from counterfoil_client import _flows
from counterfoil_client._drive import Runner
from counterfoil_client._flows import Channel
from counterfoil_client._renewal import Need, bearing_failure, failed_since, need, take
from counterfoil_client._session_state import SessionState
from counterfoil_client._surroundings import Surroundings
from counterfoil_client.errors import ServiceUnreachable, SessionEnded
from counterfoil_client.session import Session, state_of
from counterfoil_client.stores import DeviceKey, SessionStore


class ThreadKeeper:
    """The keeper of a `Client`."""

    def __init__(self, channel: Channel, runner: Runner, store: SessionStore) -> None:
        self._channel = channel
        self._runner = runner
        self._store = store
        self._name = (channel.issuer.text, channel.client_id)
        self._turn = threading.Lock()

    @property
    def surroundings(self) -> Surroundings:
        """Clock and randomness."""
        return self._channel.surroundings

    def fresh(self, state: SessionState, *, refused: str | None = None) -> str:
        """Return an access token to use now; while another thread replaces one that still works, that one."""
        asked = self.surroundings.monotonic()
        urgency = need(state, refused, self.surroundings)
        if urgency is Need.NONE or not self._turn.acquire(blocking=urgency is Need.NOW):
            return state.held.access_token
        try:
            urgency = need(state, refused, self.surroundings)
            if urgency is not Need.NONE:
                if failed_since(state, asked):
                    raise ServiceUnreachable
                with bearing_failure(state, urgency, self.surroundings):
                    self._renew(state, refused, urgency)
        finally:
            self._turn.release()
        return state.held.access_token

    async def afresh(self, state: SessionState, *, refused: str | None = None) -> str:
        """Do the same for a task, on a thread if there is anything to do."""
        if need(state, refused, self.surroundings) is Need.NONE:
            return state.held.access_token
        return await asyncio.to_thread(self.fresh, state, refused=refused)

    def keep(self, session: Session) -> Session:
        """Store a new session once, in place of any other, and return it."""
        state = state_of(session)
        with self._turn:
            if not state.is_stored:
                # Locked, or a process that refreshes the session before would write that one over this.
                with self._store.session_lock(*self._name):
                    self._store.save_session(*self._name, state.held)
                state.is_stored = True
        return session

    def load(self, key: Callable[[], DeviceKey]) -> Session | None:
        """Return the stored session, fresh, or None if there is none that goes on."""
        stored = self._store.load_session(*self._name)
        if stored is None:
            return None
        state = SessionState(stored, key(), is_stored=True)
        try:
            self.fresh(state)
        except SessionEnded:
            return None
        return Session(state, self)

    def forget(self, state: SessionState) -> None:
        """End the session here: remove it unless another one is stored, leaving in `state` the newest pair."""
        state.ended = True
        with self._turn, self._store.session_lock(*self._name):
            stored = self._store.load_session(*self._name)
            if stored is None or stored.session_id != state.held.session_id:
                return
            if stored.follows(state.held):
                state.held = stored
            self._store.remove_session(*self._name)

    def _renew(self, state: SessionState, refused: str | None, urgency: Need) -> None:
        with self._store.session_lock(*self._name):
            stored = self._store.load_session(*self._name)
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
                fingerprint = self._channel.fingerprint(state.key)
                flow = _flows.refresh_session(self._channel, state, tries=urgency.tries, fingerprint=fingerprint)
                newer = self._runner.run(flow)
            except SessionEnded:
                self._store.remove_session(*self._name)
                raise
            take(state, newer, self.surroundings)
            self._store.save_session(*self._name, newer)
