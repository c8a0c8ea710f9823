# SPDX-License-Identifier: Apache-2.0
"""Write the next migration: what `db/tables.py` says beyond the last one. Run by `just migration "message"`."""

import sys
import tempfile
from pathlib import Path

from alembic import command

from counterfoil_service.db import migrate


def main(message: str) -> None:
    """Compare against a fresh SQLite database at head."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        config = migrate.config()
        if list(Path(config.get_main_option("script_location") or "", "versions").glob("*.py")):
            migrate.move(path)
        with migrate.sqlite_engine(path).begin() as connection:
            number = len(list((migrate.script_location() / "versions").glob("*.py"))) + 1
            command.revision(migrate.config(connection), message, autogenerate=True, rev_id=f"{number:04}")


if __name__ == "__main__":
    main(sys.argv[1])
