# SPDX-License-Identifier: Apache-2.0
"""A29: a device polls without a pause; others are served as before. Thousands that wait: `just bench-waiting`."""

import asyncio
import time
from collections import Counter

from attack.kit.target import Started, Target, word
from attack.kit.verdict import demand

ROW = "A29"
ATTACK = "a poll storm"
STORM, AT_ONCE = 60, 10
HELD_SECONDS, PROMPT = 20, 5.0


async def attack(target: Target) -> str:
    """The storm is told to slow down, and to hold one poll at a time; a neighbour is served as if nothing were."""
    stormy, overlapping, patient = await target.start(), await target.start(), await target.start()
    processes = max(1, len(target.replicas))
    heard = Counter[str]()
    for _ in range(STORM // AT_ONCE):
        answers = await asyncio.gather(*(target.poll(stormy) for _ in range(AT_ONCE)))
        heard.update(map(word, answers))
    demand(
        heard["slow_down"] >= STORM - processes, f"of {STORM} polls without a pause {heard['slow_down']} were slowed"
    )
    together = [asyncio.create_task(target.poll(overlapping, wait=HELD_SECONDS)) for _ in range(AT_ONCE)]
    done, held = await asyncio.wait(together, timeout=PROMPT)
    try:
        demand(len(held) <= processes, f"of {AT_ONCE} polls of one login {len(held)} were held at once")
        assert {word(each.result()) for each in done} == {"slow_down"}
        seconds = await _served(target, patient)
    finally:
        for each in held:
            each.cancel()
        await asyncio.gather(*held, return_exceptions=True)
    slowed = (
        f"{heard['slow_down']} of {STORM} polls and {len(done)} of {AT_ONCE} beside held ones were told to slow down"
    )
    return f"{slowed}; a neighbour had tokens {seconds:.1f} s after approving"


async def _served(target: Target, patient: Started) -> float:
    """Seconds from the approval to the tokens, by a poll that was held."""
    held = asyncio.create_task(target.poll(patient, wait=HELD_SECONDS))
    await target.letter(patient)
    await asyncio.sleep(0.3)
    began = time.monotonic()
    await target.approve(patient)
    answer, seconds = word(await held), time.monotonic() - began
    demand(answer == "tokens", f"the neighbour's held poll ended with {answer}")
    demand(seconds < PROMPT, f"the neighbour waited {seconds:.1f} s for her tokens")
    return seconds
