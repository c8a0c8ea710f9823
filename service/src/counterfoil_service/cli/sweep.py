# SPDX-License-Identifier: Apache-2.0
"""Do now what the service does by itself every few seconds."""

import click

from counterfoil_service.cli.database import run
from counterfoil_service.cli.output import fail
from counterfoil_service.db.engine import Database
from counterfoil_service.sweeper import Sweeper


@click.command()
def sweep() -> None:
    """End what time has ended, delete what nobody needs any more, prune the log if a retention is set."""
    if not run(_swept):
        fail("another process is sweeping right now, which is as good: nothing is left to do here")
    click.echo("Swept.")


async def _swept(database: Database) -> bool:
    sweeper = Sweeper(database, lambda: None)
    try:
        return await sweeper.round()
    finally:
        await sweeper.let_go()
