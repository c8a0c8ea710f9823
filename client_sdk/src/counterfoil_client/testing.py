# SPDX-License-Identifier: Apache-2.0
"""A Counterfoil service in memory, so that an application can test its sign-in without a network, a mailbox or a wait.

>>> from counterfoil_client.testing import FakeService
>>> fake = FakeService()
>>> with fake.client() as client:
...     login = client.start_login("ada@example.com")
...     fake.approve(login.login_id)
...     login.wait().subject
'user-of-ada@example.com'

Time in it is its own: a wait passes at once, and a login that nobody decides expires at once. Where another thread or
task decides while a wait runs, say how many real seconds each poll may be held for it: `FakeService(patience=5)`.
"""

import asyncio
import itertools
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qsl

import msgspec

from counterfoil_client import _http
from counterfoil_client._effects import Response, Unreachable
from counterfoil_client._fake_proof import BadProof, check_proof
from counterfoil_client._surroundings import Surroundings
from counterfoil_client.async_client import AsyncClient
from counterfoil_client.client import Client
from counterfoil_client.stores import KeyStore, MemoryStore

State: TypeAlias = Literal["pending", "approved", "denied", "locked", "expired", "cancelled", "consumed"]
_NAP = 0.005
_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"


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


class FakeService:
    """Answers like the service, from memory. Safe to use from several threads."""

    def __init__(
        self,
        issuer: str = "https://id.example",
        *,
        expires_in: int = 600,
        interval: int = 5,
        poll_wait_max: int = 25,
        patience: float = 0.0,
    ) -> None:
        self.issuer = issuer
        self.logins: list[FakeLogin] = []
        self._lengths = {"expires_in": expires_in, "interval": interval, "poll_wait_max": poll_wait_max}
        self._patience = patience
        self._wire = _http.InMemory(self._answer, self._naps)
        self._time = _FakeTime()
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._nonce = secrets.token_urlsafe(12)
        self._seen: set[str] = set()
        self._offline = False

    def client(self, client_id: str = "desktop", *, store: KeyStore | None = None) -> Client:
        """Make a client of this service; it has its own device key unless `store` is given."""
        keys = MemoryStore() if store is None else store
        return Client(self.issuer, client_id, store=keys, http=self._wire.client(), surroundings=self._time)

    def async_client(self, client_id: str = "desktop", *, store: KeyStore | None = None) -> AsyncClient:
        """Make an asynchronous client of this service; it has its own device key unless `store` is given."""
        keys = MemoryStore() if store is None else store
        http = self._wire.async_client()
        return AsyncClient(self.issuer, client_id, store=keys, http=http, surroundings=self._time)

    @property
    def last_login(self) -> FakeLogin:
        """The newest login; `IndexError` before the first."""
        return self.logins[-1]

    def approve(self, login_id: str) -> None:
        """The person says yes."""
        self._decide(login_id, "approved")

    def deny(self, login_id: str) -> None:
        """The person says no."""
        self._decide(login_id, "denied")

    def lock(self, login_id: str) -> None:
        """The wrong code was typed too often."""
        self._decide(login_id, "locked")

    def expire(self, login_id: str) -> None:
        """The time of the login is over."""
        self._decide(login_id, "expired")

    def go_offline(self) -> None:
        """No request gets an answer any more."""
        self._offline = True

    def go_online(self) -> None:
        """Requests get answers again."""
        self._offline = False

    def _decide(self, login_id: str, state: State) -> None:
        """A person or the clock decides; `KeyError` for an unknown login, `ValueError` for one that is over."""
        with self._lock:
            login = next((one for one in self.logins if one.login_id == login_id), None)
            if login is None:
                raise KeyError(login_id)
            if self._state(login) not in {"pending", "approved", state}:
                raise ValueError(f"login {login_id} is {login.state} already")
            login.state = state

    def _state(self, login: FakeLogin) -> State:
        if login.state in {"pending", "approved"} and self._time.now() >= login.expires_at:
            login.state = "expired"
        return login.state

    def _naps(self, body: bytes) -> Iterator[float]:
        """Hold a poll back while nobody has decided, as long as this test has patience."""
        code = dict(parse_qsl(body.decode())).get("device_code")
        left = self._patience
        while left > 0 and any(one.device_code == code and self._state(one) == "pending" for one in self.logins):
            yield _NAP
            left -= _NAP

    def _answer(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Response:
        if self._offline:
            raise Unreachable("the fake service is offline")
        with self._lock:
            if method == "GET":
                return self._metadata(url)
            return self._post(url, headers, dict(parse_qsl(body.decode())))

    def _metadata(self, url: str) -> Response:
        endpoints = {
            "issuer": self.issuer,
            "device_authorization_endpoint": f"{self.issuer}/oauth/device_authorization",
            "token_endpoint": f"{self.issuer}/oauth/token",
            "revocation_endpoint": f"{self.issuer}/oauth/revoke",
        }
        return self._reply(200, endpoints) if "/.well-known/" in url else self._reply(404, {"error": "not_found"})

    def _post(self, url: str, headers: dict[str, str], form: dict[str, str]) -> Response:
        verbs: dict[str, Callable[[str, dict[str, str], dict[str, str]], Response]] = {
            f"{self.issuer}/oauth/device_authorization": self._start,
            f"{self.issuer}/oauth/token": self._token,
            f"{self.issuer}/oauth/revoke": self._revoke,
        }
        try:
            thumbprint, claims = check_proof(headers.get("dpop", ""), url, self._time.now())
        except BadProof:
            return self._refuse("invalid_dpop_proof")
        if claims.jti in self._seen:
            return self._refuse("invalid_dpop_proof")
        self._seen.add(claims.jti)
        if claims.nonce != self._nonce:
            return self._refuse("use_dpop_nonce")
        return verbs[url](thumbprint, headers, form)

    def _start(self, thumbprint: str, headers: dict[str, str], form: dict[str, str]) -> Response:
        del headers
        self._supersede(thumbprint, form["client_id"])
        letters = [secrets.choice(_ALPHABET) for _ in range(6)]
        login = FakeLogin(
            login_id=f"login-{next(self._numbers)}",
            user_code=f"{''.join(letters[:3])}-{''.join(letters[3:])}",
            email=form["login_hint"],
            client_id=form["client_id"],
            scope=form.get("scope", "email"),
            device_label=form.get("device_label"),
            subject=f"user-of-{form['login_hint']}",
            state="pending",
            expires_at=self._time.now() + timedelta(seconds=self._lengths["expires_in"]),
            device_code=secrets.token_urlsafe(32),
            thumbprint=thumbprint,
        )
        self.logins.append(login)
        shown = {name: getattr(login, name) for name in ("device_code", "user_code", "login_id")}
        return self._reply(200, {**shown, **self._lengths, "verification_uri": f"{self.issuer}/check-mail"})

    def _supersede(self, thumbprint: str, client_id: str) -> None:
        for login in self.logins:
            same = (login.thumbprint, login.client_id) == (thumbprint, client_id)
            if same and self._state(login) in {"pending", "approved"}:
                login.state = "cancelled"

    def _token(self, thumbprint: str, headers: dict[str, str], form: dict[str, str]) -> Response:
        login = self._find(form.get("device_code"), thumbprint, form.get("client_id"))
        if login is None:
            return self._refuse("invalid_grant")
        state = self._state(login)
        if state == "pending":
            self._time.advance(float(headers.get("prefer", "wait=0").removeprefix("wait=")))
            return self._refuse("authorization_pending")
        if state == "approved":
            login.state = "consumed"
            return self._reply(200, _tokens(login))
        if state in {"denied", "locked"}:
            return self._refuse("access_denied", reason=state)
        return self._refuse("expired_token" if state == "expired" else "invalid_grant")

    def _revoke(self, thumbprint: str, headers: dict[str, str], form: dict[str, str]) -> Response:
        del headers
        login = self._find(form.get("token"), thumbprint, form.get("client_id"))
        if login is not None and self._state(login) in {"pending", "approved"}:
            login.state = "cancelled"
        return self._reply(200, {})

    def _find(self, device_code: str | None, thumbprint: str, client_id: str | None) -> FakeLogin | None:
        wanted = (device_code, thumbprint, client_id)
        return next((one for one in self.logins if (one.device_code, one.thumbprint, one.client_id) == wanted), None)

    def _refuse(self, error: str, **more: str) -> Response:
        return self._reply(400, {"error": error, "error_description": "The fake service says no.", **more})

    def _reply(self, status: int, body: dict[str, Any]) -> Response:
        headers = {"content-type": "application/json", "cache-control": "no-store", "dpop-nonce": self._nonce}
        return Response(status, headers, msgspec.json.encode(body))


def _tokens(login: FakeLogin) -> dict[str, Any]:
    return {
        "access_token": secrets.token_urlsafe(32),
        "token_type": "DPoP",
        "expires_in": 300,
        "refresh_token": secrets.token_urlsafe(32),
        "scope": login.scope,
        "session_id": f"session-of-{login.login_id}",
        "sub": login.subject,
    }


class _FakeTime(Surroundings):
    """The real time plus all the time that was waited away."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def advance(self, seconds: float) -> None:
        self._ahead += seconds

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self._ahead)

    def monotonic(self) -> float:
        return super().monotonic() + self._ahead

    def pause(self, seconds: float, stop: threading.Event) -> None:
        if not stop.is_set():
            self.advance(seconds)

    async def apause(self, seconds: float, stop: asyncio.Event) -> None:
        self.pause(seconds, threading.Event())
        await asyncio.sleep(0)
        del stop
