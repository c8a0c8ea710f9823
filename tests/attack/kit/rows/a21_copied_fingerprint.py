# SPDX-License-Identifier: Apache-2.0
"""A21: the fingerprint of a known device is copied to the attacker's, which has another key."""

from typing import Any

from attack.kit.target import Target, word
from attack.kit.verdict import demand
from support.http import fingerprint

ROW = "A21"
ATTACK = "a copied fingerprint stands in for the key"


async def attack(target: Target) -> str:
    """With the device code before the sign-in, and with the refresh token after it."""
    copied: dict[str, Any] = {"device_fingerprint": fingerprint()}
    owner, thief = target.device(), target.device()
    started = await target.start(target.somebody(), owner, **copied)
    await target.approve(started)
    stolen = word(await target.poll(started, thief, **copied))
    demand(stolen != "tokens", "the device code and a copied fingerprint are enough, whatever the key")
    answer = await target.poll(started, **copied)
    demand(word(answer) == "tokens", f"after that the owner hears {word(answer)}")
    token = answer.json()["refresh_token"]
    renewed = word(await target.refresh(token, thief, **copied))
    demand(renewed != "tokens", "the refresh token and a copied fingerprint are enough, whatever the key")
    own = word(await target.refresh(token, owner, **copied))
    demand(own == "tokens", f"after that the owner's refresh gives {own}")
    return f"with the copied fingerprint and another key: {stolen} for the device code, {renewed} for the refresh token"
