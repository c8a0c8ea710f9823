# SPDX-License-Identifier: Apache-2.0
"""The fake service's logins: who asked, what was decided, and what a newer one replaces."""

import itertools
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from counterfoil_client._fake_time import FakeTime

State: TypeAlias = Literal["pending", "approved", "denied", "locked", "new_device", "expired", "cancelled", "consumed"]
_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
_OPEN = frozenset({"pending", "approved"})


@dataclass(slots=True)
class FakeLogin:
    """One login as the service sees it; a test may read it, and decide it through `FakeService`."""

    login_id: str
    user_code: str
    email: str
    client_id: str
    scope: str
    device_label: str | None
    subject: str
    state: State
    expires_at: datetime
    device_code: str = field(repr=False)
    thumbprint: str = field(repr=False)
    device_fingerprint: str | None = field(default=None, repr=False)
    mail_code: str = field(default_factory=lambda: f"{secrets.randbelow(10**8):08d}", repr=False)
    mail_code_misses: int = 0


class FakeLogins:
    """All of them, the newest last."""

    def __init__(self, time: FakeTime, life: int) -> None:
        self.opened: list[FakeLogin] = []
        self._time = time
        self._life = life
        self._numbers = itertools.count(1)

    def start(self, form: dict[str, str], thumbprint: str) -> FakeLogin:
        """Open a login; the same key's open one for the same application is superseded."""
        for older in self.opened:
            if (older.thumbprint, older.client_id) == (thumbprint, form["client_id"]):
                self.cancel(older)
        letters = "".join(secrets.choice(_ALPHABET) for _ in range(6))
        login = FakeLogin(
            login_id=f"login-{next(self._numbers)}",
            user_code=f"{letters[:3]}-{letters[3:]}",
            email=form["login_hint"],
            client_id=form["client_id"],
            scope=form.get("scope", "email"),
            device_label=form.get("device_label"),
            subject=f"user-of-{form['login_hint']}",
            state="pending",
            expires_at=self._time.now() + timedelta(seconds=self._life),
            device_code=secrets.token_urlsafe(32),
            thumbprint=thumbprint,
            device_fingerprint=form.get("device_fingerprint"),
        )
        self.opened.append(login)
        return login

    def state(self, login: FakeLogin) -> State:
        """How it stands now."""
        if login.state in _OPEN and self._time.now() >= login.expires_at:
            login.state = "expired"
        return login.state

    def decide(self, login_id: str, state: State) -> None:
        """A person or the clock decides; `KeyError` for an unknown login, `ValueError` for one that is over."""
        login = next((one for one in self.opened if one.login_id == login_id), None)
        if login is None:
            raise KeyError(login_id)
        if self.state(login) not in _OPEN | {state}:
            raise ValueError(f"login {login_id} is {login.state} already")
        login.state = state

    def cancel(self, login: FakeLogin) -> None:
        """End it if it is open."""
        if self.state(login) in _OPEN:
            login.state = "cancelled"

    def find(self, device_code: str | None, thumbprint: str, client_id: str | None) -> FakeLogin | None:
        """The login of this code, if it is this key's and this application's."""
        wanted = (device_code, thumbprint, client_id)
        return next((one for one in self.opened if (one.device_code, one.thumbprint, one.client_id) == wanted), None)

    def is_waiting(self, device_code: str | None) -> bool:
        """Whether nobody has decided yet."""
        return any(one.device_code == device_code and self.state(one) == "pending" for one in self.opened)


def refusal_of(state: State) -> dict[str, str]:
    """How the device hears of a login that is over."""
    if state in {"denied", "locked", "new_device"}:
        return {"error": "access_denied", "reason": state}
    return {"error": "expired_token" if state == "expired" else "invalid_grant"}
