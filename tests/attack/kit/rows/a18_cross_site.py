# SPDX-License-Identifier: Apache-2.0
"""A18: another site sends the form in the victim's browser."""

import httpx2

from attack.kit.target import Target, word
from attack.kit.verdict import demand

ROW = "A18"
ATTACK = "another site presses the buttons (CSRF)"
FOREIGN = (
    {"Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    {"Sec-Fetch-Site": "same-site"},
)


async def attack(target: Target) -> str:
    """Every button."""
    started = await target.start(home=target.redirect_uri is not None)
    letter = await target.letter(started)
    for headers in FOREIGN:
        for action in ("approve", "reject", "report", "here"):
            sent = {name.replace("-", "_"): value for name, value in headers.items()}
            answer = await target.decide(letter.secret, action, started.user_code, **sent)
            demand(answer.status_code == httpx2.codes.FORBIDDEN, f"{action} with {headers} gives {answer.status_code}")
    heard = word(await target.poll(started))
    demand(heard == "authorization_pending", f"after another site's buttons the device hears {heard}")
    return f"{4 * len(FOREIGN)} presses by other sites, each of them a 403; the login waits as before"
