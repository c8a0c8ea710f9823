# SPDX-License-Identifier: Apache-2.0
"""The two things a wait gives to an application: what happens meanwhile, and the session at its end."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from counterfoil_client._session_state import Keeper, SessionState
from counterfoil_client.errors import ConfigurationError

if TYPE_CHECKING:
    from counterfoil_client.auth import SessionAuth


class Session:
    """A signed-in person on this device. Both tokens are secrets, bound to the device key, and never shown.

    It is a live handle: the tokens are the newest this process knows of, and `auth` replaces them before they end.
    """

    def __init__(self, state: SessionState, keeper: Keeper | None) -> None:
        self._state = state
        self._keeper = keeper
        self._auth: SessionAuth | None = None

    @property
    def access_token(self) -> str:
        """The token that opens protected resources, together with a proof of the device key."""
        return self._state.held.access_token

    @property
    def refresh_token(self) -> str | None:
        """The token that the next pair is made from; None where the session ends with its access token."""
        return self._state.held.refresh_token

    @property
    def expires_at(self) -> datetime:
        """When the access token ends: aware, in UTC."""
        return self._state.held.expires_at

    @property
    def subject(self) -> str:
        """Who is signed in: stable, and never an address."""
        return self._state.held.subject

    @property
    def scope(self) -> str:
        """What the session may do."""
        return self._state.held.scope

    @property
    def session_id(self) -> str:
        """A public reference for support; it carries no authority."""
        return self._state.held.session_id

    @property
    def auth(self) -> "SessionAuth":
        """The `auth=` of an `httpx2.Client` or `httpx2.AsyncClient` that calls protected resources as this person."""
        if self._auth is None:
            # Here alone, so that conversations do not load an HTTP client.
            from counterfoil_client.auth import SessionAuth

            if self._keeper is None:
                raise ConfigurationError("This session was not opened by a client, so nothing can refresh it.")
            self._auth = SessionAuth(self._state, self._keeper)
        return self._auth

    def __repr__(self) -> str:
        return f"<Session {self.session_id} of {self.subject}, token until {self.expires_at:%H:%M:%S} UTC>"


def state_of(session: Session) -> SessionState:
    """What the client that opened a session works on; nothing for applications."""
    return session._state  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the one door


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of a wait: `attempt` is the number of the next question, due in `retry_in` seconds.

    `unreachable` means that the service gave no usable answer; the login stays open and is asked about again.
    """

    state: Literal["waiting", "slowed_down", "unreachable"]
    attempt: int
    retry_in: float
    seconds_left: float
