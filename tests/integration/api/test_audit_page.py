# SPDX-License-Identifier: Apache-2.0
"""What docs/explanation/audit.md tells an auditor to ask for is answered."""

import re
from pathlib import Path

from support import acting
from support.auditor import Auditor, seal
from support.stage import Stage

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "audit.md"


def asked() -> list[str]:
    """Every address of the table of questions."""
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("|")]
    return [address for line in rows for address in re.findall(r"`(?:GET )?(/(?:audit|log)/[^`]*)`", line)]


async def test_every_question_on_the_page_has_its_answer(sqlite_stage: Stage) -> None:
    begun = await acting.ask(sqlite_stage, source="203.0.113.9")
    auditor = await Auditor.hired(sqlite_stage)
    await seal(sqlite_stage)
    assert len(asked()) == 7
    for address in asked():
        if address != "/audit/stream":
            known = address.replace("{login_id}", begun.login_id).replace("4711", "0").replace("…", "0/000.p/1")
            answer = await auditor.get(known)
            assert answer.status_code == 200, (address, answer.text)
    found = await auditor.events(source="203.0.113.0/24")
    assert [event["login_id"] for event in found] == [begun.login_id]
