# SPDX-License-Identifier: Apache-2.0
"""A22: a refresh token is stolen, and used by another key, or by the same one after its successor."""

import httpx2

from attack.kit.target import USERINFO, Target, word
from attack.kit.verdict import demand

ROW = "A22"
ATTACK = "a stolen refresh or access token is used"


async def attack(target: Target) -> str:
    """Another key gets nothing; an old token in a copied key's hands ends the session for both."""
    session = await target.signed_in()
    owner, thief, first = session["started"].device, target.device(), session["refresh_token"]
    bearer = await _bearer(target, session["access_token"])
    demand(bearer == httpx2.codes.UNAUTHORIZED, f"an access token without its key opens userinfo: {bearer}")
    stolen = word(await target.refresh(first, thief))
    demand(stolen != "tokens", "another key refreshed the session")
    second = (await target.refresh(first, owner)).json()
    demand("refresh_token" in second, f"after the thief's try the owner hears {second.get('error')}")
    third = (await target.refresh(second["refresh_token"], owner)).json()
    assert "refresh_token" in third, third
    reused = word(await target.refresh(first, owner))
    demand(reused != "tokens", "a token whose successor was used is good again")
    after = word(await target.refresh(third["refresh_token"], owner))
    demand(after != "tokens", "after an old token came again the session lives on")
    return f"another key: {stolen}; an old token: {reused}, and with it the session ended"


async def _bearer(target: Target, token: str) -> int:
    async with target.client() as client:
        return (await client.get(USERINFO, headers={"Authorization": f"Bearer {token}"})).status_code
