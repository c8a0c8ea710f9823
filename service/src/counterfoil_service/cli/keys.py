# SPDX-License-Identifier: Apache-2.0
"""The keys that sign access tokens."""

import click

from counterfoil_service.app import system_clock
from counterfoil_service.cli.database import run
from counterfoil_service.cli.output import json_option, moment, show_json, show_table
from counterfoil_service.crypto.jwt import SigningKey
from counterfoil_service.db import signing_keys
from counterfoil_service.db.engine import Database
from counterfoil_service.db.signing_keys import StoredKey
from counterfoil_service.operations.rotate_keys import RotateKeys, rotate_keys
from counterfoil_service.web.signers import ROTATION_LEAD_SECONDS

_COLUMNS = ("kid", "algorithm", "state", "active_at", "retired_at")


@click.group()
def keys() -> None:
    """The keys that sign access tokens."""


@keys.command("list")
@json_option
def list_keys(as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Every key, oldest first."""
    shown = [_shown(key) for key in run(lambda database: database.read(signing_keys.list_all))]
    if as_json:
        show_json(shown)
    else:
        show_table(shown, _COLUMNS, "No key yet: the first start of `counterfoil serve` makes one.")


@keys.command()
@json_option
def rotate(as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Make a new key. It is published at once and signs once every verifier can know it; then the old one retires."""
    key = run(_rotate)
    if as_json:
        show_json(_shown(key))
    else:
        show_table([_shown(key)], _COLUMNS, "")


async def _rotate(database: Database) -> StoredKey:
    context = database.context()
    key = SigningKey.generate(context.settings.signing_algorithm, context.entropy)
    return await database.write(rotate_keys, RotateKeys(key, ROTATION_LEAD_SECONDS))


def _shown(key: StoredKey) -> dict[str, object]:
    now = system_clock()
    retired = key.retired_at is not None and key.retired_at <= now
    return {
        "kid": key.kid,
        "algorithm": key.algorithm,
        "state": "retired" if retired else "active" if key.active_at <= now else "published",
        "active_at": moment(key.active_at),
        "retired_at": None if key.retired_at is None else moment(key.retired_at),
    }
