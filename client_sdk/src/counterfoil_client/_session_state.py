# SPDX-License-Identifier: Apache-2.0
"""What a session is to the client that opened it, behind the handle that an application holds."""

from dataclasses import dataclass, field
from typing import Protocol

from counterfoil_client._surroundings import Surroundings
from counterfoil_client.stores import DeviceKey, FileStore, KeyStore, SessionStore, StoredSession


@dataclass(slots=True, eq=False)
class SessionState:
    """What one process knows of a session: the newest pair of tokens, and how the last tries to replace it went.

    The instants are monotonic.
    """

    held: StoredSession
    key: DeviceKey = field(repr=False)
    is_stored: bool = False
    ended: bool = False
    renewed_at: float | None = None
    failed_at: float | None = None
    failures: int = 0
    quiet_until: float = 0.0


class Keeper(Protocol):
    """Keeps the tokens of sessions fresh, for threads and for tasks."""

    @property
    def surroundings(self) -> Surroundings:
        """Clock and randomness."""
        ...

    def fresh(self, state: SessionState, *, refused: str | None = None) -> str:
        """Return an access token to use now; a new one if a resource has `refused` the one that is held."""
        ...

    async def afresh(self, state: SessionState, *, refused: str | None = None) -> str:
        """Do the same for a task."""
        ...


def session_store(keys: KeyStore, sessions: SessionStore | None) -> SessionStore:
    """Where sessions go: where they are told to, else beside the key, else into files of this user."""
    if sessions is not None:
        return sessions
    return keys if isinstance(keys, SessionStore) else FileStore()
