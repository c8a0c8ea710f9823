# SPDX-License-Identifier: Apache-2.0
"""The fake service's sessions: tokens that rotate, the grace for a lost answer, and what ends them."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from counterfoil_client._fake_time import FakeTime

_TOKEN_LIFE = 300


@dataclass(slots=True)
class FakeSession:
    """One session as the service sees it; a test may read it, and end it through `FakeService`."""

    session_id: str
    subject: str
    client_id: str
    scope: str
    ended: bool = False
    refreshes: int = 0
    thumbprint: str = field(default="", repr=False)
    refresh_tokens: list[str] = field(default_factory=list[str], repr=False)
    access_tokens: dict[str, datetime] = field(default_factory=dict[str, datetime], repr=False)


class FakeSessions:
    """All of them. A refresh token may be presented again by the same key until its successor has been."""

    def __init__(self, time: FakeTime) -> None:
        self.opened: list[FakeSession] = []
        self._time = time

    def open(self, session: FakeSession) -> dict[str, Any]:
        """Begin a session; return its token answer."""
        self.opened.append(session)
        session.refresh_tokens.append(secrets.token_urlsafe(32))
        return self._answer(session)

    def refresh(self, token: str | None, thumbprint: str, client_id: str | None) -> dict[str, Any] | None:
        """Return the next pair, or None for `invalid_grant`; an old token ends the session."""
        session = next((one for one in self.opened if token in one.refresh_tokens), None)
        if session is None or session.ended or (session.thumbprint, session.client_id) != (thumbprint, client_id):
            return None
        age = len(session.refresh_tokens) - 1 - session.refresh_tokens.index(token or "")
        if age > 1:
            session.ended = True
            return None
        if age == 0:
            session.refresh_tokens.append(secrets.token_urlsafe(32))
        session.refreshes += 1
        return self._answer(session)

    def revoke(self, token: str | None, thumbprint: str, client_id: str | None) -> None:
        """End the session of this token, if it is this key's."""
        for session in self.opened:
            is_its = token in session.refresh_tokens or token in session.access_tokens
            if is_its and (session.thumbprint, session.client_id) == (thumbprint, client_id):
                session.ended = True

    def end(self, session_id: str) -> None:
        """End a session from afar; `KeyError` for an unknown one."""
        session = next((one for one in self.opened if one.session_id == session_id), None)
        if session is None:
            raise KeyError(session_id)
        session.ended = True

    def of_token(self, token: str, thumbprint: str) -> FakeSession | None:
        """Whose access token this is, if it is good and this key's."""
        now = self._time.now()
        return next(
            (
                one
                for one in self.opened
                if not one.ended and one.thumbprint == thumbprint and one.access_tokens.get(token, now) > now
            ),
            None,
        )

    def _answer(self, session: FakeSession) -> dict[str, Any]:
        access_token = secrets.token_urlsafe(32)
        session.access_tokens[access_token] = self._time.now() + timedelta(seconds=_TOKEN_LIFE)
        return {
            "access_token": access_token,
            "token_type": "DPoP",
            "expires_in": _TOKEN_LIFE,
            "refresh_token": session.refresh_tokens[-1],
            "scope": session.scope,
            "session_id": session.session_id,
            "sub": session.subject,
        }
