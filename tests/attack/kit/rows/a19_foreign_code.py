# SPDX-License-Identifier: Apache-2.0
"""A19: the attacker's own code is brought to the victim's app, which is to end in the attacker's account."""

from urllib.parse import parse_qs, urlsplit

import httpx2

from attack.kit.forms import PageReader
from attack.kit.target import Started, Target, word
from attack.kit.verdict import demand

ROW = "A19"
ATTACK = "login CSRF: the victim's app redeems the attacker's code"


async def attack(target: Target) -> str:
    """The app has a key and a verifier of its own; even with a stolen verifier it lacks the attacker's key."""
    attacker, victim = await target.start(home=True), await target.start(home=True)
    code = await code_of(target, attacker)
    heard = [
        word(await target.redeem(code, victim.device, victim.verifier or "")),
        word(await target.redeem(code, victim.device, attacker.verifier or "")),
        word(await target.redeem(code, attacker.device, victim.verifier or "")),
    ]
    demand("tokens" not in heard, "an app was given a session for a code that was made for another key or verifier")
    own = word(await target.redeem(code, attacker.device, attacker.verifier or ""))
    demand(own == "tokens", f"after that the right app hears {own}")
    return f"with another key, another verifier, and both: {', '.join(heard)}; the app that asked was served"


async def code_of(target: Target, started: Started) -> str:
    """Press the button on the computer that asked, and take the code out of where it leads."""
    letter = await target.letter(started)
    answer = await target.decide(letter.secret, "here")
    place = answer.headers.get("location", "")
    assert answer.status_code in {httpx2.codes.SEE_OTHER, httpx2.codes.OK}, (
        f"no code is to be had: {answer.status_code}"
    )
    places = [place, *PageReader(answer.text).links]
    found = parse_qs(urlsplit(next(each for each in places if each.startswith(target.redirect()))).query)
    target.spoken[found["code"][0]] = "authorization code"
    return found["code"][0]
