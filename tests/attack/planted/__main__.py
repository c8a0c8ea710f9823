# SPDX-License-Identifier: Apache-2.0
"""`python -m attack.planted a01_opening_spends serve …`: the `counterfoil` command with one guard taken away.

For tests alone: an attack of the kit must find what is missing.
"""

import sys

from attack.planted.scan import weakness


def main() -> None:
    """Plant, then run the command with what is left of the arguments."""
    name, *arguments = sys.argv[1:]
    weakness(name).plant()
    sys.argv = ["counterfoil", *arguments]

    from counterfoil_service.cli.main import main as command

    command(prog_name="counterfoil")


if __name__ == "__main__":
    main()
