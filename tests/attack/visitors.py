# SPDX-License-Identifier: Apache-2.0
"""People and their devices, who sign in over and over and try again when nobody answers, as programs do."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from random import Random

import httpx2

from attack.letterbox import Letterbox
from attack.promises import Kind, Promises
from journeys.crowd import Started, client_of, device_of, poll
from journeys.desktop import CLIENT_ID
from support.device import Device

ASK, TOKEN, REVOKE = "/oauth/device_authorization", "/oauth/token", "/oauth/revoke"
STORY_SECONDS = 30
"""A story that does not get on for so long is given up, and another one begins."""

HELD_SECONDS = 20
AGAIN_SECONDS = 0.1
SLOWER_SECONDS = 5
WRONG_CODE = "BBBBBB"

Answer = httpx2.Response
Send = Callable[[httpx2.AsyncClient], Awaitable[Answer]]


class Visitor:
    """Somebody who takes a new device and a new mailbox for each story."""

    def __init__(
        self, name: str, issuer: str, addresses: Sequence[str], letterbox: Letterbox, promises: Promises
    ) -> None:
        self._name, self._issuer = name, issuer
        self._clients = [client_of(address) for address in addresses]
        self._letterbox, self._promises = letterbox, promises
        self._random = Random(name)
        self._mailboxes = 0
        self.given_up = 0

    async def run(self) -> None:
        """Story after story, until cancelled."""
        try:
            while True:
                try:
                    async with asyncio.timeout(STORY_SECONDS):
                        await self._story()
                except TimeoutError:
                    self.given_up += 1
        finally:
            for client in self._clients:
                await client.aclose()

    async def _story(self) -> None:
        started, email = await self._ask(device_of(self._issuer))
        if self._chance(0.1):
            await self._revoke(started.device, started.device_code)
            self._promises.note("cancelled", started.login_id)
            return
        letter = await self._letterbox.link_to(email)
        opened, _ = await self._answer(lambda client: client.get(f"/l/{letter.secret}"))
        assert opened.status_code == 200, opened.text
        if await self._locked(started, letter.secret):
            return
        if self._chance(0.1):
            await self._decide(started, letter.secret, "reject", "denied")
        elif self._chance(0.5):
            async with asyncio.TaskGroup() as group:
                held = group.create_task(self._collect(started, HELD_SECONDS))
                await self._decide(started, letter.secret, "approve", "approved")
            await self._live(started, held.result())
        else:
            await self._decide(started, letter.secret, "approve", "approved")
            await self._live(started, await self._collect(started, None))

    async def _ask(self, device: Device) -> tuple[Started, str]:
        """Each try has a mailbox of its own, so that a letter belongs to one login."""
        emails: list[str] = []

        async def send(client: httpx2.AsyncClient) -> Answer:
            self._mailboxes += 1
            emails.append(f"{self._name}-{self._mailboxes}@example.com")
            return await device.post(client, ASK, {"client_id": CLIENT_ID, "login_hint": emails[-1]})

        answer, _ = await self._answer(send)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        self._promises.note("requested", told["login_id"])
        return Started(device, told["device_code"], told["user_code"], told["login_id"]), emails[-1]

    async def _locked(self, started: Started, secret: str) -> bool:
        """Type wrong codes now and then; whether the login is over by it."""
        wrong = WRONG_CODE if started.user_code.replace("-", "") != WRONG_CODE else "CCCCCC"
        while self._chance(0.15):
            answer, _ = await self._press(secret, "approve", wrong)
            assert answer.status_code in {422, 410}, answer.text
            if answer.status_code == 410:
                return True
        return False

    async def _decide(self, started: Started, secret: str, action: str, kind: Kind) -> None:
        answer, again = await self._press(secret, action, started.user_code)
        assert answer.status_code == 200 or (again and answer.status_code == 410), answer.text
        if answer.status_code == 200:
            self._promises.note(kind, started.login_id)

    async def _press(self, secret: str, action: str, code: str) -> tuple[Answer, bool]:
        form = {"secret": secret, "action": action, "user_code": code}
        return await self._answer(lambda client: client.post("/l", data=form))

    async def _collect(self, started: Started, wait: int | None) -> dict[str, str]:
        while True:
            answer, _ = await self._answer(lambda client: poll(client, started, wait=wait))
            told: dict[str, str] = answer.json()
            if answer.status_code == 200:
                self._promises.note("session", told["session_id"])
                return told
            assert told["error"] in {"authorization_pending", "slow_down"}, answer.text
            if told["error"] == "slow_down":
                await asyncio.sleep(SLOWER_SECONDS)

    async def _live(self, started: Started, session: dict[str, str]) -> None:
        """Renew the session some times, then end it or leave it."""
        token = session["refresh_token"]
        for _ in range(self._random.randrange(4)):
            token = await self._renew(started.device, token)
            self._promises.note("refreshed", session["session_id"])
        if self._chance(0.5):
            await self._revoke(started.device, token)
            self._promises.note("ended", session["session_id"])

    async def _renew(self, device: Device, token: str) -> str:
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": CLIENT_ID}
        answer, _ = await self._answer(lambda client: device.post(client, TOKEN, form))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["refresh_token"])

    async def _revoke(self, device: Device, token: str) -> None:
        form = {"client_id": CLIENT_ID, "token": token}
        answer, _ = await self._answer(lambda client: device.post(client, REVOKE, form))
        assert answer.status_code == 200, answer.text

    async def _answer(self, send: Send) -> tuple[Answer, bool]:
        """Until somebody answers; and whether an earlier try may have had an effect that nobody told of."""
        again = False
        while True:
            try:
                answer = await send(self._random.choice(self._clients))
            except httpx2.TransportError:
                pass
            else:
                assert answer.status_code != 500, answer.text
                if answer.status_code < 500:
                    return answer, again
            again = True
            await asyncio.sleep(AGAIN_SECONDS)

    def _chance(self, share: float) -> bool:
        return self._random.random() < share
