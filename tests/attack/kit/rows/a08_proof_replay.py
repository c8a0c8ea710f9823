# SPDX-License-Identifier: Apache-2.0
"""A8: a proof that was captured, prepared ahead, or made for something else."""

import time
from typing import Any

import httpx2

from attack.kit.target import ASK, TOKEN, Target
from attack.kit.verdict import demand
from support.device import Device

ROW = "A8"
ATTACK = "a captured or prepared proof of possession is used"
AHEAD, OLD = 120, 180


async def attack(target: Target) -> str:
    """Each proof is good but for one thing; then a good one is sent twice, to every address there is."""
    device = target.device()
    await _ask(target, device)
    now = int(time.time())
    odd: dict[str, dict[str, Any]] = {
        "made for two minutes from now": {"iat": now + AHEAD},
        "three minutes old": {"iat": now - OLD},
        "for another method": {"htm": "GET"},
        "for another address": {"htu": f"{target.issuer}{TOKEN}"},
        "for another host": {"htu": f"https://evil.example{ASK}"},
        "without an id": {"jti": None},
        "without a nonce": {"nonce": None},
        "with a made-up nonce": {"nonce": "A" * 54},
    }
    for what, changes in odd.items():
        error = _error(await _ask(target, device, **changes))
        wanted = "use_dpop_nonce" if "nonce" in what else "invalid_dpop_proof"
        demand(error == wanted, f"a proof {what} is answered by {error}")
    return await _twice(target, list(odd))


async def _twice(target: Target, others: list[str]) -> str:
    urls = [target.url, *target.replicas]
    device = target.device()
    await _ask(target, device)
    form, sent = {"client_id": target.client_id, "login_hint": target.somebody()}, [""]

    async def captured(client: httpx2.AsyncClient) -> httpx2.Response:
        sent[0] = device.proof(ASK)
        return await client.post(ASK, data=form, headers={"DPoP": sent[0]})

    first = _error(await target.patiently(captured, urls[-1]))
    assert first == "200", f"a good proof is answered by {first}"
    proof = sent[0]
    for url in urls:
        again = _error(await _send(target, proof, url))
        demand(again == "invalid_dpop_proof", f"the same proof again is answered by {again}")
    return f"refused: the same proof again at {len(urls)} address(es), and proofs {', '.join(others)}"


async def _ask(target: Target, device: Device, **changes: Any) -> httpx2.Response:
    """Once, and keep the nonce for the next time."""
    answer = await _send(target, device.proof(ASK, **changes), target.url)
    device.nonce = answer.headers["DPoP-Nonce"]
    return answer


async def _send(target: Target, proof: str, url: str) -> httpx2.Response:
    form = {"client_id": target.client_id, "login_hint": target.somebody()}
    async with target.client(url) as client:
        return await client.post(ASK, data=form, headers={"DPoP": proof})


def _error(answer: httpx2.Response) -> str:
    return str(answer.json().get("error", answer.status_code))
