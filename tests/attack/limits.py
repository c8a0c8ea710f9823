# SPDX-License-Identifier: Apache-2.0
"""`just limits`: use every budget up; the attacker must be refused and the owner served, else it ends with 1."""

import argparse
import asyncio
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent)]

from rich.console import Console  # noqa: E402 - what follows is found by the path above
from rich.table import Table  # noqa: E402

from attack.limit_attacks import ATTACKS, Fought  # noqa: E402
from attack.limit_scene import scene  # noqa: E402
from counterfoil_service.core import budget  # noqa: E402
from counterfoil_service.settings.secret import Secret  # noqa: E402
from support.postgres import PostgresServer  # noqa: E402
from support.redis import RedisServer  # noqa: E402

UNFOLDED: Final = 190


def main() -> int:
    """The exit status."""
    options = _options().parse_args()
    console = Console(highlight=False)
    console.width = console.width if console.is_terminal else UNFOLDED
    table = Table("budget", "default", "the attacker", "hears", "the owner meanwhile", "held")
    fought = asyncio.run(_fought(options))
    for name, each in fought.items():
        default = getattr(budget.DEFAULTS, name)
        held = "[green]yes[/]" if each.held else "[red]NO[/]"
        table.add_row(name, f"{default.count}/{default.seconds}", each.attack, each.heard, each.owner, held)
    console.print(table)
    lost = [name for name, each in fought.items() if not each.held]
    where = f"{options.engine}, counted in {'Redis' if options.redis else 'the process'}"
    console.print(f"NOT HELD: {', '.join(lost)}" if lost else f"Every budget hit the right people ({where}).")
    return int(bool(lost))


async def _fought(options: argparse.Namespace) -> dict[str, Fought]:
    found = {}
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="counterfoil-limits-")))
        server = PostgresServer(folder / "postgres") if options.engine == "postgresql" else None
        if server is not None:
            ends.callback(server.stop)
        for name, attack in ATTACKS.items():
            here = folder / name
            here.mkdir()
            with ExitStack() as one:
                redis = one.enter_context(RedisServer(here)) if options.redis else None
                url = f"sqlite:///{here}/counterfoil.db" if server is None else server.fresh_database()
                shared = {} if redis is None else {"redis_url": Secret(redis.url)}
                async with scene(url, here, attack.budgets, **shared) as stage:
                    found[name] = await attack.fight(stage)
    return found


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="just limits", description=__doc__)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--redis", action="store_true", help="count in a real Redis, as replicas do")
    return parser


if __name__ == "__main__":
    sys.exit(main())
