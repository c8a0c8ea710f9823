# SPDX-License-Identifier: Apache-2.0
"""People press "approve", one after another at a calm pace; how long until each one's desktop has its tokens."""

import asyncio
import math
import random
import time
from collections.abc import Sequence
from urllib.parse import urlencode

from benchmarks.harness.client import Client
from benchmarks.waiting.crowd import Crowd
from benchmarks.waiting.people import Person

_FORM = "application/x-www-form-urlencoded"
_OK = 200
_LOOK = 0.05


async def approve_all(
    crowd: Crowd, address: str, approved: Sequence[Person], per_second: float, patience: float, *, all_must: bool = True
) -> list[float]:
    """Milliseconds from sending each approval to its desktop's whole answer; `patience` in seconds is for the last.

    `TimeoutError` or `ValueError` where one fails, unless not all must succeed: then it is left out.
    """
    phone, source, sent = Client(address), random.Random(2), dict[str, float]()
    # The first request of a connection opens it.
    await phone.ask("GET", "/health/live")
    for person in approved:
        began = time.perf_counter()
        if await _approved(phone, address, person):
            sent[person.device.jkt] = began
        elif all_must:
            raise ValueError(f"the approval of {person.email} was refused")
        await asyncio.sleep(source.uniform(0.5, 1.5) / per_second)
    phone.close()
    ours = {desktop.person.device.jkt for desktop in crowd.desktops}
    sent = {jkt: began for jkt, began in sent.items() if jkt in ours}
    for _ in range(math.ceil(patience / _LOOK)):
        if sent.keys() <= crowd.collected.keys():
            break
        await asyncio.sleep(_LOOK)
    missing = len(sent.keys() - crowd.collected.keys())
    if all_must and (missing or crowd.unexpected):
        raise TimeoutError(f"{missing} of {len(sent)} desktops did not hear of it; others heard {crowd.unexpected}")
    return [(crowd.collected[jkt] - began) * 1e3 for jkt, began in sent.items() if jkt in crowd.collected]


async def _approved(phone: Client, address: str, person: Person) -> bool:
    form = urlencode({"secret": person.link, "user_code": person.user_code, "action": "approve"})
    headers = {"Content-Type": _FORM, "Origin": address, "Sec-Fetch-Site": "same-origin"}
    try:
        answer = await phone.ask("POST", "/l", headers, form)
    except (OSError, EOFError):
        phone.close()
        return False
    return answer.status == _OK and b"Return to your device" in answer.body
