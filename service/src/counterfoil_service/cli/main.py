# SPDX-License-Identifier: Apache-2.0
"""The command itself. Groups are imported when they are called: `counterfoil --help` should not load a web server."""

import contextlib
import importlib
import sys

import click

from counterfoil_service.cli.process import uncollected

_COMMANDS = {
    "serve": "Serve sign-ins until told to stop.",
    "demo": "Show one whole sign-in on this machine, with nothing set up.",
    "migrate": "Create or update the tables of the database.",
    "doctor": "Check settings, database and mail, and say what to do.",
    "applications": "Add, list, show, change and remove applications.",
    "users": "List, invite, disable, enable and erase people.",
    "links": "See who waits for a link, and give one by hand.",
    "sessions": "List and end sessions.",
    "devices": "List, enrol and forget devices.",
    "suppressions": "List and lift addresses that get no mail.",
    "operators": "Add, list and remove operators and auditors.",
    "keys": "List and rotate the keys that sign access tokens.",
    "audit": "Read, export and verify the audit log.",
    "sweep": "Delete what nobody needs any more, now.",
}
"""Each lives in the module of its name."""


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in _COMMANDS:
            return None
        name = f"counterfoil_service.cli.{cmd_name}"
        with contextlib.nullcontext() if name in sys.modules else uncollected():
            module = importlib.import_module(name)
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="counterfoil-service", prog_name="counterfoil")
def main() -> None:
    """Sign-in by e-mailed link, bound to the device that asked. Settings come from COUNTERFOIL_… variables."""
