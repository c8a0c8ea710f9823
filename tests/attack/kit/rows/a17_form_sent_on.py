# SPDX-License-Identifier: Apache-2.0
"""A17: a redirect that makes the browser post a form again, to somebody else."""

import httpx2

from attack.kit.forms import PageReader
from attack.kit.target import Target
from attack.kit.verdict import demand

ROW = "A17"
ATTACK = "form data is sent on by a redirect that keeps the method"


async def attack(target: Target) -> str:
    """The way home of a device, and the sign-in by browser."""
    started = await target.start(home=True)
    letter = await target.letter(started)
    home = await target.decide(letter.secret, "here")
    statuses = [home.status_code]
    async with target.client() as client:
        page = await client.get("/sign-in")
        for form in PageReader(page.text).forms:
            filled = form.hidden | dict.fromkeys(form.typed, target.somebody())
            statuses.append((await client.post(form.action, data=filled)).status_code)
    redirects = [status for status in statuses if httpx2.codes.MULTIPLE_CHOICES <= status < httpx2.codes.BAD_REQUEST]
    for status in redirects:
        demand(status == httpx2.codes.SEE_OTHER, f"a POST is answered by {status}, which may post its form once more")
    return f"{len(statuses)} forms, {len(redirects)} redirects, each of them a 303"
