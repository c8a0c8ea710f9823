# SPDX-License-Identifier: Apache-2.0
"""List and lift suppressions."""

import click

from counterfoil_service.cli.database import run
from counterfoil_service.cli.output import json_option, moment, show_json, show_table
from counterfoil_service.db import suppressions as rows
from counterfoil_service.db.suppressions import Suppression
from counterfoil_service.operations.lift_suppression import LiftSuppression, lift_suppression

_COLUMNS = ("email", "reason", "provider", "mail_id", "created_at")


@click.group()
def suppressions() -> None:
    """The addresses that get no mail, because it came back for good or was called unwanted."""


@suppressions.command("list")
@json_option
def list_suppressions(as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Every one, newest first."""
    shown = [_shown(each) for each in run(lambda database: database.read(rows.list_suppressed))]
    if as_json:
        show_json(shown)
    else:
        show_table(shown, _COLUMNS, "No address is suppressed: mail goes to all of them.")


@suppressions.command("lift")
@click.argument("email")
@click.option("--reason", required=True, help="Why mail may go there again; kept sealed in the audit log.")
@json_option
def lift_one(email: str, reason: str, as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Let EMAIL have mail again: the next request for a link is mailed as any other."""
    lifted = run(lambda database: database.write(lift_suppression, LiftSuppression(email, reason)))
    if as_json:
        show_json(_shown(lifted) | {"lifted": True})
    else:
        click.echo(f"{lifted.address} gets mail again. A provider may keep a list of its own: lift it there, too.")


def _shown(suppression: Suppression) -> dict[str, object]:
    return {
        "email": suppression.address,
        "reason": suppression.reason,
        "provider": suppression.provider,
        "mail_id": suppression.mail_id,
        "created_at": moment(suppression.created_at),
    }
