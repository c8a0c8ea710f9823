# SPDX-License-Identifier: Apache-2.0
"""A terminal desktop: either SDK client, asked the same way; its wait runs beside the story."""

import base64
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import httpx2
import msgspec

from counterfoil_client import (
    AsyncClient,
    AsyncPendingLogin,
    Client,
    CounterfoilError,
    DeviceKey,
    KeyStore,
    MemoryStore,
    PendingLogin,
    Progress,
    Session,
    SessionEnded,
    StoredSession,
)
from counterfoil_client.session import state_of
from support.background import LoopThread, wait_until

ClientKind = Literal["sync", "async"]
CLIENT_ID = "desk-app"
SESSION_SECONDS = 40
USERINFO = "/oauth/userinfo"
Callback = Callable[[Progress], Any]


class Asked:
    """A login of some desktop. `begin` starts its wait beside the story."""

    def __init__(self, login: PendingLogin | AsyncPendingLogin, begin: Callable[[Callback], Future[Session]]) -> None:
        self.login = login
        self.user_code = login.user_code
        self.login_id = login.login_id
        self.progress: list[Progress] = []
        self._begin = begin
        self._outcome: Future[Session] | None = None

    @property
    def device_code(self) -> str:
        """What only a thief's debugger or this desktop's memory gives."""
        return self.login._login.device_code

    @property
    def redirect_uri(self) -> str:
        """Where this login comes home."""
        assert self.login._login.way_home is not None, "it was started without redirect"
        return self.login._login.way_home.redirect_uri

    @property
    def waits(self) -> bool:
        """Whether it still hopes."""
        return self._outcome is not None and not self._outcome.done()

    @property
    def outcome(self) -> Future[Session]:
        """What the wait comes to."""
        assert self._outcome is not None, "nobody waits for this login"
        return self._outcome

    def wait(self) -> None:
        """Wait, and come back once the first question is on its way."""
        self._outcome = self._begin(self.progress.append)
        wait_until(lambda: self.progress or self.outcome.done(), "the desktop's first poll")

    def session(self, seconds: float = SESSION_SECONDS) -> Session:
        """The session, or the error that the wait ended with."""
        return self.outcome.result(seconds)

    def error(self, seconds: float = SESSION_SECONDS) -> BaseException | None:
        """The error that the wait ended with."""
        return self.outcome.exception(seconds)


class Desktop(ABC):
    """A device with a key; what it still waits for is given up when it closes."""

    def __init__(self, issuer: str, store: KeyStore, client_id: str) -> None:
        self.issuer = issuer
        self.key = store.key_for(issuer, client_id)
        self.asked: list[Asked] = []

    @property
    def jkt(self) -> str:
        """The thumbprint of the device's key."""
        return thumbprint(self.key)

    def ask(self, email: str, *, label: str = "Ada's laptop", wait: bool = True, redirect: str | None = None) -> Asked:
        """Ask for a link, and wait for the session beside the story."""
        asked = self._ask(email, label, redirect)
        self.asked.append(asked)
        if wait:
            asked.wait()
        return asked

    def sub(self, session: Session) -> str:
        """Who the service says that this is; the answer must be a good one."""
        answer = self.call(session, self.issuer + USERINFO)
        assert answer.status_code == httpx2.codes.OK, answer.text
        return str(answer.json()["sub"])

    def is_out(self, session: Session, url: str = "") -> bool:
        """Whether the access token opens nothing there any more, and no refresh gives another."""
        with suppress(SessionEnded):
            if self.call(session, url or self.issuer + USERINFO).status_code != httpx2.codes.UNAUTHORIZED:
                return False
        let_the_token_end(session)
        with suppress(SessionEnded):
            self.sub(session)
            return False
        return True

    @abstractmethod
    def call(self, session: Session, url: str, form: dict[str, str] | None = None) -> httpx2.Response:
        """GET, or POST a form, with `session.auth`."""

    @abstractmethod
    def load(self) -> Session | None:
        """What `load_session` gives."""

    @abstractmethod
    def sign_out(self, session: Session) -> None:
        """End the session here and there."""

    @abstractmethod
    def come_home(self, asked: Asked, url: str) -> bool:
        """Take a URL that the operating system brought."""

    @abstractmethod
    def submit(self, asked: Asked, code: str) -> None:
        """Type the digits of the mail."""

    @abstractmethod
    def _ask(self, email: str, label: str, redirect: str | None) -> Asked: ...

    @abstractmethod
    def close(self) -> None:
        """Cancel what is open; end the waits."""


class SyncDesktop(Desktop):
    """The client for threads."""

    def __init__(self, issuer: str, store: KeyStore, client_id: str = CLIENT_ID, **options: Any) -> None:
        super().__init__(issuer, store, client_id)
        self.client = Client(issuer, client_id, store=store, **options)
        self._threads = ThreadPoolExecutor(thread_name_prefix="desktop")
        self._logins: list[PendingLogin] = []

    @classmethod
    def with_new_key(cls, issuer: str) -> "SyncDesktop":
        """One that forgets its key."""
        return cls(issuer, MemoryStore())

    def call(self, session: Session, url: str, form: dict[str, str] | None = None) -> httpx2.Response:
        """On this thread."""
        with httpx2.Client(auth=session.auth, trust_env=False) as http:
            return http.request("POST" if form else "GET", url, data=form)

    def load(self) -> Session | None:
        """On this thread."""
        return self.client.load_session()

    def sign_out(self, session: Session) -> None:
        """On this thread."""
        self.client.sign_out(session)

    def come_home(self, asked: Asked, url: str) -> bool:
        """On this thread."""
        return self._logins[self.asked.index(asked)].handle_redirect(url)

    def submit(self, asked: Asked, code: str) -> None:
        """On this thread."""
        self._logins[self.asked.index(asked)].submit_code(code)

    def _ask(self, email: str, label: str, redirect: str | None) -> Asked:
        login = self.client.start_login(email, device_label=label, redirect=redirect)
        self._logins.append(login)
        return Asked(login, lambda callback: self._threads.submit(login.wait, None, callback))

    def close(self) -> None:
        """Cancel, join, close."""
        for asked, login in zip(self.asked, self._logins, strict=True):
            if asked.waits:
                with suppress(CounterfoilError):
                    login.cancel()
        self._threads.shutdown()
        self.client.close()


class AsyncDesktop(Desktop):
    """The client for asyncio, on the loop beside the story."""

    def __init__(
        self, issuer: str, store: KeyStore, loop: LoopThread, client_id: str = CLIENT_ID, **options: Any
    ) -> None:
        super().__init__(issuer, store, client_id)
        self._loop = loop
        self.client = loop.run(_made(issuer, store, client_id, options))
        self._logins: list[AsyncPendingLogin] = []

    def call(self, session: Session, url: str, form: dict[str, str] | None = None) -> httpx2.Response:
        """On the loop."""
        return self._loop.run(_called(session, url, form))

    def load(self) -> Session | None:
        """On the loop."""
        return self._loop.run(self.client.load_session())

    def sign_out(self, session: Session) -> None:
        """On the loop."""
        self._loop.run(self.client.sign_out(session))

    def come_home(self, asked: Asked, url: str) -> bool:
        """On the loop."""
        return self._loop.run(self._logins[self.asked.index(asked)].handle_redirect(url))

    def submit(self, asked: Asked, code: str) -> None:
        """On the loop."""
        self._loop.run(self._logins[self.asked.index(asked)].submit_code(code))

    def _ask(self, email: str, label: str, redirect: str | None) -> Asked:
        login = self._loop.run(self.client.start_login(email, device_label=label, redirect=redirect))
        self._logins.append(login)
        return Asked(login, lambda callback: self._loop.submit(login.wait(None, callback)))

    def close(self) -> None:
        """Cancel, await, close."""
        for asked, login in zip(self.asked, self._logins, strict=True):
            if asked.waits:
                with suppress(CounterfoilError):
                    self._loop.run(login.cancel())
        self._loop.run(self.client.close())


def open_desktop(
    kind: ClientKind,
    issuer: str,
    loop: LoopThread,
    store: KeyStore | None = None,
    client_id: str = CLIENT_ID,
    **options: Any,
) -> Desktop:
    """A desktop with a key of its own, or with what lies in a store; `options` are the client's own."""
    store = store or MemoryStore()
    if kind == "sync":
        return SyncDesktop(issuer, store, client_id, **options)
    return AsyncDesktop(issuer, store, loop, client_id, **options)


def aged(session: StoredSession) -> StoredSession:
    """The same pair as a desktop finds it once its access token has ended."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    return msgspec.structs.replace(session, expires_at=past, refresh_at=past)


def let_the_token_end(session: Session) -> None:
    """From now on this desktop believes that the access token is over, without anybody having waited for that."""
    state = state_of(session)
    state.held = aged(state.held)


def let_the_token_get_old(session: Session) -> None:
    """From now on this desktop wants a new pair, though the old one still works."""
    state = state_of(session)
    state.held = msgspec.structs.replace(state.held, refresh_at=aged(state.held).refresh_at)


async def _made(issuer: str, store: KeyStore, client_id: str, options: dict[str, Any]) -> AsyncClient:
    """On the loop that will use it."""
    return AsyncClient(issuer, client_id, store=store, **options)


async def _called(session: Session, url: str, form: dict[str, str] | None) -> httpx2.Response:
    async with httpx2.AsyncClient(auth=session.auth, trust_env=False) as http:
        return await http.request("POST" if form else "GET", url, data=form)


def thumbprint(key: DeviceKey) -> str:
    """RFC 7638, written once more so that nobody's own sum is checked by itself."""
    x, y = (base64.urlsafe_b64encode(half).rstrip(b"=").decode() for half in key.point)
    canonical = f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'
    return base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()
