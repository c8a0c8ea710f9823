# SPDX-License-Identifier: Apache-2.0
"""A store that ends with the process."""

import contextlib
import threading
from collections.abc import Generator
from typing import Literal

from counterfoil_client.errors import KeyStoreError
from counterfoil_client.stores.key import DeviceKey, SoftwareKey
from counterfoil_client.stores.stored import StoredSession

_PATIENCE = 90.0


class MemoryStore:
    """Key and session end with the process: for tests, demonstrations and machines that must remember nothing."""

    location: Literal["memory"] = "memory"

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str], SoftwareKey] = {}
        self._sessions: dict[tuple[str, str], StoredSession] = {}
        self._locks: dict[tuple[str, str], threading.Lock] = {}

    def key_for(self, issuer: str, client_id: str) -> DeviceKey:
        """Return the key of this process, making it the first time."""
        # One atomic step, so threads that race get one key.
        return self._keys.setdefault((issuer, client_id), SoftwareKey.generate())

    def load_session(self, issuer: str, client_id: str) -> StoredSession | None:
        """Return what was saved last, or None."""
        return self._sessions.get((issuer, client_id))

    def save_session(self, issuer: str, client_id: str, session: StoredSession) -> None:
        """Keep this instead of what was kept."""
        self._sessions[issuer, client_id] = session

    def remove_session(self, issuer: str, client_id: str) -> None:
        """Keep nothing."""
        self._sessions.pop((issuer, client_id), None)

    @contextlib.contextmanager
    def session_lock(self, issuer: str, client_id: str) -> Generator[None]:
        """Let one thread at a time replace the session."""
        lock = self._locks.setdefault((issuer, client_id), threading.Lock())
        if not lock.acquire(timeout=_PATIENCE):
            raise KeyStoreError("The session in memory is being refreshed for too long.", hint="Try again in a minute.")
        try:
            yield
        finally:
            lock.release()
