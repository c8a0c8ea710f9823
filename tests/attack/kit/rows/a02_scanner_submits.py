# SPDX-License-Identifier: Apache-2.0
"""A2: a scanner with a browser submits every form of the page, with nothing and with well-formed codes in it."""

import asyncio
import random
from collections.abc import Callable

from attack.kit.target import Started, Target, word
from attack.kit.verdict import demand
from journeys.codes import random_code
from support.scanner import Habit, press_everything

ROW = "A2"
ATTACK = "a script-running scanner submits every form of the page"
PRESSES = 12
JUNK = ("", " ", "123456", "WDJBM", "<script>", "B" * 40)
HABITS: tuple[Habit, ...] = ("first", "last", "in turn")
ENDS = {"authorization_pending", "slow_down", "access_denied"}


async def attack(target: Target) -> str:
    """Each habit with a login of its own, whose device waits; then junk alone, after which a person signs in."""
    target.chromium()
    told = []
    for habit in HABITS:
        started = await target.start()
        # It must be waited for: a scanner that goes on pressing would take its own approval back.
        held = asyncio.create_task(target.poll(started, wait=25))
        pressed = await _scan(target, started, habit, random_code, PRESSES)
        heard = word(await held)
        demand(heard in ENDS, f"pressing {habit} with random codes, the scanner signed the device in")
        told.append(f"{habit}: {pressed} presses, {heard}")
    started = await target.start()
    await _scan(target, started, "first", lambda: random.choice(JUNK), PRESSES)
    heard = word(await target.poll(started))
    demand(heard == "authorization_pending", f"after a form without a code the device hears {heard}")
    await target.approve(started)
    heard = word(await target.poll(started))
    demand(heard == "tokens", f"after {PRESSES} forms without a code a person's code gives {heard}")
    return f"{'; '.join(told)}; {PRESSES} forms with junk, then a person signed in"


async def _scan(target: Target, started: Started, habit: Habit, fill: Callable[[], str], presses: int) -> int:
    letter = await target.letter(started)
    return await asyncio.to_thread(_press, target, letter.link, habit, fill, presses)


def _press(target: Target, link: str, habit: Habit, fill: Callable[[], str], presses: int) -> int:
    with target.chromium().phone() as scanner:
        return scanner.run(press_everything(scanner.page, link, habit, fill, presses))
