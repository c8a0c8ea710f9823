# SPDX-License-Identifier: Apache-2.0
"""`audit verify` asks the database alone."""

from typing import Any

from attack.planted.scan import put

ROW = "A24"
WEAKNESS = "a checkpoint that was kept elsewhere is not compared"


def plant() -> None:
    """Without --against."""
    from msgspec.structs import replace

    async def alone(database: Any, *, wanted: Any) -> Any:
        return await verify_live(database, wanted=replace(wanted, against=()))

    verify_live = put("cli.audit_verify", "verify_live", alone)
