# SPDX-License-Identifier: Apache-2.0
"""A13: a mailbox is flooded, and by its own limits its owner is to be locked out."""

import httpx2

from attack.kit.target import Target, word
from attack.kit.verdict import demand

ROW = "A13"
ATTACK = "a stranger asks for link after link to somebody's address"
TIMES = 12


async def attack(target: Target) -> str:
    """The owner has a device that signed in before, and another one waits when the flood begins."""
    owner, known = target.somebody("owner"), target.device()
    await target.signed_in(owner, known)
    waiting = await target.start(owner)
    secret = (await target.letter(waiting, 2)).secret
    for _ in range(TIMES):
        await target.ask(owner)
    mailed = len(await target.mailboxes.wait(owner, TIMES + 2, 4)) - 2
    demand(mailed < TIMES, f"all {mailed} mails of the flood came")
    answer = await target.decide(secret, "approve", waiting.user_code)
    demand(answer.status_code == httpx2.codes.OK, "a stranger's requests ended the owner's login")
    heard = word(await target.poll(waiting))
    demand(heard == "tokens", f"a stranger's requests left the owner's waiting device with {heard}")
    again = await target.ask(owner, known)
    demand(again.status_code == httpx2.codes.OK, f"the owner's known device is refused: {again.status_code}")
    came = len(await target.mailboxes.wait(owner, mailed + 3, 15))
    demand(came >= mailed + 3, "the owner's known device gets no mail any more")
    return f"{mailed} of {TIMES} were mailed; the owner's waiting login and her known device were served"
