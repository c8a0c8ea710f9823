# SPDX-License-Identifier: Apache-2.0
"""A24: whoever holds database and secret writes the log's history anew and has it signed once more."""

import asyncio
import tempfile
from pathlib import Path

from attack.kit.target import Target
from attack.kit.verdict import Needs, demand
from journeys.databases import execute
from support.exported_log import AGAIN

ROW = "A24"
ATTACK = "a second history of the log is signed for other eyes"
LAST = True
MADE_UP = (
    "UPDATE audit_events SET outcome = 'failure', reason = 'made up'"
    " WHERE position = (SELECT min(position) FROM audit_events)"
)


async def attack(target: Target) -> str:
    """An auditor kept a checkpoint; the log is rewritten and sealed anew, and passes by itself, but not beside that."""
    url = target.database()
    if not target.expendable:
        raise Needs("--expendable: the audit log is spoilt for good")
    await target.signed_in()
    kept = await target.told("audit", "checkpoint")
    assert kept.returncode == 0, kept.stderr
    for sql in (MADE_UP, *AGAIN):
        await asyncio.to_thread(execute, url, sql)
    assert (await target.told("audit", "checkpoint")).returncode == 0
    alone = await target.told("audit", "verify")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "kept"
        file.write_text(kept.stdout, "utf-8")
        beside = await target.told("audit", "verify", "--against", str(file))
    demand(beside.returncode != 0, "the second history passes beside the checkpoint that was kept of the first")
    passes = "passes" if alone.returncode == 0 else "does not even pass"
    return f"the second history {passes} by itself; beside the kept checkpoint: {_problem(beside.stderr)}"


def _problem(text: str) -> str:
    return " ".join(text.split()).removeprefix("error: ")[:140]
