# SPDX-License-Identifier: Apache-2.0
"""List and end sessions."""

import click

from counterfoil_service.app import system_clock
from counterfoil_service.cli.database import run
from counterfoil_service.cli.output import confirmed, fail, json_option, moment, show_json, show_table, yes_option
from counterfoil_service.cli.people import addresses, named, subject_of
from counterfoil_service.core.session import Limits, ends_at
from counterfoil_service.db import sessions as rows
from counterfoil_service.db.engine import Database
from counterfoil_service.db.sessions import Listed
from counterfoil_service.operations.revoke_sessions import RevokeSessions, Which, revoke_sessions

_COLUMNS = ("id", "user", "application", "device", "created_at", "last_used_at", "expires_at")


@click.group()
def sessions() -> None:
    """What sign-ins gave, until it ends. WHO is an e-mail address or a subject."""


@sessions.command("list")
@click.argument("who", required=False)
@json_option
def list_sessions(who: str | None, as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Every living session, or those of WHO, last used first."""
    shown = run(lambda database: _listed(database, who))
    if as_json:
        show_json(shown)
    else:
        show_table(shown, _COLUMNS, "No session lives." if who is None else "No session of this person lives.")


@sessions.command()
@click.argument("session_id", required=False)
@click.option("--user", "who", help="All of this person.")
@click.option("--every", is_flag=True, help="All of everybody.")
@yes_option
@json_option
def revoke(
    session_id: str | None,
    who: str | None,
    every: bool,  # noqa: FBT001 - click passes by name
    yes: bool,  # noqa: FBT001 - click passes by name
    as_json: bool,  # noqa: FBT001 - click passes by name
) -> None:
    """End SESSION_ID, or all of one person, or all there are."""
    command = _which(session_id, who, every=every)
    if command.which == "every":
        confirmed("End every session of everybody?", yes=yes)
    ended = run(lambda database: database.write(revoke_sessions, command))
    if as_json:
        show_json({"ended": ended})
    else:
        click.echo(f"Sessions ended: {len(ended)}. Access tokens that are out live for five minutes at most.")


def _which(session_id: str | None, who: str | None, *, every: bool) -> RevokeSessions:
    given: list[tuple[Which, str | None]] = [("one", session_id), ("person", who), ("every", "" if every else None)]
    chosen = [RevokeSessions(which, name) for which, name in given if name is not None]
    if len(chosen) != 1:
        fail("give exactly one of SESSION_ID, --user WHO and --every")
    return chosen[0]


async def _listed(database: Database, who: str | None) -> list[dict[str, object]]:
    subject = await subject_of(database, who)
    people, now = await addresses(database), system_clock()
    limits = database.context().settings.session_limits
    found = [each for each in await database.read(rows.living, subject) if each.session.lives(limits, now)]
    return [_shown(each, people, limits) for each in found]


def _shown(listed: Listed, people: dict[str, str], limits: Limits) -> dict[str, object]:
    session = listed.session
    ends = ends_at(created_at=session.created_at, last_used_at=session.last_used_at, limits=limits)
    return {
        "id": session.id,
        "user": people.get(session.user_id),
        "subject": session.user_id,
        "application": named(session.application_id, listed.application_name),
        "client_id": session.application_id,
        "device": listed.device_label,
        "created_at": moment(session.created_at),
        "last_used_at": moment(session.last_used_at),
        "expires_at": moment(ends),
        "changed_at": None if session.changed_at is None else moment(session.changed_at),
    }
