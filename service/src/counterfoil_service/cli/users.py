# SPDX-License-Identifier: Apache-2.0
"""List, invite, disable, enable and erase people."""

import click

from counterfoil_service.app import system_clock
from counterfoil_service.cli.database import run
from counterfoil_service.cli.output import confirmed, json_option, moment, show_json, show_table, yes_option
from counterfoil_service.db import users as rows
from counterfoil_service.db.engine import Database
from counterfoil_service.db.relays import Waiting, waiting
from counterfoil_service.db.users import User
from counterfoil_service.operations.disable_user import disable_user
from counterfoil_service.operations.enable_user import enable_user
from counterfoil_service.operations.erase_user import erase_user
from counterfoil_service.operations.invite_user import invite_user

_COLUMNS = ("email", "subject", "state", "created_at", "verified_at", "sessions")
_STAYS = (
    "What stays: the audit log keeps its entries. Their personal details are ciphertext whose key was destroyed, so"
    " nobody can read them any more; a keyed hash stands in the address's place. Backups taken before still hold"
    " the key."
)


@click.group()
def users() -> None:
    """The people who sign in here. WHO is an e-mail address or a subject."""


@users.command("list")
@json_option
def list_users(as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Everybody, by address. Where no mail is set up, also who waits for a link and has never had one."""
    shown = run(_listed)
    if as_json:
        show_json(shown)
    else:
        show_table(shown, _COLUMNS, "No user yet: the first sign-in makes one, or `counterfoil users invite EMAIL`.")


@users.command()
@click.argument("email")
@json_option
def invite(email: str, as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Let EMAIL in, where COUNTERFOIL_SIGN_UP is `invited`. No mail is sent: they sign in as everybody does."""
    user = run(lambda database: database.write(invite_user, email))
    if as_json:
        show_json(_shown(user))
    else:
        click.echo(f"{user.address} is invited and may sign in.")


@users.command()
@click.argument("who")
@json_option
def disable(who: str, as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Shut WHO out: sessions and open logins end, later requests for a link are answered and never mailed."""
    done = run(lambda database: database.write(disable_user, who))
    if as_json:
        show_json(
            _shown(done.user)
            | {"state": "disabled", "sessions_ended": done.ended.sessions, "logins_denied": done.ended.logins}
        )
        return
    was = "was disabled already" if done.again else "is disabled"
    ended = f"sessions ended: {done.ended.sessions}, open logins denied: {done.ended.logins}"
    click.echo(f"{done.user.address} {was}; {ended}. Access tokens that are out live for five minutes at most.")


@users.command()
@click.argument("who")
@json_option
def enable(who: str, as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Let a disabled WHO in again."""
    user = run(lambda database: database.write(enable_user, who))
    if as_json:
        show_json({"subject": user.id, "email": user.address, "enabled": True})
    else:
        click.echo(f"{user.address} may sign in again; sessions that ended stay ended.")


@users.command()
@click.argument("who")
@yes_option
@json_option
def erase(who: str, yes: bool, as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Forget WHO: sessions end, address and devices are deleted, the audit log's details become unreadable."""
    confirmed("Erase this person for good? It cannot be undone.", yes=yes)
    done = run(lambda database: database.write(erase_user, who))
    if as_json:
        show_json(
            {
                "subject": done.subject,
                "erased": True,
                "sessions_ended": done.ended.sessions,
                "logins_denied": done.ended.logins,
                "stays": _STAYS,
            }
        )
        return
    click.echo(f"Erased; sessions ended: {done.ended.sessions}, open logins denied: {done.ended.logins}.")
    click.echo(_STAYS)


async def _listed(database: Database) -> list[dict[str, object]]:
    found = await database.read(rows.list_all)
    shown = [_shown(each.user) | {"sessions": each.sessions} for each in found]
    if database.context().settings.sends_mail:
        return shown
    known = {each.user.mailbox for each in found}
    strangers = {each.mailbox: each for each in await database.read(waiting, system_clock()) if not each.decoy}
    return shown + [_stranger(each) for mailbox, each in strangers.items() if mailbox not in known]


def _stranger(waits: Waiting) -> dict[str, object]:
    """Nothing is stored of them but their login; `links relay` makes a user."""
    return {
        "email": waits.address,
        "subject": None,
        "state": "unverified",
        "created_at": moment(waits.created_at),
        "verified_at": None,
        "sessions": 0,
    }


def _shown(user: User) -> dict[str, object]:
    return {
        "email": user.address,
        "subject": user.id,
        "state": user.state,
        "created_at": moment(user.created_at),
        "verified_at": None if user.verified_at is None else moment(user.verified_at),
    }
