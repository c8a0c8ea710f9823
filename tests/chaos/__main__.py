# SPDX-License-Identifier: Apache-2.0
"""`just chaos`: two replicas behind nginx, PostgreSQL, Redis, a mail server, desktops that sign in, and faults.

After each fault no login may be lost that was answered with 200, none doubled, every row must fit its events, the log
verify, and processes hold no more than before. Then a single service on SQLite, for a fifth of the time.
"""

import argparse
import json
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any, get_args

from chaos.crowd import Crowd
from chaos.faults import BY_NAME
from chaos.figures import Row, as_json, found, table
from chaos.run import Run, faults_of
from chaos.world import world
from journeys.databases import Engine
from support.background import LoopThread

ENGINES: tuple[Engine, ...] = get_args(Engine)
MINUTES, CLIENTS, PAUSE_SECONDS, SQLITE_SHARE = 10.0, 200, 8.0, 0.2


def main() -> int:
    """The exit status: 1 where anything was lost, doubled or wrong."""
    options = _options().parse_args()
    seed = options.seed if options.seed is not None else time.time_ns() % 10**9
    _many_descriptors()
    # Whoever ends this ends what it has started, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.stderr.write(f"seed {seed}\n")
    engines = options.engine or list(reversed(ENGINES))
    results = {engine: _engine(engine, options, seed) for engine in engines}
    wrong = [f"{engine}: {sentence}" for engine, result in results.items() for sentence in found(result["rows"])]
    if options.json:
        told = {engine: {**result, "rows": as_json(result["rows"])} for engine, result in results.items()}
        sys.stdout.write(json.dumps({"seed": seed, "engines": told}, indent=1) + "\n")
    else:
        for engine, result in results.items():
            sys.stdout.write(f"\n{engine}, seed {seed}: {_line(result)}\n\n{table(result['rows'])}")
    sys.stdout.writelines(f"WRONG {sentence}\n" for sentence in wrong[:50])
    return 1 if wrong else 0


def _engine(engine: Engine, options: argparse.Namespace, seed: int) -> dict[str, Any]:
    """One world, from its first process to its last."""
    share = SQLITE_SHARE if engine == "sqlite" else 1
    with ExitStack() as stack:
        # Not below a folder of ours alone: the PostgreSQL server runs as a user of its own.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="counterfoil-chaos-")))
        wires = stack.enter_context(LoopThread())
        made = stack.enter_context(world(engine, folder, wires))
        clients = max(1, round(options.clients * share))
        crowd = stack.enter_context(Crowd("c", clients, made.issuer, made.mailbox, made.clock, pause=options.pause))
        run = Run(made, crowd, Random(seed), _say)
        faults = [BY_NAME[name] for name in options.fault] if options.fault else faults_of(made)
        run.through([fault for fault in faults if engine in fault.engines], options.minutes * 60 * share)
        return {
            "rows": run.rows,
            "clients": clients,
            "asked_again": dict(crowd.told.refusals),
            "mails_repeated": made.mailbox.repeated,
            "tracebacks": dict(sum((replica.tracebacks for replica in made.replicas), Counter())),
        }


def _line(result: dict[str, Any]) -> str:
    return (
        f"{result['clients']} desktops; asked again for: {_counted(result['asked_again'])}; {result['mails_repeated']}"
        f" mails came twice; tracebacks: {_counted(result['tracebacks'])}"
    )


def _counted(things: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in Counter(things).most_common()) or "none"


def _say(row: Row) -> None:
    """At once: a run takes minutes."""
    mark = "      " if row.not_tried else "ok    " if row.is_good else "WRONG "
    sys.stderr.write(f"{row.began:6.0f} s  {mark}{' | '.join(row.cells)}\n")
    sys.stderr.writelines(f"    {sentence}\n" for sentence in found([row])[:10])


def _many_descriptors() -> None:
    """Each desktop has a connection, and each wire two."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="just chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES, help=f"of faults on PostgreSQL ({MINUTES:g})")
    parser.add_argument("--seed", type=int, help="of the random order and instants; another one each time by default")
    parser.add_argument("--clients", type=int, default=CLIENTS, help=f"desktops ({CLIENTS}; on SQLite a fifth)")
    parser.add_argument(
        "--pause", type=float, default=PAUSE_SECONDS, help=f"mean seconds between sign-ins of one ({PAUSE_SECONDS:g})"
    )
    parser.add_argument("--engine", action="append", choices=ENGINES, help="only this one; may be repeated")
    parser.add_argument("--fault", action="append", choices=sorted(BY_NAME), help="only this one; may be repeated")
    parser.add_argument("--json", action="store_true", help="figures for a program")
    return parser


if __name__ == "__main__":
    sys.exit(main())
