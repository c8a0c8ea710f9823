# SPDX-License-Identifier: Apache-2.0
"""A session as it is kept, and who keeps it: as many processes of one user as like may share one store."""

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Annotated, Protocol, runtime_checkable

import msgspec

Secret = Annotated[str, msgspec.Meta(pattern=r"^[\x21-\x7e]{1,16384}\Z")]
Line = Annotated[str, msgspec.Meta(pattern=r"^[\x20-\x7e]{0,4096}\Z")]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class StoredSession(msgspec.Struct, frozen=True):
    """One pair of tokens of a session; `generation` counts the pairs, for clocks may go backwards.

    `refresh_at` is when the pair should be replaced, a little before `expires_at`.
    """

    access_token: Secret
    refresh_token: Secret | None
    subject: Line
    expires_at: Moment
    refresh_at: Moment
    scope: Line
    session_id: Line
    generation: Annotated[int, msgspec.Meta(ge=0)] = 0

    def __repr__(self) -> str:
        return f"StoredSession(session_id={self.session_id!r}, generation={self.generation})"

    def follows(self, other: "StoredSession") -> bool:
        """Whether this is a later pair of the same session."""
        return self.session_id == other.session_id and self.generation > other.generation


@runtime_checkable
class SessionStore(Protocol):
    """Keeps one session per issuer and application. Every method may be called from any thread."""

    def load_session(self, issuer: str, client_id: str) -> StoredSession | None:
        """Return what was saved last, or None."""
        ...

    def save_session(self, issuer: str, client_id: str, session: StoredSession) -> None:
        """Keep this instead of what was kept: wholly, or not at all."""
        ...

    def remove_session(self, issuer: str, client_id: str) -> None:
        """Keep nothing; no error when there was nothing."""
        ...

    def session_lock(self, issuer: str, client_id: str) -> AbstractContextManager[None]:
        """Let one caller at a time replace the session: whoever can reach the store is kept out meanwhile.

        It is entered on one thread and may be left on another. `KeyStoreError` when it does not become free in time.
        """
        ...
