# SPDX-License-Identifier: Apache-2.0
"""Bring the database's schema to this release."""

import asyncio

import click

from counterfoil_service.cli.database import cause_of, settings_or_fail
from counterfoil_service.cli.output import fail, json_option, show_json
from counterfoil_service.db import migrate as schema
from counterfoil_service.db.open import sqlite_path


@click.command()
@click.option("--revision", default="head", show_default=True, help="Where to; an older one steps back.")
@json_option
def migrate(revision: str, as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Create or update the tables, in one transaction; several replicas may try at once."""
    settings = settings_or_fail()
    url = settings.database_url.reveal()
    path = sqlite_path(url)
    try:
        if path is None:
            asyncio.run(schema.move_postgresql(url, revision))
        else:
            schema.move(path, revision)
    except Exception as error:  # noqa: BLE001 - whatever the driver or Alembic raises: say it and end
        fail(f"the schema was not changed ({cause_of(error)}): check COUNTERFOIL_DATABASE_URL, --revision")
    if as_json:
        show_json({"revision": schema.head() if revision == "head" else revision})
    else:
        click.echo(f"The schema is at {schema.head() if revision == 'head' else revision}.")
