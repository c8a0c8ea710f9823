# SPDX-License-Identifier: Apache-2.0
"""The client for threads. `async_client.py` is its twin: same names, same parameters, same first lines."""

import contextlib
import threading
from types import TracebackType
from typing import Self

from counterfoil_client import _flows
from counterfoil_client._drive import Runner
from counterfoil_client._flows import Channel, LoginWish, OnProgress, OpenLogin
from counterfoil_client._http import HttpClient, Sender
from counterfoil_client._pending import PendingFacts
from counterfoil_client._surroundings import Surroundings
from counterfoil_client.errors import AlreadyWaiting, CounterfoilError
from counterfoil_client.session import Session
from counterfoil_client.stores import DeviceKey, FileStore, KeyStore


class PendingLogin(PendingFacts):
    """A login that waits for the person: show `user_code`, then call `wait`.

    As a context manager it cancels the login when the block is left without a session.
    """

    def __init__(self, channel: Channel, login: OpenLogin, runner: Runner) -> None:
        super().__init__(channel, login)
        self._runner = runner
        self._turn = threading.Lock()
        self._stop = threading.Event()

    def wait(self, timeout: float | None = None, on_progress: OnProgress | None = None) -> Session:
        """Wait until the person approves, and return the session.

        `timeout` is in seconds; when it is over, `WaitTimeout` is raised and the login stays open for another wait.
        A question already on its way is not cut off, so this may take a few seconds longer. `on_progress` is called
        with a `Progress` before each question. Raises a `LoginEnded` error when there will be no session.
        """
        if not self._turn.acquire(blocking=False):
            raise AlreadyWaiting
        try:
            flow = _flows.wait_for_session(self._channel, self._login, timeout=timeout, on_progress=on_progress)
            return self._runner.run(flow, self._stop)
        finally:
            self._turn.release()

    def cancel(self) -> None:
        """Cancel this login; a wait for it ends with `LoginCancelled`.

        May be called from any thread, and again. After a session has come it does nothing.
        """
        self._login.cancelling = True
        self._stop.set()
        self._runner.run(_flows.cancel_login(self._channel, self._login))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._login.cancelling = True
        self._stop.set()
        with contextlib.suppress(CounterfoilError):
            self._runner.run(_flows.cancel_login(self._channel, self._login, tries=1))


class Client:
    """Signs a person in on this device by a mailed link.

    Safe to share between threads. `store` keeps the device key (by default a file of this user), `http` is an
    existing HTTP client of httpx2 to use (it is not closed here), `surroundings` are clock and waits, for tests.
    """

    def __init__(
        self,
        issuer: str,
        client_id: str,
        *,
        store: KeyStore | None = None,
        http: HttpClient | None = None,
        surroundings: Surroundings | None = None,
    ) -> None:
        self._channel = Channel.open(issuer, client_id, surroundings)
        self._store: KeyStore = FileStore() if store is None else store
        self._sender = Sender(http, direct=self._channel.issuer.is_local)
        self._runner = Runner(self._sender.send, self._channel.surroundings)

    def start_login(
        self,
        email: str,
        *,
        device_label: str | None = None,
        scope: str | None = None,
        resource: str | None = None,
        ui_locales: str | None = None,
        device_fingerprint: str | None = None,
    ) -> PendingLogin:
        """Ask the service to mail a link to this address.

        The answer is the same whether or not anybody has this address. Without `device_label` the host name is sent.
        """
        wish = LoginWish(email, device_label, scope, resource, ui_locales, device_fingerprint)
        login = self._runner.run(_flows.start_login(self._channel, self._device_key(), wish))
        return PendingLogin(self._channel, login, self._runner)

    def close(self) -> None:
        """Close the connections that this client opened."""
        self._sender.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _device_key(self) -> DeviceKey:
        if self._channel.key is None:
            self._channel.key = self._store.key_for(self._channel.issuer.text, self._channel.client_id)
        return self._channel.key
