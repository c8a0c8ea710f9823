# SPDX-License-Identifier: Apache-2.0
"""`just audit-attack`: edit a log of 100,000 entries in its database, a thousand places in each of five ways.

After every edit the log is verified: it must be objected to, and the first place that was edited be named. A few edits
of each kind are verified from entry 0 on, all others from the bundle on in which they are. Ends with 1 where one is
missed.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Final

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent)]

from rich.console import Console  # noqa: E402 - what follows is found by the path above
from rich.table import Table  # noqa: E402

from attack.attacked_log import EDITS, AttackedLog, Outcome  # noqa: E402
from benchmarks.audit.made_log import open_log  # noqa: E402
from support.postgres import PostgresServer  # noqa: E402

ENGINES: Final = ("sqlite", "postgresql")
SIZE, PLACES, WHOLE = 100_000, 1_000, 5
UNFOLDED = 150


def main() -> int:
    """The exit status."""
    options = _options().parse_args()
    console = Console(highlight=False)
    console.width = console.width if console.is_terminal else UNFOLDED
    table = Table("engine", "attack", "places", "found", "named exactly", "seconds")
    missed = False
    began = time.monotonic()
    for engine in options.engine or ENGINES:
        with Console(stderr=True).status(engine) as status:
            outcomes, passed = _attacked(engine, options, status.update)
        for each in outcomes:
            table.add_row(engine, each.edit, *map(str, (each.places, each.found, each.named, round(each.seconds))))
            missed = missed or each.missed
        table.add_row(engine, "none: untouched", "2", str(2 - sum(passed)), "", "")
        missed = missed or not all(passed)
    console.print(table)
    console.print(
        f"{options.size} entries, seed {options.seed}, {time.monotonic() - began:.0f} s. {options.whole} edits of each"
        " kind were verified from entry 0 on, all others from their bundle on."
    )
    console.print("MISSED: see above" if missed else "Nothing was missed.")
    return int(missed)


def _attacked(
    engine: str, options: argparse.Namespace, told: Callable[[str], None]
) -> tuple[list[Outcome], tuple[bool, bool]]:
    """What came of the edits, and whether the log passed before and after them."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        if engine == "sqlite":
            url = f"sqlite:///{folder / 'attacked.db'}"
        else:
            server = PostgresServer(folder)
            stack.callback(server.stop)
            url = server.fresh_database()
        return asyncio.run(_attack(url, options, lambda what: told(f"{engine}: {what}")))


async def _attack(
    url: str, options: argparse.Namespace, told: Callable[[str], None]
) -> tuple[list[Outcome], tuple[bool, bool]]:
    done = 0

    def edited(count: int) -> None:
        nonlocal done
        done += count
        told(f"{done} of {(len(EDITS) + 1) * options.places + options.whole} edits")

    async with open_log(options.size, url) as log:
        told("making the log")
        await log.fill()
        attacked = await AttackedLog.open(log.database, options.whole)
        before = await attacked.passes()
        outcomes = await attacked.attack(options.places, Random(options.seed), edited)
        return outcomes, (before, await attacked.passes())


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="just audit-attack", description=__doc__)
    parser.add_argument("--engine", action="append", choices=ENGINES, help="only this one; may be repeated")
    parser.add_argument("--size", type=int, default=SIZE, help=f"entries of the log ({SIZE})")
    parser.add_argument("--places", type=int, default=PLACES, help=f"for each kind of edit ({PLACES})")
    parser.add_argument("--whole", type=int, default=WHOLE, help=f"edits of a kind verified from entry 0 on ({WHOLE})")
    parser.add_argument("--seed", type=int, default=1, help="of the places and of what is done there (1)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
