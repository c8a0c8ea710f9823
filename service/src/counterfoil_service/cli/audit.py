# SPDX-License-Identifier: Apache-2.0
"""Read the audit log."""

from functools import partial

import click
import msgspec

from counterfoil_service.cli.audit_log import checkpoint, export, verify
from counterfoil_service.cli.database import run
from counterfoil_service.cli.output import fail, json_option, moment, show_json
from counterfoil_service.core.story import sentence
from counterfoil_service.db.audit import StoredEvent, of_login
from counterfoil_service.db.engine import Database


@click.group()
def audit() -> None:
    """Who used this link, and why did it fail?"""


@audit.command()
@click.argument("login_id")
@json_option
def explain(login_id: str, as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Tell the story of one login in words."""
    events = run(partial(_events, login_id=login_id))
    if not events:
        fail(f"no login {login_id!r} in the audit log: the id is the `login_id` of the device's answer")
    if as_json:
        show_json({"login_id": login_id, "events": [_shown(event) for event in events]})
    else:
        click.echo("\n".join(story_lines(events)))


audit.add_command(checkpoint)
audit.add_command(export)
audit.add_command(verify)


def story_lines(events: list[StoredEvent]) -> list[str]:
    """Time and sentence, a line each."""
    return [f"{moment(stored.time)[11:19]}  {sentence(stored.event, stored.personal)}" for stored in events]


async def _events(database: Database, login_id: str) -> list[StoredEvent]:
    return await database.read(of_login, database.context().keys.seal_mailbox, login_id)


def _shown(stored: StoredEvent) -> dict[str, object]:
    event = msgspec.structs.asdict(stored.event)
    return {
        "time": moment(stored.time),
        **{name: value for name, value in event.items() if value is not None and name != "personal"},
        "personal": None if stored.personal is None else dict(stored.personal),
        "sentence": sentence(stored.event, stored.personal),
    }
