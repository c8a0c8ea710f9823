# SPDX-License-Identifier: Apache-2.0
"""From the approval that one replica is sent to the answer of the other, which holds the desktop's poll."""

import asyncio
import secrets
import time

from benchmarks.harness.client import Client
from benchmarks.harness.devices import Device
from benchmarks.replicas.behind import Behind
from benchmarks.replicas.figures import Woken
from benchmarks.sign_in.ours import SignIn

_AT_ONCE = 50
_HELD_SECONDS = 0.03


async def measure_waking(group: Behind, count: int) -> Woken:
    """One after another, no faster than people would."""
    took: list[float] = []
    while len(took) < count:
        await group.renew_nonce()
        people = [
            SignIn(Device(), f"{secrets.token_hex(8)}@example.com") for _ in range(min(_AT_ONCE, count - len(took)))
        ]
        await group.begin(people)
        took += [await _woken(group, person, number) for number, person in enumerate(people)]
    took.sort()
    return Woken(count, took[count // 2], took[min(count - 1, round(count * 0.99))], took[-1])


async def _woken(group: Behind, person: SignIn, number: int) -> float:
    """Milliseconds. Past nginx, as it would choose the replica itself."""
    here, there = (group.replicas[(number + shift) % 2].address for shift in (0, 1))
    phone, desk = Client(here), Client(there)
    try:
        held = asyncio.create_task(desk.send(group.held_poll(person)))
        await asyncio.sleep(_HELD_SECONDS)
        began = time.perf_counter()
        await group.approve(person, phone)
        answer = await held
        took = 1e3 * (time.perf_counter() - began)
    finally:
        phone.close()
        desk.close()
    if b"access_token" not in answer.body:
        raise ValueError(f"no tokens but {answer.status}: {answer.body[:300]!r}")
    return took
