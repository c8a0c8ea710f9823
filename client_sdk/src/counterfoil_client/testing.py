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

import secrets
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from counterfoil_client import _http
from counterfoil_client._effects import Response, Unreachable
from counterfoil_client._fake_logins import FakeLogin, FakeLogins, State, refusal_of
from counterfoil_client._fake_mail_code import FakeMailCodes
from counterfoil_client._fake_proof import BadProof, check_proof
from counterfoil_client._fake_redirect import BadRedirect, FakeRedirects
from counterfoil_client._fake_resource import ORIGIN, FakeResource
from counterfoil_client._fake_sessions import FakeSession, FakeSessions
from counterfoil_client._fake_time import FakeTime
from counterfoil_client.async_client import AsyncClient
from counterfoil_client.client import Client
from counterfoil_client.session import Session
from counterfoil_client.stores import KeyStore, MemoryStore

_NAP = 0.005


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
        self._lengths = {"expires_in": expires_in, "interval": interval, "poll_wait_max": poll_wait_max}
        self._patience = patience
        self._wire = _http.InMemory(self._answer, self._naps)
        self._time = FakeTime()
        self._logins = FakeLogins(self._time, expires_in)
        self._mail_codes = FakeMailCodes(self._logins)
        self._sessions = FakeSessions(self._time)
        self._resource = FakeResource(self._sessions, self._time)
        self._redirects = FakeRedirects(issuer, self._time, self._logins, self._sessions, self._collect)
        self._lock = threading.RLock()
        self._nonce = secrets.token_urlsafe(12)
        self._seen: set[str] = set()
        self._offline = False
        self._losing = False

    def client(self, client_id: str = "desktop", *, store: KeyStore | None = None) -> Client:
        """Make a client of this service; it has its own device key unless `store` is given."""
        keys = MemoryStore() if store is None else store
        return Client(self.issuer, client_id, store=keys, http=self._wire.client(), surroundings=self._time)

    def async_client(self, client_id: str = "desktop", *, store: KeyStore | None = None) -> AsyncClient:
        """Make an asynchronous client of this service; it has its own device key unless `store` is given."""
        keys = MemoryStore() if store is None else store
        http = self._wire.async_client()
        return AsyncClient(self.issuer, client_id, store=keys, http=http, surroundings=self._time)

    def api(self, session: Session) -> _http.HttpClient:
        """Make an HTTP client that calls `resource_url` as the person of this session, as an application would."""
        return self._wire.client(session.auth)

    def async_api(self, session: Session) -> _http.AsyncHttpClient:
        """Make an asynchronous HTTP client that calls `resource_url` as the person of this session."""
        return self._wire.async_client(session.auth)

    @property
    def resource_url(self) -> str:
        """A protected resource, on another origin: it answers with the subject, or with 401 and a DPoP challenge."""
        return f"{ORIGIN}/notes"

    @property
    def sessions(self) -> list[FakeSession]:
        """All sessions, ended ones too, the newest last."""
        return self._sessions.opened

    @property
    def logins(self) -> list[FakeLogin]:
        """All logins, the newest last."""
        return self._logins.opened

    @property
    def browsed(self) -> list[str]:
        """The pages that `open_browser` would have shown."""
        return self._time.browsed

    @property
    def last_login(self) -> FakeLogin:
        """The newest login; `IndexError` before the first."""
        return self.logins[-1]

    def approve(self, login_id: str) -> None:
        """The person says yes."""
        self._decide(login_id, "approved")

    def return_here(self, login_id: str) -> str:
        """The person opens the link on the same computer and stays there: return where the browser is sent.

        Each call makes another code, three at most. Open the URL as a browser would, or give it to `handle_redirect`.
        """
        with self._lock:
            return self._redirects.issue(login_id)

    def deny(self, login_id: str) -> None:
        """The person says no."""
        self._decide(login_id, "denied")

    def lock(self, login_id: str) -> None:
        """The wrong code was typed too often."""
        self._decide(login_id, "locked")

    def refuse_mail_codes(self) -> None:
        """The application is registered without them; until then `FakeLogin.mail_code` is what `submit_code` takes."""
        self._mail_codes.allowed = False

    def be_busy(self, tries: int = 1) -> None:
        """Let so many tries of a mail code find that another one is being checked."""
        self._mail_codes.busy = tries

    def refuse_device(self, login_id: str) -> None:
        """The person says yes, but the application takes known devices only."""
        self._decide(login_id, "new_device")

    def expire(self, login_id: str) -> None:
        """The time of the login is over."""
        self._decide(login_id, "expired")

    def end_session(self, session_id: str) -> None:
        """Somebody ends the session elsewhere; `KeyError` for an unknown one."""
        with self._lock:
            self._sessions.end(session_id)

    def advance(self, seconds: float) -> None:
        """Let time pass at once: access tokens last five minutes."""
        self._time.advance(seconds)

    def renew_nonces(self) -> None:
        """Make every proof that is already thought of a stale one."""
        self._nonce = secrets.token_urlsafe(12)
        self._resource.nonce = secrets.token_urlsafe(12)

    def lose_next_answer(self) -> None:
        """Do what the next request asks of the service, and lose the answer on the way."""
        self._losing = True

    def go_offline(self) -> None:
        """No request to the service gets an answer any more; the protected resource goes on."""
        self._offline = True

    def go_online(self) -> None:
        """Requests get answers again."""
        self._offline = False

    def _decide(self, login_id: str, state: State) -> None:
        with self._lock:
            self._logins.decide(login_id, state)

    def _naps(self, body: bytes) -> Iterator[float]:
        """Hold a poll back while nobody has decided, as long as this test has patience."""
        form = dict(parse_qsl(body.decode()))
        code = form.get("device_code") if "grant_type" in form else None
        left = self._patience
        while left > 0 and self._logins.is_waiting(code):
            yield _NAP
            left -= _NAP

    def _answer(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Response:
        with self._lock:
            if url.startswith(f"{ORIGIN}/"):
                return self._resource.answer(method, url, headers)
            if self._offline:
                raise Unreachable("the fake service is offline")
            if method == "GET":
                return self._metadata(url)
            answer = self._post(url, headers, dict(parse_qsl(body.decode())))
            if self._losing and answer.status == HTTPStatus.OK:
                self._losing = False
                raise Unreachable("the answer was lost")
            return answer

    def _metadata(self, url: str) -> Response:
        endpoints = {
            "issuer": self.issuer,
            "device_authorization_endpoint": f"{self.issuer}/oauth/device_authorization",
            "token_endpoint": f"{self.issuer}/oauth/token",
            "revocation_endpoint": f"{self.issuer}/oauth/revoke",
            "mail_code_endpoint": f"{self.issuer}/oauth/mail_code",
        }
        return self._reply(200, endpoints) if "/.well-known/" in url else self._reply(404, {"error": "not_found"})

    def _post(self, url: str, headers: dict[str, str], form: dict[str, str]) -> Response:
        verbs: dict[str, Callable[[str, dict[str, str], dict[str, str]], Response]] = {
            f"{self.issuer}/oauth/device_authorization": self._start,
            f"{self.issuer}/oauth/token": self._token,
            f"{self.issuer}/oauth/revoke": self._revoke,
            f"{self.issuer}/oauth/mail_code": self._mail_code,
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
        try:
            self._redirects.check(form)
        except BadRedirect:
            return self._refuse("invalid_request")
        login = self._logins.start(form, thumbprint)
        self._redirects.begin(login, form)
        shown = {name: getattr(login, name) for name in ("device_code", "user_code", "login_id")}
        return self._reply(200, {**shown, **self._lengths, "verification_uri": f"{self.issuer}/check-mail"})

    def _token(self, thumbprint: str, headers: dict[str, str], form: dict[str, str]) -> Response:
        if form.get("grant_type") in {"authorization_code", "refresh_token"}:
            return self._exchange(thumbprint, form)
        login = self._logins.find(form.get("device_code"), thumbprint, form.get("client_id"))
        if login is None:
            return self._refuse("invalid_grant")
        state = self._logins.state(login)
        if state == "pending":
            self._time.advance(float(headers.get("prefer", "wait=0").removeprefix("wait=")))
            return self._refuse("authorization_pending")
        if state == "approved":
            return self._reply(200, self._collect(login))
        return self._refuse(**refusal_of(state))

    def _exchange(self, thumbprint: str, form: dict[str, str]) -> Response:
        if form["grant_type"] == "refresh_token":
            pair = self._sessions.refresh(form.get("refresh_token"), thumbprint, form.get("client_id"))
        else:
            pair = self._redirects.redeem(form, thumbprint)
        return self._refuse("invalid_grant") if pair is None else self._reply(200, pair)

    def _collect(self, login: FakeLogin) -> dict[str, Any]:
        login.state = "consumed"
        return self._sessions.open(_session_of(login))

    def _revoke(self, thumbprint: str, headers: dict[str, str], form: dict[str, str]) -> Response:
        del headers
        self._sessions.revoke(form.get("token"), thumbprint, form.get("client_id"))
        login = self._logins.find(form.get("token"), thumbprint, form.get("client_id"))
        if login is not None:
            self._logins.cancel(login)
        return self._reply(200, {})

    def _mail_code(self, thumbprint: str, headers: dict[str, str], form: dict[str, str]) -> Response:
        del headers
        refusal = self._mail_codes.submit(form, thumbprint)
        return self._reply(200, {}) if refusal is None else self._refuse(**refusal)

    def _refuse(self, error: str, **more: str | int) -> Response:
        return self._reply(400, {"error": error, "error_description": "The fake service says no.", **more})

    def _reply(self, status: int, body: dict[str, Any]) -> Response:
        headers = {"content-type": "application/json", "cache-control": "no-store", "dpop-nonce": self._nonce}
        return Response(status, headers, msgspec.json.encode(body))


def _session_of(login: FakeLogin) -> FakeSession:
    return FakeSession(
        session_id=f"session-of-{login.login_id}",
        subject=login.subject,
        client_id=login.client_id,
        scope=login.scope,
        thumbprint=login.thumbprint,
    )
