# SPDX-License-Identifier: Apache-2.0
"""See who waits for a link, and give one by hand."""

import click

from counterfoil_service.app import system_clock
from counterfoil_service.cli.database import run
from counterfoil_service.cli.output import json_option, moment, show_json, show_table
from counterfoil_service.cli.people import named
from counterfoil_service.core.login import SECOND
from counterfoil_service.db import relays as rows
from counterfoil_service.db.engine import Database
from counterfoil_service.db.relays import Waiting
from counterfoil_service.operations.relay_link import RelayLink, relay_link

_COLUMNS = ("login_id", "email", "application", "device", "age", "expires_at", "mail", "relayed_at")

_TYPED = "Never ask for the code on their device: they type it after the link."
_SAME_DEVICE = "It takes no code: they must open it on the computer, or in the browser, where they asked."


@click.group()
def links() -> None:
    """The links that people wait for."""


@links.command("list")
@json_option
def list_links(as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Every login that waits to be approved, the one that ends first on top. A device says itself what it is called."""
    shown = run(_listed)
    if as_json:
        show_json(shown)
    else:
        show_table([row | {"age": f"{row['age']} s"} for row in shown], _COLUMNS, "Nobody waits for a link.")


@links.command()
@click.argument("login_id")
@click.option("--reason", required=True, help="Why it goes by hand, for the audit log: 1 to 200 characters.")
@json_option
def relay(login_id: str, reason: str, as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Make a new link for the waiting login LOGIN_ID, once, and show it once; an earlier link is dead from then on."""
    relayed = run(lambda database: database.write(relay_link, RelayLink(login_id, reason)))
    if as_json:
        shown = {"login_id": login_id, "email": relayed.address, "link": relayed.link}
        show_json(shown | {"expires_at": moment(relayed.expires_at)})
        return
    click.echo(f"link, shown this once: {relayed.link}")
    click.echo(
        f"Give it to the owner of {relayed.address} and to nobody else, where you are sure whom you speak to; it works"
        f" until {moment(relayed.expires_at)}. {_SAME_DEVICE if relayed.same_device_only else _TYPED}"
    )


async def _listed(database: Database) -> list[dict[str, object]]:
    now = system_clock()
    return [_shown(waiting, now) for waiting in await database.read(rows.waiting, now)]


def _shown(waiting: Waiting, now: int) -> dict[str, object]:
    return {
        "login_id": waiting.id,
        "email": waiting.address,
        "application": named(waiting.application_id, waiting.application_name),
        "client_id": waiting.application_id,
        "device": waiting.device_label,
        "asked_at": moment(waiting.created_at),
        "age": max(0, now - waiting.created_at) // SECOND,
        "expires_at": moment(waiting.expires_at),
        "mail": _mail(waiting),
        "relayed_at": None if waiting.relayed_at is None else moment(waiting.relayed_at),
    }


def _mail(waiting: Waiting) -> str | None:
    """In one word; a decoy is one that nobody may be told of but an operator."""
    if waiting.relayed_at is not None:
        return "relayed"
    return "decoy" if waiting.decoy else waiting.mail
