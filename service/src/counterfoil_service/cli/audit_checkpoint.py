# SPDX-License-Identifier: Apache-2.0
"""`audit checkpoint`: what an auditor takes along, and holds against the log later."""

import click
from rich.console import Console

from counterfoil_service.audit.evidence import read_checkpoint
from counterfoil_service.cli.database import run
from counterfoil_service.cli.output import fail, json_option, show_json
from counterfoil_service.db.engine import Database
from counterfoil_service.operations.cosigned_checkpoint import newest_checkpoint
from counterfoil_service.operations.log_key import log_key
from counterfoil_service.operations.seal_events import LogInconsistentError, seal_events

_BATCH = 1000


@click.command()
@json_option
def checkpoint(as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Seal what is pending, and print the signed checkpoint: keep it where nobody of this service can change it."""
    note, vkey = run(_sealed)
    if as_json:
        sealed = read_checkpoint(note, vkey)
        show_json({"size": sealed.size, "root": sealed.root.hex(), "checkpoint": note, "key": vkey})
    else:
        click.echo(note, nl=False)
        Console(stderr=True, highlight=False).print(f"key: {vkey}", soft_wrap=True, markup=False)


def vkey_of(database: Database) -> str:
    """The public key of this service's log."""
    context = database.context()
    return log_key(context.keys, context.settings).vkey


async def _sealed(database: Database) -> tuple[str, str]:
    try:
        while (await database.write(seal_events, _BATCH)).count == _BATCH:
            pass
    except LogInconsistentError as error:
        fail(f"nothing was signed: {error}; run `counterfoil audit verify`")
    note = await database.read(newest_checkpoint)
    if note is None:
        fail("the audit log is empty: there is nothing to sign yet")
    return note, vkey_of(database)
