# SPDX-License-Identifier: Apache-2.0
"""A7: a device code that leaked is worth nothing without the key, and whoever has the key loses nothing."""

from attack.kit.target import REVOKE, Target, word
from attack.kit.verdict import demand

ROW = "A7"
ATTACK = "a leaked device code is polled, and cancelled, by another key"


async def attack(target: Target) -> str:
    """A thief polls before and after the approval, without a proof too, and revokes."""
    started = await target.start()
    thief = target.device()
    before = await target.poll(started, thief)
    async with target.client() as client:
        form = {"token": started.device_code, "client_id": target.client_id}
        await thief.post(client, REVOKE, form)
    await target.approve(started)
    after = await target.poll(started, thief)
    demand(word(after) != "tokens", "another key polled with the device code and got the tokens")
    async with target.client() as client:
        form = {"client_id": target.client_id, "device_code": started.device_code}
        form["grant_type"] = "urn:ietf:params:oauth:grant-type:device_code"
        bare = await client.post("/oauth/token", data=form)
    demand(word(bare) != "tokens", "a poll without any proof got the tokens")
    demand(word(before) == word(after) == "invalid_grant", f"the thief learns how the login stands: {word(before)}")
    own = await target.poll(started)
    demand(word(own) == "tokens", f"after the thief's tries the device that asked hears {word(own)}")
    return f"the thief heard {word(before)}, {word(after)} and {word(bare)}; his revocation did nothing"
