# SPDX-License-Identifier: Apache-2.0
"""A terminal desktop: either SDK client, asked the same way; its wait runs beside the story."""

import base64
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Literal

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
)
from support.background import LoopThread, wait_until

ClientKind = Literal["sync", "async"]
CLIENT_ID = "desk-app"
SESSION_SECONDS = 40
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

    def __init__(self, issuer: str, store: KeyStore) -> None:
        self.key = store.key_for(issuer, CLIENT_ID)
        self.asked: list[Asked] = []

    @property
    def jkt(self) -> str:
        """The thumbprint of the device's key."""
        return thumbprint(self.key)

    def ask(self, email: str, *, label: str = "Ada's laptop", wait: bool = True) -> Asked:
        """Ask for a link, and wait for the session beside the story."""
        asked = self._ask(email, label)
        self.asked.append(asked)
        if wait:
            asked.wait()
        return asked

    @abstractmethod
    def _ask(self, email: str, label: str) -> Asked: ...

    @abstractmethod
    def close(self) -> None:
        """Cancel what is open; end the waits."""


class SyncDesktop(Desktop):
    """The client for threads."""

    def __init__(self, issuer: str, store: KeyStore) -> None:
        super().__init__(issuer, store)
        self.client = Client(issuer, CLIENT_ID, store=store)
        self._threads = ThreadPoolExecutor(thread_name_prefix="desktop")
        self._logins: list[PendingLogin] = []

    @classmethod
    def with_new_key(cls, issuer: str) -> "SyncDesktop":
        """One that forgets its key."""
        return cls(issuer, MemoryStore())

    def _ask(self, email: str, label: str) -> Asked:
        login = self.client.start_login(email, device_label=label)
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

    def __init__(self, issuer: str, store: KeyStore, loop: LoopThread) -> None:
        super().__init__(issuer, store)
        self._loop = loop
        self.client = loop.run(_made(issuer, store))
        self._logins: list[AsyncPendingLogin] = []

    def _ask(self, email: str, label: str) -> Asked:
        login = self._loop.run(self.client.start_login(email, device_label=label))
        self._logins.append(login)
        return Asked(login, lambda callback: self._loop.submit(login.wait(None, callback)))

    def close(self) -> None:
        """Cancel, await, close."""
        for asked, login in zip(self.asked, self._logins, strict=True):
            if asked.waits:
                with suppress(CounterfoilError):
                    self._loop.run(login.cancel())
        self._loop.run(self.client.close())


def open_desktop(kind: ClientKind, issuer: str, loop: LoopThread, store: KeyStore | None = None) -> Desktop:
    """A desktop with a key of its own."""
    store = store or MemoryStore()
    return SyncDesktop(issuer, store) if kind == "sync" else AsyncDesktop(issuer, store, loop)


async def _made(issuer: str, store: KeyStore) -> AsyncClient:
    """On the loop that will use it."""
    return AsyncClient(issuer, CLIENT_ID, store=store)


def thumbprint(key: DeviceKey) -> str:
    """RFC 7638, written once more so that nobody's own sum is checked by itself."""
    x, y = (base64.urlsafe_b64encode(half).rstrip(b"=").decode() for half in key.point)
    canonical = f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'
    return base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()
