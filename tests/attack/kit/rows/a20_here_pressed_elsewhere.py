# SPDX-License-Identifier: Apache-2.0
"""A20: the attacker starts, and the victim presses "I am on the computer where I started" on her own computer."""

import asyncio

import httpx2

from attack.kit.rows.a19_foreign_code import code_of
from attack.kit.target import Target, word
from attack.kit.verdict import demand

ROW = "A20"
ATTACK = "the victim presses the same-device button of the attacker's login"
HELD_SECONDS = 5


async def attack(target: Target) -> str:
    """The attacker's device waits all the while; a code that is stolen on its way is of no use to another key."""
    started = await target.start(home=True)
    held = asyncio.create_task(target.poll(started, wait=HELD_SECONDS))
    codes = [await code_of(target, started)]
    done, _ = await asyncio.wait({held}, timeout=1)
    heard = word(await held) if done else "nothing yet"
    demand(heard != "tokens", "the button let the attacker's waiting device in")
    codes += [await code_of(target, started) for _ in range(2)]
    fourth = await target.decide((await target.letter(started)).secret, "here")
    demand(fourth.status_code == httpx2.codes.UNPROCESSABLE_CONTENT, "a fourth code was made")
    heard = word(await held)
    demand(heard == "authorization_pending", f"after the button the attacker's device hears {heard}")
    thief = target.device()
    stolen = [word(await target.redeem(code, thief, started.verifier or "")) for code in codes]
    demand("tokens" not in stolen, "a code that was stolen on its way home was redeemed by another key")
    return (
        f"three codes went to where the button was pressed; the attacker heard {heard}, a thief of a code {stolen[0]}"
    )
