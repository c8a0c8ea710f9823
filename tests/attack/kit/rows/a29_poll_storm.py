# SPDX-License-Identifier: Apache-2.0
"""A29: a device polls without a pause; others are served as before. Thousands that wait: `just bench-waiting`."""

import asyncio
import time
from collections import Counter

from attack.kit.target import Target, word
from attack.kit.verdict import demand

ROW = "A29"
ATTACK = "a poll storm"
STORM, AT_ONCE = 60, 10
SLOWED = {"slow_down", "temporarily_unavailable"}
PROMPT = 5.0


async def attack(target: Target) -> str:
    """The storm is told to slow down; a neighbour's held poll ends with the tokens as soon as it is approved."""
    stormy, patient = await target.start(), await target.start()
    held = asyncio.create_task(target.poll(patient, wait=25))
    heard: Counter[str] = Counter()
    for _ in range(STORM // AT_ONCE):
        answers = await asyncio.gather(*(target.poll(stormy, wait=20 if number else None) for number in range(AT_ONCE)))
        heard.update(word(answer) for answer in answers)
    slowed = sum(heard[each] for each in SLOWED)
    demand(
        slowed >= STORM - 4 * max(1, len(target.replicas)),
        f"of {STORM} polls without a pause {slowed} were slowed down",
    )
    began = time.monotonic()
    await target.approve(patient)
    answer = word(await held)
    demand(answer == "tokens", f"the neighbour's held poll ended with {answer}")
    seconds = time.monotonic() - began
    demand(seconds < PROMPT, f"the neighbour waited {seconds:.1f} s for her tokens")
    return f"{slowed} of {STORM} polls were told to slow down; a neighbour had tokens {seconds:.1f} s after approving"
