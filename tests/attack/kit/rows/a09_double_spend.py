# SPDX-License-Identifier: Apache-2.0
"""A9: the same approval, wrong code, collection and refresh, many times at one moment at two processes."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import httpx2

from attack.kit.target import TOKEN, Started, Target, word
from attack.kit.verdict import Needs, demand
from journeys.codes import wrong_code
from support.device import DEVICE_CODE_GRANT

ROW = "A9"
ATTACK = "double spend: parallel requests at two processes"
AT_ONCE = 50
Send = Callable[[httpx2.AsyncClient], Awaitable[httpx2.Response]]


async def attack(target: Target) -> str:
    """Of approvals one may win, of wrong codes three may count, of polls all must name one session."""
    if len(target.replicas) < 2:
        raise Needs("two of --second-url, each another process of the deployment")
    started = await target.start()
    secret = (await target.letter(started)).secret
    approved = await _rush(target, lambda client: _decide(client, secret, started.user_code))
    won = Counter(answer.status_code for answer in approved)[httpx2.codes.OK]
    demand(won == 1, f"of {AT_ONCE} approvals at once {won} succeeded")
    collected = await _rush(target, lambda client: _collect(client, target, started))
    sessions = {answer.json()["session_id"] for answer in collected if answer.status_code == httpx2.codes.OK}
    demand(len(sessions) == 1, f"{AT_ONCE} polls at once made {len(sessions)} sessions")
    other = await target.start()
    secret = (await target.letter(other)).secret
    tried = await _rush(target, lambda client: _decide(client, secret, wrong_code(other.user_code)))
    heard = Counter(answer.status_code for answer in tried)[httpx2.codes.UNPROCESSABLE_CONTENT]
    demand(heard <= 2, f"of {AT_ONCE} wrong codes at once {heard} left the login alive, where two may")
    return f"of {AT_ONCE} approvals one won; {AT_ONCE} polls made one session; of {AT_ONCE} wrong codes three counted"


async def _rush(target: Target, send: Send) -> Sequence[httpx2.Response]:
    """All at once, in turn to each process."""
    async with (
        asyncio.timeout(120),
        target.client(target.replicas[0]) as here,
        target.client(target.replicas[1]) as there,
    ):
        return await asyncio.gather(*(send(there if number % 2 else here) for number in range(AT_ONCE)))


async def _decide(client: httpx2.AsyncClient, secret: str, code: str) -> httpx2.Response:
    return await client.post("/l", data={"secret": secret, "action": "approve", "user_code": code})


async def _collect(client: httpx2.AsyncClient, target: Target, started: Started) -> httpx2.Response:
    form = {"grant_type": DEVICE_CODE_GRANT, "client_id": target.client_id, "device_code": started.device_code}
    answer = await started.device.post(client, TOKEN, form)
    assert word(answer)
    return answer
