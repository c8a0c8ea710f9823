# SPDX-License-Identifier: Apache-2.0
"""Read the audit log."""

from functools import partial

import click

from counterfoil_service.cli.audit_checkpoint import checkpoint
from counterfoil_service.cli.audit_export import export
from counterfoil_service.cli.audit_prune import prune
from counterfoil_service.cli.audit_sinks import sinks
from counterfoil_service.cli.audit_verify import verify
from counterfoil_service.cli.database import run
from counterfoil_service.cli.output import fail, json_option, moment, show_json
from counterfoil_service.core.identifiers import is_ulid
from counterfoil_service.core.shown_event import shown_event
from counterfoil_service.core.story import Line, lines
from counterfoil_service.db.audit import StoredEvent, of_login
from counterfoil_service.db.engine import Database
from counterfoil_service.operations.record_reading import record_reading_here


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
audit.add_command(prune)
audit.add_command(sinks)


def story_lines(events: list[StoredEvent]) -> list[str]:
    """Second (UTC) and sentence, a line each; what repeats itself at once is one line."""
    story = lines((stored.time, stored.event, stored.personal) for stored in events)
    return [f"{_second(line.time)}  {line.sentence}{_again(line)}" for line in story]


def _again(line: Line) -> str:
    return "" if line.times == 1 else f" ({line.times} times, until {_second(line.until)})"


def _second(microseconds: int) -> str:
    """RFC 3339 §5.6 with its blank, for people: `2026-11-20 09:15:02Z`."""
    return f"{moment(microseconds)[:19].replace('T', ' ')}Z"


async def _events(database: Database, login_id: str) -> list[StoredEvent]:
    if not is_ulid(login_id):
        return []
    await database.write(record_reading_here, login_id)
    return await database.read(of_login, database.context().keys.seal_mailbox, login_id)


def _shown(stored: StoredEvent) -> dict[str, object]:
    return shown_event(stored.event, stored.personal, index=stored.index, time=stored.time)
