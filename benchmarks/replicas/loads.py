# SPDX-License-Identifier: Apache-2.0
"""The same closed load against one replica and against two, in turn."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from benchmarks.harness.wrk import load
from benchmarks.replicas.behind import Behind
from benchmarks.replicas.figures import Loaded, Round
from benchmarks.sign_in.ours import SignIn

_SIGNED_IN = 50


class Kind(NamedTuple):
    """One kind of request; its answers hold `expected`.

    So many are made for each second: each is sent once, as its proof is good once.
    """

    name: str
    expected: str
    most_per_second: int
    requests: Callable[[Behind, list[SignIn], int], Awaitable[list[bytes]]]


async def _asks(group: Behind, _people: list[SignIn], count: int) -> list[bytes]:
    return group.asks([f"{secrets.token_hex(8)}@example.com" for _ in range(count)])


async def _polls(group: Behind, _people: list[SignIn], count: int) -> list[bytes]:
    return await group.polls(count)


async def _questions(group: Behind, people: list[SignIn], count: int) -> list[bytes]:
    return group.questions(people, count)


KINDS = (
    Kind("ask for a link", "device_code", 2_500, _asks),
    Kind("poll", "authorization_pending", 7_000, _polls),
    Kind("userinfo", '"sub"', 5_000, _questions),
)


async def measure_loads(
    groups: tuple[Behind, Behind], rounds: tuple[int, int], seconds: int, told: Callable[[str], None]
) -> list[Loaded]:
    """Every kind in every round, of which some are thrown away first; who begins changes from round to round."""
    (one, two), (warm, kept) = groups, rounds
    people = {group: await _signed_in(group) for group in groups}
    found: dict[tuple[str, Behind], list[Round]] = {(kind.name, group): [] for kind in KINDS for group in groups}
    for number in range(warm + kept):
        for kind in KINDS:
            told(f"{kind.name}, round {number + 1} of {warm + kept}")
            for group in groups if number % 2 else reversed(groups):
                found[kind.name, group].append(await _measured(group, kind, people[group], seconds))
    return [Loaded(kind.name, found[kind.name, one][warm:], found[kind.name, two][warm:]) for kind in KINDS]


async def _signed_in(group: Behind) -> list[SignIn]:
    await group.renew_nonce()
    return await group.sign_in([f"{secrets.token_hex(8)}@example.com" for _ in range(_SIGNED_IN)])


async def _measured(group: Behind, kind: Kind, people: list[SignIn], seconds: int) -> Round:
    await group.renew_nonce()
    if kind.requests is _questions:
        await group.renew(people)
    requests: Sequence[bytes] = await kind.requests(group, people, kind.most_per_second * seconds)
    await group.settled()
    before = await group.meter.used()
    answers = await asyncio.to_thread(load, group.address, requests, kind.expected, seconds, once=True)
    await group.meter.settled()
    after = await group.meter.used()
    return Round(answers.per_second, answers.p50, answers.p99, before.each(after, answers.answers))
