# SPDX-License-Identifier: Apache-2.0
"""`just kill-attack`: kill a busy service a hundred times, on SQLite and on PostgreSQL with two replicas.

After each kill every row is held against its events, every answer that a client got against the rows, and every
checkpoint against those from before; every fifth time `audit verify` goes over the log. The first thing that is wrong
ends it.
"""

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import get_args

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))

from attack.killing import Attack, Outcome  # noqa: E402 - found by the path above
from attack.letterbox import Letterbox  # noqa: E402
from attack.victims import victims  # noqa: E402
from journeys.databases import Databases, Engine  # noqa: E402
from support.background import LoopThread  # noqa: E402
from support.postgres import PostgresServer  # noqa: E402

ENGINES: tuple[Engine, ...] = get_args(Engine)
KILLS, VISITORS = 100, 8


def main() -> int:
    """The exit status: 1 where something was wrong."""
    options = _options().parse_args()
    failed = 0
    for engine in options.engine or ENGINES:
        began = time.monotonic()
        try:
            outcome = attack(engine, options.kills, options.seed)
        except AssertionError as error:
            failed = 1
            sys.stdout.write(f"{engine}: WRONG after {time.monotonic() - began:.0f} s (seed {options.seed})\n{error}\n")
        else:
            sys.stdout.write(f"{engine}: {told(outcome)}; {time.monotonic() - began:.0f} s, seed {options.seed}\n")
    return failed


def attack(engine: Engine, kills: int, seed: str) -> Outcome:
    """One engine's."""
    with ExitStack() as stack:
        # Not below a folder of ours alone: the PostgreSQL server runs as a user of its own.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="counterfoil-kill-")))
        loop, letterbox = stack.enter_context(LoopThread()), stack.enter_context(Letterbox())
        server = PostgresServer(folder / "postgres")
        stack.callback(server.stop)
        services = victims(engine, Databases(folder, server), folder / "services", letterbox)
        return Attack(services, letterbox, loop, visitors=VISITORS, seed=seed).run(kills, _count)


def told(outcome: Outcome) -> str:
    """In one line."""
    return (
        f"{outcome.kills} kills; {outcome.logins} logins, {outcome.sessions} sessions, {outcome.events} events and"
        f" {outcome.promises} answers agree; {outcome.checkpoints} checkpoints, one log,"
        f" {outcome.verifications} verifications; {outcome.given_up} stories given up"
    )


def _count(kills: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{kills} kills ")


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="just kill-attack", description=__doc__)
    parser.add_argument("--engine", action="append", choices=ENGINES, help="only this one; may be repeated")
    parser.add_argument("--kills", type=int, default=KILLS, help=f"on each engine ({KILLS})")
    parser.add_argument("--seed", default="1", help="another one kills at other moments (1)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
