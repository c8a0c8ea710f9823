# SPDX-License-Identifier: Apache-2.0
"""What commands print: tables and sentences for people, JSON for programs."""

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NoReturn

import click
import msgspec

from counterfoil_service.core.login import SECOND

_UNFOLDED = 400

yes_option = click.option("--yes", is_flag=True, help="Do not ask whether it is meant.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def fail(message: str) -> NoReturn:
    """Say what is wrong and what to do, on standard error, and end with status 1."""
    from rich.console import Console
    from rich.markup import escape

    Console(stderr=True, highlight=False).print(f"[bold red]error:[/] {escape(message)}", soft_wrap=True)
    sys.exit(1)


def show_json(value: object) -> None:
    """One JSON document on standard output."""
    click.echo(msgspec.json.encode(value).decode())


def confirmed(question: str, *, yes: bool) -> None:
    """Go on after `--yes` or a typed y; end with status 1 otherwise, and where nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        fail("nobody is there to confirm it: nothing was changed; add --yes if you mean it")
    if not click.confirm(question, err=True):
        fail("nothing was changed")


def show_table(rows: Sequence[Mapping[str, object]], columns: Sequence[str], nothing: str) -> None:
    """A table for people; a sentence when it would be empty."""
    if not rows:
        click.echo(nothing)
        return
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(escape(_cell(row.get(column))) for column in columns))
    console = Console(highlight=False)
    # Into a pipe or file there is no width to fit: nothing is folded for it.
    console.width = console.width if console.is_terminal else _UNFOLDED
    console.print(table)


def moment(microseconds: int) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    return datetime.fromtimestamp(microseconds / SECOND, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return " ".join(str(part) for part in value) or "-"
    return "-" if value is None or value == "" else str(value)
