# SPDX-License-Identifier: Apache-2.0
"""A14: a forged Host, or what proxies say of it, in a link or an address that the service writes."""

from functools import partial

import httpx2

from attack.kit.target import ASK, Target
from attack.kit.verdict import Needs, demand

ROW = "A14"
ATTACK = "forged Host and forwarding headers"
EVIL = "evil.example"
FORGED = (
    {"Host": EVIL}, {"X-Forwarded-Host": EVIL, "X-Forwarded-Proto": "http"}, {"Forwarded": f"host={EVIL};proto=http"},
    {"X-Original-URL": f"https://{EVIL}/"}, {"X-Forwarded-Server": EVIL, "X-Host": EVIL},
)  # fmt: skip


async def attack(target: Target) -> str:
    """Each at every address of the deployment."""
    taken = 0
    for url in dict.fromkeys([target.url, *target.replicas]):
        for headers in FORGED:
            taken += await _tried(target, url, headers)
    if not taken:
        raise Needs("--second-url: whatever stands before the deployment refuses them all")
    return f"{taken} requests with forged headers: every link, address and nonce was the issuer's own"


async def _tried(target: Target, url: str, headers: dict[str, str]) -> bool:
    address, device = target.somebody(), target.device()
    form = {"client_id": target.client_id, "login_hint": address}
    answer = await target.patiently(partial(device.post, path=ASK, form=form, headers=headers), url)
    if answer.status_code != httpx2.codes.OK:
        return False  # a proxy may refuse a host that it does not know
    name = next(iter(headers))
    demand(EVIL not in answer.text, f"{name}: the answer names {EVIL}")
    demand(answer.json()["verification_uri"].startswith(target.issuer), f"{name}: verification_uri is not the issuer's")
    letter = await target.mailboxes.letter(address)
    demand(EVIL.encode() not in letter.raw, f"{name}: the mail names {EVIL}")
    demand(letter.link.startswith(f"{target.issuer}/l/"), f"{name}: the link does not lead to the issuer")
    return True
