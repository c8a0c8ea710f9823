# SPDX-License-Identifier: Apache-2.0
"""A6: whoever opens a link that was forwarded, or stolen from a copy of the mailbox, gets nothing by it."""

from attack.kit.target import Target, word
from attack.kit.verdict import demand

ROW = "A6"
ATTACK = "the link is opened on a machine of somebody else's"


async def attack(target: Target) -> str:
    """The thief opens and even approves, and looks for a session in all that he is answered."""
    started = await target.start()
    letter = await target.letter(started)
    answers = [
        await target.open(letter.secret),
        await target.decide(letter.secret, "approve"),
        await target.decide(letter.secret, "approve", started.user_code),
        await target.open(letter.secret),
    ]
    for answer in answers:
        demand(not answer.headers.get("set-cookie"), "whoever opened the link was given a cookie")
        demand(not answer.has_redirect_location, "whoever opened the link was sent on, with what the URL holds")
        for secret, kind in target.spoken.items():
            shown = secret in answer.text and secret != letter.secret
            demand(not shown, f"whoever opened the link was shown a {kind}")
    thief = word(await target.poll(started, target.device()))
    demand(thief == "invalid_grant", f"the thief's own key gets {thief}")
    owner = word(await target.poll(started))
    demand(owner == "tokens", f"the key that asked gets {owner}")
    return "the opener's four answers hold no cookie, code or token; only the key that asked was given tokens"
