# SPDX-License-Identifier: Apache-2.0
"""Compute from the measured figures what so many users take, and print it as a table; measures nothing itself."""

import argparse
import sys
from pathlib import Path

from benchmarks.capacity.assumptions import Assumptions
from benchmarks.capacity.constants import read_constants
from benchmarks.capacity.page import shown
from benchmarks.harness.page import FIGURES, write_section

USERS = (1_000_000, 100_000_000)
MARK = "capacity"


def main(arguments: list[str] | None = None) -> int:
    """The exit status."""
    options = _options().parse_args(arguments)
    try:
        assumed = Assumptions().but(options.set or [])
        tables = shown(options.users or USERS, read_constants(options.figures), assumed)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    print(tables)
    if options.write:
        write_section(MARK, tables)
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.capacity", description=__doc__)
    parser.add_argument("--users", action="append", type=int, help="in a month; may be repeated")
    parser.add_argument("--set", action="append", metavar="NAME=NUMBER", help="assume something else; may be repeated")
    parser.add_argument("--figures", type=Path, default=FIGURES, help="the folder of replicas.json and audit.json")
    parser.add_argument("--write", action="store_true", help="put the tables into the documentation")
    return parser


if __name__ == "__main__":
    sys.exit(main())
