# SPDX-License-Identifier: Apache-2.0
"""A1: a scanner that opens the link, by GET and HEAD and in any browser's name, spends nothing."""

from attack.kit.target import Target, word
from attack.kit.verdict import demand

ROW = "A1"
ATTACK = "a mail scanner opens the link before its reader does"
TIMES = 10
AGENTS = (
    "", "curl/8.5", "BarracudaCentral", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) SafeLinks",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36",
)  # fmt: skip


async def attack(target: Target) -> str:
    """Fifty GET and fifty HEAD; then a person types the code."""
    started = await target.start()
    letter = await target.letter(started)
    for agent in AGENTS:
        for method in ("GET", "HEAD"):
            for _ in range(TIMES):
                answer = await target.open(letter.secret, method, User_Agent=agent)
                demand(answer.status_code == 200, f"{method} by {agent!r} killed the link: {answer.status_code}")
                demand(not answer.headers.get("set-cookie"), f"{method} by {agent!r} was given a cookie")
    waits = word(await target.poll(started))
    demand(waits == "authorization_pending", f"after {2 * TIMES * len(AGENTS)} opens the device hears {waits}")
    answer = await target.decide(letter.secret, "approve", started.user_code)
    demand(answer.status_code == 200, f"after the scanner the reader's code is refused: {answer.status_code}")
    got = word(await target.poll(started))
    demand(got == "tokens", f"after the scanner the device gets {got}")
    return f"{TIMES * len(AGENTS)} GET and as many HEAD, then a person typed the code and the device got its tokens"
