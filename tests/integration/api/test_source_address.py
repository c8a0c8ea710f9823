# SPDX-License-Identifier: Apache-2.0
"""Whose request it is: behind proxies as far as they are trusted, and no caller chooses the range it is counted in."""

import ipaddress
from pathlib import Path

from counterfoil_service.core import budget
from support.http import ASK, ask_form, primed, refused
from support.stage import OpenStage, Stage

PROXIES = tuple(ipaddress.ip_network(text) for text in ("192.0.2.0/24", "10.0.0.0/8", "fd00::/8"))


async def _source(stage: Stage, *forwarded: str) -> str:
    device = primed(stage)
    headers = [("DPoP", device.proof(ASK)), *(("X-Forwarded-For", value) for value in forwarded)]
    answer = await stage.client.post(ASK, data=ask_form(), headers=headers)
    assert answer.status_code == 200
    personal = (await stage.events(answer.json()["login_id"]))[0].personal
    assert personal is not None
    return personal["source"]


async def test_without_trusted_proxies_a_forwarded_address_is_only_a_claim(sqlite_stage: Stage) -> None:
    assert await _source(sqlite_stage, "203.0.113.7") == "192.0.2.10"


async def test_forwarded_addresses_are_read_from_the_right_through_trusted_proxies(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    async with open_stage(sqlite_url, tmp_path, trusted_proxies=PROXIES) as stage:
        for forwarded, source in (
            ([], "192.0.2.10"),
            (["203.0.113.7"], "203.0.113.7"),
            (["6.6.6.6, 203.0.113.7"], "203.0.113.7"),
            (["6.6.6.6, 203.0.113.7, 10.1.2.3"], "203.0.113.7"),
            (["6.6.6.6", "203.0.113.7", "10.1.2.3, 10.9.9.9"], "203.0.113.7"),
            (["10.1.2.3, 10.9.9.9"], "10.1.2.3"),
            (["2001:db8::7"], "2001:db8::7"),
            (["6.6.6.6, [2001:db8::7], fd00::1"], "2001:db8::7"),
            (["::ffff:203.0.113.7, ::ffff:10.0.0.1"], "203.0.113.7"),
            (["203.0.113.7, garbage"], "192.0.2.10"),
            (["203.0.113.7, , 10.0.0.1"], "10.0.0.1"),
            (["203.0.113.7:4711"], "203.0.113.7"),
            (["[2001:db8::7]:443"], "2001:db8::7"),
            (["fe80::1%eth0"], "192.0.2.10"),
            (["unknown"], "192.0.2.10"),
            (["203.0.113.07"], "192.0.2.10"),
            ([" \t203.0.113.7\t "], "203.0.113.7"),
        ):
            assert await _source(stage, *forwarded) == source, forwarded


async def test_a_caller_cannot_leave_its_range_by_claiming_another(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    limits = budget.parse("address_range=1/60")
    async with open_stage(sqlite_url, tmp_path, trusted_proxies=PROXIES, budgets=limits) as stage:
        await _source(stage, "198.51.100.1")
        for forwarded in ("198.51.100.255", "6.6.6.6, 198.51.100.7", "::ffff:198.51.100.9"):
            device = primed(stage)
            headers = {"DPoP": device.proof(ASK), "X-Forwarded-For": forwarded}
            refused(await stage.client.post(ASK, data=ask_form(), headers=headers), 429, "slow_down")
        await _source(stage, "198.51.101.1")
        await _source(stage, "2001:db8:1:2::1")
        headers = {"DPoP": primed(stage).proof(ASK), "X-Forwarded-For": "2001:db8:1:2:ffff::9"}
        refused(await stage.client.post(ASK, data=ask_form(), headers=headers), 429, "slow_down")
        await _source(stage, "2001:db8:1:3::1")
