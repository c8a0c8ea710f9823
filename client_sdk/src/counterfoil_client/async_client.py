# SPDX-License-Identifier: Apache-2.0
"""The client for asyncio. `client.py` is its twin: same names, same parameters, same first lines."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

from counterfoil_client import _flows
from counterfoil_client._drive import AsyncRunner
from counterfoil_client._flows import Channel, LoginWish, OnProgress, OpenLogin
from counterfoil_client._http import AsyncHttpClient, AsyncSender
from counterfoil_client._pending import PendingFacts
from counterfoil_client._surroundings import Surroundings
from counterfoil_client.errors import AlreadyWaiting, CounterfoilError
from counterfoil_client.session import Session
from counterfoil_client.stores import DeviceKey, FileStore, KeyStore


class AsyncPendingLogin(PendingFacts):
    """A login that waits for the person: show `user_code`, then call `wait`.

    As a context manager it cancels the login when the block is left without a session.
    """

    def __init__(self, channel: Channel, login: OpenLogin, runner: AsyncRunner) -> None:
        super().__init__(channel, login)
        self._runner = runner
        self._waiting = False
        self._stop = asyncio.Event()

    async def wait(self, timeout: float | None = None, on_progress: OnProgress | None = None) -> Session:  # noqa: ASYNC109 - parity with Client, and the login outlives it
        """Wait until the person approves, and return the session.

        `timeout` is in seconds; when it is over, `WaitTimeout` is raised and the login stays open for another wait.
        Cancelling the task leaves the login open, too. `on_progress` is called with a `Progress` before each question.
        Raises a `LoginEnded` error when there will be no session.
        """
        if self._waiting:
            raise AlreadyWaiting
        self._waiting = True
        try:
            flow = _flows.wait_for_session(self._channel, self._login, timeout=timeout, on_progress=on_progress)
            return await self._runner.run(flow, self._stop)
        finally:
            self._waiting = False

    async def cancel(self) -> None:
        """Cancel this login; a wait for it ends with `LoginCancelled`.

        May be called from any task of this loop, and again. After a session has come it does nothing.
        """
        self._login.cancelling = True
        self._stop.set()
        await self._runner.run(_flows.cancel_login(self._channel, self._login))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._login.cancelling = True
        self._stop.set()
        with contextlib.suppress(CounterfoilError):
            await self._runner.run(_flows.cancel_login(self._channel, self._login, tries=1))


class AsyncClient:
    """Signs a person in on this device by a mailed link.

    `store` keeps the device key (by default a file of this user), `http` is an existing asynchronous HTTP client of
    httpx2 to use (it is not closed here), `surroundings` are clock and waits, for tests.
    """

    def __init__(
        self,
        issuer: str,
        client_id: str,
        *,
        store: KeyStore | None = None,
        http: AsyncHttpClient | None = None,
        surroundings: Surroundings | None = None,
    ) -> None:
        self._channel = Channel.open(issuer, client_id, surroundings)
        self._store: KeyStore = FileStore() if store is None else store
        self._sender = AsyncSender(http, direct=self._channel.issuer.is_local)
        self._runner = AsyncRunner(self._sender.send, self._channel.surroundings)

    async def start_login(
        self,
        email: str,
        *,
        device_label: str | None = None,
        scope: str | None = None,
        resource: str | None = None,
        ui_locales: str | None = None,
        device_fingerprint: str | None = None,
    ) -> AsyncPendingLogin:
        """Ask the service to mail a link to this address.

        The answer is the same whether or not anybody has this address. Without `device_label` the host name is sent.
        """
        wish = LoginWish(email, device_label, scope, resource, ui_locales, device_fingerprint)
        login = await self._runner.run(_flows.start_login(self._channel, await self._device_key(), wish))
        return AsyncPendingLogin(self._channel, login, self._runner)

    async def close(self) -> None:
        """Close the connections that this client opened."""
        await self._sender.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _device_key(self) -> DeviceKey:
        """Load the key on a thread: a file may lie on a slow disk."""
        channel = self._channel
        key = channel.key
        if key is None:
            key = await asyncio.to_thread(self._store.key_for, channel.issuer.text, channel.client_id)
            channel.key = key
        return key
