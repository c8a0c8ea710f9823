# SPDX-License-Identifier: Apache-2.0
"""Add, list and remove operators and auditors, and the tokens they have."""

import click

from counterfoil_service.cli.database import run
from counterfoil_service.cli.output import fail, json_option, moment, show_json, show_table
from counterfoil_service.core.operator import ROLES, Operator, OperatorToken, Role
from counterfoil_service.db import operators as rows
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.operations.add_operator import AddOperator, add_operator
from counterfoil_service.operations.remove_operator import remove_operator

_COLUMNS = ("email", "role", "id", "created_at", "token", "token_created_at", "token_last_used_at")


@click.group()
def operators() -> None:
    """Who runs the service, and who reads its audit log."""


@operators.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), required=True, help="auditor: may read the audit log.")
@click.option("--token", "with_token", is_flag=True, help="Make an API token; it is shown once.")
@json_option
def give_role(email: str, role: Role, with_token: bool, as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Give EMAIL a role; called again, a further token."""
    if not with_token:
        fail("add --token: there is no console to sign in to yet, and without a token a role opens nothing")
    added = run(lambda database: database.write(add_operator, AddOperator(email, role)))
    if as_json:
        show_json(_shown(added.operator) | {"token_id": added.token_id, "token": added.token})
        return
    click.echo(f"{added.operator.address} is {role}. The token {added.token_id}, shown this once:")
    click.echo(added.token)


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
    show_table(table, _COLUMNS, "Nobody yet: `counterfoil operators add EMAIL --role auditor --token`.")


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
