# SPDX-License-Identifier: Apache-2.0
"""`just bench-flooded`: what asking for a link costs where strangers have asked without limit.

At a mailbox with so many decoys of the last hour, and with a key that gave up so many logins within it: older ones are
gone. All lie in one database. Ends with 1 where the most cost too much more than none.
"""

import asyncio
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack

from msgspec.structs import replace

from benchmarks.growth.asking import command
from benchmarks.growth.figures import REQUEST, Figures
from benchmarks.growth.filling import fill
from benchmarks.growth.grown import Grown, make, opened
from benchmarks.growth.history import HOUR, LIFETIME, History, Person, Row, hash_of, login_row, text_of
from benchmarks.growth.metering import Cost, Meter
from benchmarks.growth.table import show
from benchmarks.harness.bulk import settle
from benchmarks.harness.command import add_engines, in_time
from benchmarks.harness.databases import home_of
from benchmarks.harness.figures import ENGINES, Engine, EngineSeries, Series, this_machine
from counterfoil_service.core import budget
from counterfoil_service.core.login import State
from counterfoil_service.operations.link_request import StartLogin
from counterfoil_service.operations.start_login import check_start, start_login

SIZES = (0, 20_000, 100_000)
BUDGETS = budget.parse("device_key=999999/60,address_range=999999/60")
"""Those of the mailbox are as they are: after three mails whoever measures asks for decoys, too."""
MAILBOX, KEY = "decoys of the mailbox", "logins that the key gave up"
_HISTORY = 1_000


class _Flooded:
    """One service; `sizes` are what a mailbox and a key each hold already."""

    def __init__(self, grown: Grown, sizes: Sequence[int]) -> None:
        self._database, self._history, self._sizes = grown.database, grown.history, sizes
        self._meter = Meter(grown.database)
        self._asked = 0

    async def round(self, kind: str, size: int, count: int) -> dict[str, Cost]:
        """So many requests at the mailbox or with the key of this size; what one of each costs."""
        asked = [self._command(kind, size) for _ in range(count)]
        return {
            f"check, {kind}": await self._meter.each(self._check, asked),
            f"send, {kind}": await self._meter.each(self._send, asked),
        }

    async def _check(self, asked: StartLogin) -> None:
        await self._database.read(check_start, asked, self._database.context())

    async def _send(self, asked: StartLogin) -> None:
        await self._database.write(start_login, asked)

    def _command(self, kind: str, size: int) -> StartLogin:
        self._asked += 1
        somebody, full = _stranger(self._history, f"asker {self._asked}"), _stranger(self._history, f"{kind} {size}")
        if kind == MAILBOX:
            return command(somebody._replace(address=full.address))
        return command(somebody._replace(jkt=full.jkt, application=full.application))


def rows(history: History, sizes: Sequence[int]) -> Iterator[Row]:
    """The logins of all mailboxes and keys."""
    for kind in (MAILBOX, KEY):
        for size in sizes:
            full = _stranger(history, f"{kind} {size}")
            for number in range(size):
                yield _login(history, kind, full, number, size)


def _login(history: History, kind: str, full: Person, number: int, size: int) -> Row:
    created_at, unlike = history.now - HOUR * (number + 1) // (size + 1), f"{kind} {size}"
    somebody = _stranger(history, f"{unlike} {number}")
    mailbox, jkt = (full.mailbox, somebody.jkt) if kind == MAILBOX else (somebody.mailbox, full.jkt)
    waits = created_at + LIFETIME > history.now
    state = State.CANCELLED if kind == KEY else State.PENDING if waits else State.EXPIRED
    login = replace(
        history.login(0),
        id=text_of(f"login {unlike}", number),
        application_id=full.application,
        state=state,
        decoy=int(kind == MAILBOX),
        device_code_hash=hash_of(f"device code {unlike}", number),
        link_hash=hash_of(f"link {unlike}", number),
        mailbox=mailbox,
        jkt=jkt,
        source_range=hash_of(f"range {unlike}", number),
        created_at=created_at,
        expires_at=created_at + LIFETIME,
        given_up=int(kind == KEY),
        **dict.fromkeys(("approved_at", "completed_at", "session_id", "approved_by")),
    )
    return login_row(login)


def _stranger(history: History, name: str) -> Person:
    """Somebody by a name that nobody in the history has."""
    address = f"{name.replace(' ', '-')}@example.org"
    return history.person(0)._replace(
        address=address, mailbox=history.mailbox_of(address), jkt=text_of(name, 0), source="192.0.2.1"
    )


async def _measured(url: str, options: Namespace, seconds: float) -> list[Series]:
    sizes, series = sorted(set(options.size or SIZES)), dict[str, Series]()
    async with asyncio.timeout(seconds), AsyncExitStack() as stack:
        await make(_HISTORY, url, 0)
        async with opened(_HISTORY, url) as empty:
            history = empty.history
        await fill(url, [("logins", rows(history, sizes))])
        await settle(url)
        grown = await stack.enter_async_context(opened(_HISTORY, url, BUDGETS))
        flooded = _Flooded(grown, sizes)
        for number in range(-1, options.rounds):
            for size in sizes if number % 2 else reversed(sizes):
                for kind in (MAILBOX, KEY):
                    for name, cost in (await flooded.round(kind, size, options.requests)).items():
                        if number >= 0:
                            series.setdefault(name, Series(REQUEST, name, "µs", judged=True)).add(size, cost.cpu)
    return list(series.values())


def _engine(engine: Engine, options: Namespace, seconds: float) -> EngineSeries:
    with home_of(engine) as home:
        return EngineSeries(engine, home.about, asyncio.run(_measured(home.fresh("flooded"), options, seconds)))


def main(arguments: list[str] | None = None) -> int:
    """The exit status."""
    parser = ArgumentParser(prog="just bench-flooded", description=__doc__)
    add_engines(parser)
    parser.add_argument("--size", action="append", type=int, help="so many logins there; may be repeated")
    parser.add_argument("--rounds", type=int, default=9, help="of each measure (9)")
    parser.add_argument("--requests", type=int, default=40, help="of each kind in a round (40)")
    options, began = parser.parse_args(arguments), time.monotonic()
    with in_time("name one --engine, or fewer --rounds") as left:
        found = [_engine(engine, options, left()) for engine in options.engine or ENGINES]
    sizes = sorted(set(options.size or SIZES))
    figures = Figures(this_machine(), sizes, options.requests, 0, time.monotonic() - began, found)
    show(figures)
    return int(bool(figures.too_steep))


if __name__ == "__main__":
    sys.exit(main())
