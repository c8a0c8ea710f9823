# SPDX-License-Identifier: Apache-2.0
"""Add, list and remove operators and auditors, and the tokens they have."""

import click
import msgspec

from counterfoil_service.cli.database import run
from counterfoil_service.cli.output import json_option, moment, show_json, show_table
from counterfoil_service.core.operator import ROLES, Operator, OperatorToken, Role
from counterfoil_service.db import operators as rows
from counterfoil_service.db.engine import Database, ReadTransaction
from counterfoil_service.operations.add_operator import AddOperator, add_operator
from counterfoil_service.operations.issue_operator_link import OperatorLink, issue_operator_link
from counterfoil_service.operations.make_operator_token import TokenMade, make_operator_token
from counterfoil_service.operations.remove_operator import remove_operator

_COLUMNS = ("email", "role", "id", "created_at", "token", "token_created_at", "token_last_used_at")


@click.group()
def operators() -> None:
    """Who runs the service, and who reads its audit log."""


class _Given(msgspec.Struct, frozen=True):
    """What the command made; `link` and `token` are shown this once."""

    operator: Operator
    link: OperatorLink | None
    token: TokenMade | None

    def __repr__(self) -> str:
        return f"_Given(operator={self.operator!r})"


@operators.command("add")
@click.argument("email")
@click.option(
    "--role",
    type=click.Choice(ROLES),
    default="operator",
    show_default=True,
    help="operator: runs the service. auditor: reads the audit log.",
)
@click.option("--token", "with_token", is_flag=True, help="Make an API token; it is shown once.")
@click.option("--link", "with_link", is_flag=True, help="Print a one-time link into the console.")
@json_option
def give_role(
    email: str,
    role: Role,
    with_token: bool,  # noqa: FBT001 - click passes by name
    with_link: bool,  # noqa: FBT001 - click passes by name
    as_json: bool,  # noqa: FBT001 - click passes by name
) -> None:
    """Give EMAIL a role: they sign in at the console. Called again, a further token or another link."""

    async def give(database: Database) -> tuple[_Given, str]:
        settings = database.context().settings
        operator = await database.write(add_operator, AddOperator(email, role))
        token = await database.write(make_operator_token, operator.id) if with_token else None
        wanted = with_link or not (with_token or settings.sends_mail)
        link = await database.write(issue_operator_link, operator) if wanted else None
        return _Given(operator, link, token), f"{settings.public_url.removesuffix('/')}/console"

    given, console = run(give)
    if as_json:
        show_json(_made(given, console))
    else:
        _tell(given, console)


def _made(given: _Given, console: str) -> dict[str, object]:
    made = _shown(given.operator) | {"console": console}
    if given.link:
        made |= {"link": given.link.url, "link_expires_at": moment(given.link.expires_at)}
    if given.token:
        made |= {"token_id": given.token.token_id, "token": given.token.token}
    return made


def _tell(given: _Given, console: str) -> None:
    operator = given.operator
    click.echo(f"{operator.address} is {operator.role}, and signs in with this address at {console}")
    if given.link:
        click.echo("A link into the console, shown this once: good for one browser, for 15 minutes.")
        click.echo(given.link.url)
    if given.token:
        click.echo(f"The token {given.token.token_id}, shown this once:")
        click.echo(given.token.token)


@operators.command("list")
@json_option
def list_operators(as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Everybody with a role, and when their tokens were used last; no token can be shown again."""
    found, tokens = run(lambda database: database.read(_everybody))
    if as_json:
        show_json([_shown(each) | {"tokens": [_token(token) for token in tokens.get(each.id, [])]} for each in found])
        return
    # Nobody is left out: an operator whose tokens were all revoked has a line without one.
    table = [line for each in found for line in _lines(each, tokens.get(each.id, []))]
    show_table(table, _COLUMNS, "Nobody yet: `counterfoil operators add EMAIL` lets somebody into the console.")


@operators.command("remove")
@click.argument("who")
@json_option
def take_role(who: str, as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Take the role of WHO (an address or an operator's id) with all tokens, or revoke one token by its id."""
    operator_id = run(lambda database: database.write(remove_operator, who))
    if as_json:
        show_json({"id": operator_id, "removed": who})
    else:
        click.echo("Removed: it opens nothing from now on.")


async def _everybody(tx: ReadTransaction) -> tuple[list[Operator], dict[str, list[OperatorToken]]]:
    tokens: dict[str, list[OperatorToken]] = {}
    for token in await rows.tokens(tx):
        tokens.setdefault(token.operator_id, []).append(token)
    return await rows.list_all(tx), tokens


def _shown(operator: Operator) -> dict[str, object]:
    return {
        "id": operator.id,
        "email": operator.address,
        "role": operator.role,
        "created_at": moment(operator.created_at),
    }


def _token(token: OperatorToken) -> dict[str, object]:
    last = token.last_used_at
    return {
        "id": token.id,
        "created_at": moment(token.created_at),
        "last_used_at": None if last is None else moment(last),
    }


def _lines(operator: Operator, tokens: list[OperatorToken]) -> list[dict[str, object]]:
    columns = [{"token": token.pop("id")} | {f"token_{name}": value for name, value in token.items()}
               for token in map(_token, tokens)]  # fmt: skip
    return [_shown(operator) | each for each in columns or [{}]]
