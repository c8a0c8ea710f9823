# SPDX-License-Identifier: Apache-2.0
"""`audit prune`: take the oldest entries out of the log by hand."""

from functools import partial

import click

from counterfoil_service.cli.database import run
from counterfoil_service.cli.output import confirmed, fail, json_option, show_json, yes_option
from counterfoil_service.core.leaf import microseconds
from counterfoil_service.core.tiles import WIDTH
from counterfoil_service.db.engine import Database
from counterfoil_service.operations.prune_log import PruneLog, prune_log

_BUNDLES = 8


@click.command()
@click.option("--before", required=True, help="A moment, such as 2026-01-01T00:00:00.000Z: older entries are taken.")
@yes_option
@json_option
def prune(before: str, yes: bool, as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Delete entries older than a moment, 256 at a time. Hashes stay: proofs of all other entries still verify."""
    try:
        moment = microseconds(before)
    except ValueError:
        fail("--before must be a moment in UTC, such as 2026-01-01T00:00:00.000Z")
    confirmed(f"Delete the entries of the audit log from before {before} for good?", yes=yes)
    pruned = run(partial(_pruned, before=moment)) * WIDTH
    if as_json:
        show_json({"pruned": pruned})
    else:
        click.echo(f"{pruned} entries were pruned; whole bundles of {WIDTH} that were sealed and delivered, no others.")


async def _pruned(database: Database, *, before: int) -> int:
    total = 0
    while taken := await database.write(prune_log, PruneLog(before, _BUNDLES, "by_operator")):
        total += taken
    return total
