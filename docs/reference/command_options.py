# SPDX-License-Identifier: Apache-2.0
"""Write command-options.md from the commands themselves: `python docs/reference/command_options.py`."""

from collections.abc import Iterator
from pathlib import Path

import click

from counterfoil_service.cli.main import main

PAGE = Path(__file__).parent / "command-options.md"
HEAD = """\
<!-- Written by `python docs/reference/command_options.py` from what `--help` says: change that, not this. -->
# Options of the commands

What `--help` prints, of every command. [Commands](commands.md) says what each is for.
"""
_WIDTH = 100


def page() -> str:
    """The whole page."""
    return HEAD + "".join(_sections())


def names() -> list[str]:
    """Each command that does something, as it is typed."""
    return [context.command_path for command, context in _every() if not isinstance(command, click.Group)]


def _every() -> Iterator[tuple[click.Command, click.Context]]:
    settings = {**main.context_settings, "terminal_width": _WIDTH}
    return _commands(main, click.Context(main, info_name="counterfoil", **settings))


def _commands(command: click.Command, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    yield command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                yield from _commands(child, click.Context(child, context, name))


def _sections() -> Iterator[str]:
    for command, context in _every():
        yield f"\n## {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
