# SPDX-License-Identifier: Apache-2.0
"""Whole sign-ins, and what one costs: by people who have signed in with their devices before, some at a time.

Ours is asked for, opened, approved and collected with proofs and a signed token; Better Auth's is asked for and opened.
"""

import asyncio
import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from benchmarks.harness.databases import Home
from benchmarks.harness.devices import Device
from benchmarks.harness.figures import Engine
from benchmarks.harness.processes import cpu_seconds
from benchmarks.sign_in.figures import SignIns
from benchmarks.sign_in.live_logins import add_live_logins
from benchmarks.sign_in.others import better_auth
from benchmarks.sign_in.ours import WITH_PROOF, SignIn, ours
from benchmarks.sign_in.packages import better_auth_folder
from counterfoil_service.core.identifiers import base64url

_MICROSECONDS = 1e6
_KEY_BYTES = 32


class Amount(NamedTuple):
    """Sign-ins in a round, rounds, and how many links are live meanwhile: few, and many."""

    people: int
    rounds: int
    few: int
    many: int


class _Site(NamedTuple):
    figures: SignIns
    pid: int
    sign_in: Callable[[], None]


def measure_sign_ins(engine: Engine, home: Home, amount: Amount, *, with_peer: bool) -> list[SignIns]:
    """At each of the services, in turn; the first round is a rehearsal."""
    addresses = [f"somebody{number}@example.com" for number in range(amount.people)]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="counterfoil-bench-")))
        sites = [_ours(stack, engine, home, folder / str(live), addresses, live) for live in (amount.few, amount.many)]
        sites.append(_ours(stack, engine, home, folder / "mailed", addresses, amount.few, mails=folder / "mails"))
        if with_peer:
            sites.append(_better_auth(stack, engine, home, folder, addresses, amount.few))
        for number in range(-1, amount.rounds):
            for site in sites if number % 2 else reversed(sites):
                _measure(site, home.pid, len(addresses), keep=number >= 0)
        return [site.figures for site in sites]


def _measure(site: _Site, database: int | None, count: int, *, keep: bool) -> None:
    pids = [site.pid] if database is None else [site.pid, database]
    before = [cpu_seconds(pid) for pid in pids]
    site.sign_in()
    used = [cpu_seconds(pid) - begun for pid, begun in zip(pids, before, strict=True)]
    if keep:
        site.figures.cpu.append(used[0] / count * _MICROSECONDS)
        site.figures.database_cpu.append(sum(used[1:]) / count * _MICROSECONDS)


def _ours(  # noqa: PLR0913, PLR0917 - one site, spelt out once
    stack: ExitStack,
    engine: Engine,
    home: Home,
    folder: Path,
    addresses: list[str],
    live: int,
    mails: Path | None = None,
) -> _Site:
    database_url = home.fresh(f"live-{folder.name}")
    our = stack.enter_context(ours(folder, database_url, mails))
    jkts = [base64url(os.urandom(_KEY_BYTES)) for _ in range(live)]
    asyncio.run(add_live_logins(database_url, WITH_PROOF, jkts))
    people = [SignIn(Device(), address) for address in addresses]

    async def again() -> None:
        await our.renew_nonce()
        await our.sign_in_again(people)

    name = f"counterfoil-{engine}" if mails is None else f"counterfoil-{engine}, mail written"
    return _Site(SignIns(name, live), our.pid, lambda: asyncio.run(again()))


def _better_auth(stack: ExitStack, engine: Engine, home: Home, folder: Path, addresses: list[str], live: int) -> _Site:
    database = str(folder / "better.db") if engine == "sqlite" else home.fresh("better")
    peer = stack.enter_context(better_auth(better_auth_folder(), database))

    async def leave_alone() -> None:
        await peer.ask([f"live{number}@example.com" for number in range(live)])
        await peer.taken()

    asyncio.run(leave_alone())

    def sign_in() -> None:
        asyncio.run(peer.sign_in(addresses))

    return _Site(SignIns(f"better-auth-{engine}", live), peer.pid, sign_in)
