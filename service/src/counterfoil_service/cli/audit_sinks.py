# SPDX-License-Identifier: Apache-2.0
"""`audit sinks`: how far the log has come to each of its receivers, and how to send them entries again."""

from functools import partial

import click

from counterfoil_service.cli.database import run
from counterfoil_service.cli.output import json_option, moment, show_json, show_table
from counterfoil_service.db.audit_sinks import NEVER
from counterfoil_service.db.engine import Database
from counterfoil_service.operations.describe_sinks import SinkState, describe_sinks
from counterfoil_service.operations.rewind_sink import RewindSink, rewind_sink

_COLUMNS = ("name", "next_entry", "entries_behind", "attempts", "problem")
_LEFT_OUT = "not in COUNTERFOIL_AUDIT_SINKS any more"


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def sinks(context: click.Context, as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Show every receiver of the log: its next entry, and what is wrong with it."""
    if context.invoked_subcommand is not None:
        return
    states, configured = run(_states)
    if as_json:
        show_json([_shown(state) | {"configured": state.row.name in configured} for state in states])
    else:
        rows = [_cells(state, left_out=state.row.name not in configured) for state in states]
        show_table(rows, _COLUMNS, "No sink was ever configured: set COUNTERFOIL_AUDIT_SINKS.")


@sinks.command()
@click.argument("name")
@click.argument("index", type=click.IntRange(0))
def rewind(name: str, index: int) -> None:
    """Send a sink its entries from INDEX on again, and go on with one that had stopped."""
    run(partial(_rewound, command=RewindSink(name, index)))
    click.echo(f"Entry {index} is the next one for {name}.")


async def _rewound(database: Database, *, command: RewindSink) -> None:
    await database.write(rewind_sink, command)


async def _states(database: Database) -> tuple[list[SinkState], set[str]]:
    configured = {sink.name for sink in database.context().settings.audit_sinks}
    return await database.read(describe_sinks), configured


def _shown(state: SinkState) -> dict[str, object]:
    row, since = state.row, state.waiting_since
    return {
        "name": row.name,
        "next_index": row.next_index,
        "behind": state.behind,
        "attempts": row.attempts,
        "problem": row.problem,
        "waiting_since": None if since is None else moment(since),
        "next_attempt": None if row.due_at == NEVER else moment(row.due_at),
    }


def _cells(state: SinkState, *, left_out: bool) -> dict[str, object]:
    row = state.row
    problem = _LEFT_OUT if left_out else row.problem
    return dict(zip(_COLUMNS, (row.name, row.next_index, state.behind, row.attempts, problem), strict=True))
