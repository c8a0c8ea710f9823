# SPDX-License-Identifier: Apache-2.0
"""Desktops with the SDK, each with its key, which sign in again and again; their people's phones send forms."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from random import Random
from typing import TypeVar

import httpx2

from chaos.clock import SteppedClock
from chaos.mailbox import Mailbox
from chaos.told import Story, Told
from counterfoil_client import (
    AsyncClient,
    AsyncPendingLogin,
    LoginEnded,
    MemoryStore,
    RateLimited,
    ServiceRefused,
    ServiceUnreachable,
    Session,
    SessionEnded,
)
from journeys.desktop import CLIENT_ID, USERINFO, let_the_token_end

T = TypeVar("T")
AGAIN_SECONDS, PRESSED_SECONDS = 0.5, 5
REFRESHED, SIGNED_OUT = 0.3, 0.3
"""Shares of the sessions."""

WRONG_CLOCK = "invalid_dpop_proof"
NOT_NOW = (ServiceUnreachable, RateLimited)


class Customer:
    """`pause` is the mean of the seconds between two sign-ins of one desktop."""

    def __init__(
        self,
        name: str,
        issuer: str,
        http: httpx2.AsyncClient,
        mailbox: Mailbox,
        told: Told,
        clock: SteppedClock,
        pause: float,
    ) -> None:
        self._name, self._issuer, self._http, self._mailbox, self._told = name, issuer, http, mailbox, told
        self._random, self._pause = Random(name), pause
        self._mailboxes = 0
        # The machine is the same for all of them: reading it hundreds of times a second would measure this program.
        self._client = AsyncClient(
            issuer, CLIENT_ID, store=MemoryStore(), http=http, surroundings=clock, fingerprint=False
        )

    async def run(self, gate: asyncio.Event) -> None:
        """Story after story while the gate is open, until cancelled."""
        while True:
            await asyncio.sleep(self._random.uniform(0, 2 * self._pause))
            await gate.wait()
            story = Story(time.monotonic())
            self._told.stories.append(story)
            try:
                await self._sign_in(story)
            except (LoginEnded, SessionEnded) as error:
                story.loss = type(error).__name__
            story.over = True

    async def _sign_in(self, story: Story) -> None:
        login = await self._ask(story)
        phone = asyncio.create_task(self._approve(story, login.user_code))
        try:
            session = await self._again(login.wait)
            # It is the held poll that is often told first.
            await asyncio.wait([phone], timeout=PRESSED_SECONDS)
        finally:
            phone.cancel()
        story.session_id, story.signed_in = session.session_id, time.monotonic()
        self._told.note("session", session.session_id)
        if self._chance(REFRESHED):
            story.desktop = "refreshes"
            await self._refresh(session)
        if self._chance(SIGNED_OUT):
            story.desktop = "signs out"
            await self._sign_out(session)

    async def _ask(self, story: Story) -> AsyncPendingLogin:
        """Each try has a mailbox of its own: one that got no answer may have sent a mail."""

        async def once() -> AsyncPendingLogin:
            self._mailboxes += 1
            story.asked += 1
            story.address = f"{self._name}-{self._mailboxes}@example.com"
            return await self._client.start_login(story.address, device_label="Chaos")

        login = await self._again(once)
        story.login_id, story.desktop = login.login_id, "waits"
        self._told.note("requested", login.login_id)
        return login

    async def _approve(self, story: Story, code: str) -> None:
        story.phone = "waits for mail"
        secret = await self._mailbox.secret_to(story.address)
        story.phone = "opens"
        await self._answer(lambda: self._http.get(f"{self._issuer}/l/{secret}"))
        story.phone = "presses"
        form = {"secret": secret, "action": "approve", "user_code": code}
        answer = await self._answer(lambda: self._http.post(f"{self._issuer}/l", data=form))
        story.phone = f"was told {answer.status_code}"
        if answer.status_code == httpx2.codes.OK and story.login_id is not None:
            self._told.note("approved", story.login_id)

    async def _refresh(self, session: Session) -> None:
        """As a desktop whose access token has ended does at its next call."""
        let_the_token_end(session)
        before = session.access_token

        async def once() -> httpx2.Response:
            return await self._http.get(f"{self._issuer}{USERINFO}", auth=session.auth)

        answer = await self._again(lambda: self._answer(once))
        if answer.status_code != httpx2.codes.OK:
            self._told.refusals[f"userinfo {answer.status_code}"] += 1
        # Where every clock is slow, the desktop believes that the token is still good.
        elif session.access_token != before:
            self._told.note("refreshed", session.session_id)

    async def _sign_out(self, session: Session) -> None:
        try:
            await self._client.sign_out(session)
        except (*NOT_NOW, ServiceRefused):
            # It is gone here: the SDK says that the service could not be told, and nobody asks again.
            self._told.refusals["sign-out not told"] += 1
        else:
            self._told.note("ended", session.session_id)

    async def _again(self, ask: Callable[[], Awaitable[T]]) -> T:
        """As a program does: while the service cannot be reached, and while its clock and this one differ."""
        while True:
            try:
                return await ask()
            except NOT_NOW as error:
                self._told.refusals[type(error).__name__] += 1
            except ServiceRefused as error:
                if error.code != WRONG_CLOCK:
                    raise
                self._told.refusals[error.code] += 1
            await asyncio.sleep(AGAIN_SECONDS)

    async def _answer(self, send: Callable[[], Awaitable[httpx2.Response]]) -> httpx2.Response:
        """A phone's or an API's answer: a person presses again."""
        while True:
            try:
                answer = await send()
            except httpx2.TransportError as error:
                self._told.refusals[type(error).__name__] += 1
            else:
                if answer.status_code < httpx2.codes.INTERNAL_SERVER_ERROR:
                    return answer
                self._told.refusals[f"status {answer.status_code}"] += 1
            await asyncio.sleep(AGAIN_SECONDS)

    def _chance(self, share: float) -> bool:
        return self._random.random() < share
