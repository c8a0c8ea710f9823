# SPDX-License-Identifier: Apache-2.0
"""The client for asyncio. `client.py` is its twin: same names, same parameters, same first lines."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

from counterfoil_client import _flows
from counterfoil_client._async_keeper import TaskKeeper
from counterfoil_client._drive import AsyncRunner
from counterfoil_client._fingerprint.description import Description
from counterfoil_client._flows import Channel, LoginWish, OnProgress, OpenLogin
from counterfoil_client._homecoming import AsyncHomecoming
from counterfoil_client._http import AsyncHttpClient, AsyncSender
from counterfoil_client._loopback import Landings, Listener
from counterfoil_client._pending import PendingFacts
from counterfoil_client._session_state import session_store
from counterfoil_client._surroundings import Surroundings
from counterfoil_client.errors import AlreadyWaiting, CounterfoilError
from counterfoil_client.session import Session, state_of
from counterfoil_client.stores import DeviceKey, FileStore, KeyStore, SessionStore


class AsyncPendingLogin(PendingFacts):
    """A login that waits for the person: show `user_code`, then call `wait`.

    As a context manager it cancels the login when the block is left before `wait` has returned a session.
    """

    def __init__(
        self,
        channel: Channel,
        login: OpenLogin,
        runner: AsyncRunner,
        keeper: TaskKeeper,
        listener: Listener | None,
    ) -> None:
        super().__init__(channel, login)
        self._runner = runner
        self._home = AsyncHomecoming(channel, login, runner)
        self._listen(listener, self._home.receive)
        self._keeper = keeper
        self._waiting = False

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
            return await self._keeper.keep(await self._runner.run(flow, self._home.stop, self._home.turn))
        finally:
            self._waiting = False
            await self._leave()

    async def handle_redirect(self, url: str) -> bool:
        """Take the URL that the operating system brought to this application; True when it brought the session.

        `wait` then returns that session; it goes on waiting when the service did not take the code. A URL that is not
        the answer to this login raises `UnexpectedRedirect` and changes nothing.
        """
        return await self._home.redeem(url)

    async def submit_code(self, code: str) -> None:
        """Send the eight digits of the mail, which approve this login as the link does.

        For applications whose mails carry them. May be called from any task of this loop, before `wait` or beside it;
        `wait` then returns the session. Raises `WrongCode` while there are tries left, and a `LoginEnded` error when
        there will be no session. Digits whose answer was lost are sent once more, so wrong ones may count twice.
        """
        try:
            await self._runner.run(_flows.submit_code(self._channel, self._login, code))
        finally:
            self._home.stop.set()
            await self._leave()

    async def cancel(self) -> None:
        """Cancel this login; a wait for it ends with `LoginCancelled`.

        May be called from any task of this loop, and again. After `wait` has returned a session it does
        nothing; a session that came by redirect and that no `wait` returned is revoked.
        """
        self._login.cancelling = True
        self._home.stop.set()
        await self._leave()
        await self._runner.run(_flows.cancel_login(self._channel, self._login))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._login.cancelling = True
        self._home.stop.set()
        await self._leave()
        with contextlib.suppress(CounterfoilError):
            await self._runner.run(_flows.cancel_login(self._channel, self._login, tries=1))

    async def _leave(self) -> None:
        """Close the listener once nobody needs to come home any more."""
        if self._listener is not None and self._login.is_over:
            await asyncio.to_thread(self._listener.close)


class AsyncClient:
    """Signs a person in on this device by a mailed link.

    `store` keeps the device key (by default a file of this user), `sessions` the session (by default the same store if
    it can, else a file), `http` is an existing asynchronous HTTP client of httpx2 to use (it is not closed here),
    `surroundings` are clock, waits and machine, for tests.

    At each sign-in and refresh it reads what this machine is like (machine id, system, processor, memory, product, host
    name, time zone, locale, displays) and sends keyed digests of it, never the values; `fingerprint=False` turns
    that off. `app_version` is the application's own version, which becomes part of it.
    """

    def __init__(  # noqa: PLR0913 - each is a choice of its own, all but the first two optional
        self,
        issuer: str,
        client_id: str,
        *,
        store: KeyStore | None = None,
        sessions: SessionStore | None = None,
        http: AsyncHttpClient | None = None,
        surroundings: Surroundings | None = None,
        fingerprint: bool = True,
        app_version: str | None = None,
    ) -> None:
        self._channel = Channel.open(issuer, client_id, surroundings)
        self._store: KeyStore = FileStore() if store is None else store
        self._channel.description = Description.make(self._store, app_version, wanted=fingerprint)
        self._landings = Landings()
        self._sender = AsyncSender(http, direct=self._channel.issuer.is_local)
        self._runner = AsyncRunner(self._sender.send, self._channel.surroundings)
        self._keeper = TaskKeeper(self._channel, self._runner, session_store(self._store, sessions))
        self._channel.keeper = self._keeper

    async def start_login(  # noqa: PLR0913 - each is a wish of its own, all but the address optional
        self,
        email: str,
        *,
        device_label: str | None = None,
        scope: str | None = None,
        resource: str | None = None,
        ui_locales: str | None = None,
        redirect: str | None = None,
        open_browser: bool = False,
    ) -> AsyncPendingLogin:
        """Ask the service to mail a link to this address.

        The answer is the same whether or not anybody has this address. Without `device_label` the host name is sent.
        With `redirect`, the link may also be opened on this computer, without a code: `"loopback"` (or a loopback URL
        without port) listens here until the login is over; an app link or a URL with a scheme of the application's own
        comes by the operating system, and goes to `handle_redirect`. `open_browser` shows a page that says to look
        into the mail.
        """
        wish = LoginWish(email, device_label, scope, resource, ui_locales)
        key = await self._device_key()
        fingerprint = await asyncio.to_thread(self._channel.fingerprint, key)
        with self._landings.prepare(redirect) as place:
            flow = _flows.start_login(self._channel, key, wish, place.redirect_uri, fingerprint)
            login = await self._runner.run(flow)
            pending = AsyncPendingLogin(self._channel, login, self._runner, self._keeper, place.listener)
        if open_browser:
            await asyncio.to_thread(self._channel.surroundings.browse, login.verification_uri)
        return pending

    async def load_session(self) -> Session | None:
        """Return the session of this device, or None if nobody is signed in any more.

        Its tokens are replaced if they are about to end; where that is needed and the service cannot be reached,
        `ServiceUnreachable` is raised and the session stays stored.
        """
        stored = await self._keeper.load()
        return None if stored is None else await self._keeper.open(stored, await self._device_key())

    async def sign_out(self, session: Session) -> None:
        """End this session, here first and then at the service.

        It is gone from this device even when the service cannot be told, which raises `ServiceUnreachable`: then its
        tokens end by themselves.
        """
        state = state_of(session)
        try:
            await self._keeper.forget(state)
        finally:
            await self._runner.run(_flows.revoke_session(self._channel, state))

    async def close(self) -> None:
        """Close the connections that this client opened, and the listeners of its logins."""
        self._landings.close()
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
