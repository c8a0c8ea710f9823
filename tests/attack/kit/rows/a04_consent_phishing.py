# SPDX-License-Identifier: Apache-2.0
"""A4: an unsolicited link and a tired user, who clicks on everything but has no code to type."""

from attack.kit.forms import PageReader
from attack.kit.target import Target, word
from attack.kit.verdict import demand
from journeys.codes import wrong_code

ROW = "A4"
ATTACK = "consent phishing: the attacker starts, the victim clicks on whatever there is"
CLICKS = 5
CONTEXT = ("Never type a code that somebody sent", "Reject", "name reported by the device")
LABEL = "Attackers machine"


async def attack(target: Target) -> str:
    """The page says what it is about and holds no code; clicks without one do nothing; guesses lock."""
    started = await target.start(device_label=LABEL)
    letter = await target.letter(started)
    page = await target.open(letter.secret, Accept_Language="en")
    plain, code = page.text, started.user_code.replace("-", "")
    for told in (letter.raw.decode("utf-8", "replace"), plain):
        demand(started.user_code not in told and code not in told, "mail or page show the code that is to be typed")
    demand(LABEL in plain, "the page does not say which device asks")
    missing = [words for words in CONTEXT if words not in plain]
    assert not missing, f"the page does not say: {', '.join(missing)}; with templates of your own, read it yourself"
    offered = [button for form in PageReader(plain).forms for button in form.buttons if button[1] == "approve"]
    demand(len(offered) == 1, "the page offers several ways to approve, of which one can be guessed")
    for _ in range(CLICKS):
        await target.decide(letter.secret, "approve")
        await target.decide(letter.secret, "approve", "")
    heard = word(await target.poll(started))
    demand(heard == "authorization_pending", f"{2 * CLICKS} clicks without a code, and the attacker hears {heard}")
    hits = 0
    for _ in range(target.guesses):
        hits += await _guessed(target)
    demand(hits == 0, f"{hits} of {target.guesses} logins were approved by random codes")
    return f"{2 * CLICKS} clicks without a code did nothing; {3 * target.guesses} guessed codes, no hit"


async def _guessed(target: Target) -> bool:
    """Three codes that somebody makes up."""
    started = await target.start()
    letter = await target.letter(started)
    for _ in range(3):
        await target.decide(letter.secret, "approve", wrong_code(started.user_code))
    return word(await target.poll(started)) == "tokens"
