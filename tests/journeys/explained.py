# SPDX-License-Identifier: Apache-2.0
"""How a story ends: what `counterfoil audit explain` tells of its login, beside the committed text of that name.

After a change that is meant, `JOURNEY_TEXTS=write just journey` writes the texts anew and ends with an error
that names them: read the difference as an auditor would, then run without it.
"""

import difflib
import os
import re
from pathlib import Path
from typing import Final

from click.testing import CliRunner

from counterfoil_service.cli.main import main
from journeys.databases import execute, rows
from support.background import wait_until
from support.processes import RunningService

FOLDER: Final = Path(__file__).with_name("explained")
WRITES: Final = os.environ.get("JOURNEY_TEXTS") == "write"
WRITTEN: Final[list[Path]] = []
"""What this run wrote anew; it must not pass then."""

_CHANGES_BY_NATURE: Final = (
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ"), "TIME"),
    (re.compile(r"\d+ s after"), "N s after"),
    (re.compile(r"\b[0-9A-HJKMNP-TV-Z]{26}\b"), "<ID>"),
    (re.compile(r"[\w.+-]+@example\.com"), "<ADDRESS>"),
    (re.compile(r"(counterfoil-client|python-httpx2?)/[^ )]+"), r"\1/N"),
    (re.compile(r"at attempt \d+"), "at attempt N"),
    (re.compile(r"(will be tried again: .*?\.)(?: \(\d+ times, until TIME\))?$", re.MULTILINE), r"\1"),
)
_NOTICE_QUEUED: Final = re.compile(r"A (notice of .*) was queued\.$")


def explained(service: RunningService, login_id: str, name: str, *, without: str | None = None) -> None:
    """Compare once no mail of this login is on its way; `without` leaves out what happens as often as it can."""
    settled(service, login_id)
    stray = "SELECT name FROM audit_events WHERE session_id IS NOT NULL AND login_id IS NULL"
    assert rows(service.settings["database_url"], stray) == [], "one login runs from its request to its session's end"
    told = typed(service, "audit", "explain", login_id)
    if without is not None:
        assert without in told
        told = "".join(line for line in told.splitlines(keepends=True) if without not in line)
    assert_told(told, name)


def typed(service: RunningService, *arguments: str) -> str:
    """What a command prints beside the service: in this process, as each start takes a second."""
    done = CliRunner(env=dict(service.environ)).invoke(main, arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def assert_told(told: str, name: str) -> None:
    """The text is the committed one, but for what changes by nature."""
    path, told = FOLDER / f"{name}.txt", normal(told)
    kept = path.read_text("utf-8") if path.exists() else ""
    if told != kept and WRITES:
        path.write_text(told, "utf-8")
        WRITTEN.append(path)
        return
    difference = difflib.unified_diff(
        kept.splitlines(), told.splitlines(), f"committed {path.name}", "told", lineterm=""
    )
    assert told == kept, "\n".join([*difference, "If it is meant so, see journeys/explained.py."])


def normal(told: str) -> str:
    """Without what changes by nature: times, ids, addresses, versions, tries, and when the mail worker had its turn."""
    for pattern, name in _CHANGES_BY_NATURE:
        told = pattern.sub(name, told)
    lines = told.splitlines()
    for queued in [line for line in lines if _NOTICE_QUEUED.search(line)]:
        words = _NOTICE_QUEUED.search(queued)
        sent = next((line for line in lines if words and f"took the {words[1]}" in line), None)
        if sent is not None:
            lines.remove(sent)
            lines.insert(lines.index(queued) + 1, sent)
    return "".join(f"{line}\n" for line in lines)


def settled(service: RunningService, login_id: str) -> None:
    """Wait until no mail of this login is on its way any more."""
    sql = "SELECT id FROM outbox WHERE state = 'queued' AND login_id = ?"
    wait_until(lambda: not rows(service.settings["database_url"], sql, login_id), "every mail of the login to leave")


def let_the_mail_be_read(service: RunningService, login_id: str, seconds: int = 34) -> None:
    """As if it had left so long ago: whoever opens a link at once looks automated, so what is negative always does."""
    settled(service, login_id)
    sql = f"UPDATE outbox SET ended_at = ended_at - {seconds}000000 WHERE kind = 'link' AND login_id = '{login_id}'"  # noqa: S608 - ours
    execute(service.settings["database_url"], sql)
