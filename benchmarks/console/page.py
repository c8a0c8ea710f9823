# SPDX-License-Identifier: Apache-2.0
"""docs/performance/console.md, and the same in a terminal."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from rich.table import Table

from benchmarks.console.figures import MOST_MS, EnginePages, Figures, Page, Query
from benchmarks.harness.figures import number, one_run
from benchmarks.harness.page import FIGURES, table
from benchmarks.harness.terminal import empty_table, terminal

PAGE: Final = FIGURES / "console.md"
_INTRODUCTION: Final = f"""<!-- Written by `just bench-console --write`. -->
# What a page of the console costs

`just bench-console` gives a service a past of thirty days (`just seed` makes the same), signs an operator in and asks
for every page again and again, in the service's own process: from the request to the last byte of its HTML, with
everything that belongs to it, such as the record in the audit log that the operator looked. No page may take more than
{MOST_MS} ms in the middle of its requests; the command ends with 1 where one does.

Milliseconds are by the clock, and of all processors, the database's among them: whatever else the machine does
meanwhile lengthens the first and hardly the second."""
_INDEX: Final = re.compile(
    r"(?:USING (?:COVERING )?INDEX|Index (?:Only )?Scan(?: Backward)? using|Bitmap Index Scan on) (\w+)"
)
_SCAN: Final = re.compile(r"(?:Seq Scan on|SCAN) (\w+)\b(?! USING)")
_KEY: Final = re.compile(r"USING INTEGER PRIMARY KEY|sqlite_autoindex")


def written(figures: Figures) -> str:
    """The whole page."""
    parts = [_INTRODUCTION]
    for engine in figures.engines:
        about = f"{engine.about}: {engine.logins:,} logins, {engine.events:,} events"
        rows = [
            [
                page.name,
                *map(number, (page.median, page.worst, page.cpu, page.statements, page.kilobytes)),
                f"`{page.slowest.name}`: {number(page.slowest.took)}",
            ]
            for page in engine.pages
        ]
        head = [about, "ms", "worst", "of processors", "statements", "KB", "the slowest statement, ms"]
        parts.append(table(head, rows))
    parts.append(
        one_run(figures.seconds, figures.machine, figures.date) + f" {figures.requests} requests of each page."
    )
    parts.append("## The slowest statement of each page, and how it is run")
    parts.extend(_explained(engine) for engine in figures.engines)
    return "\n\n".join(parts) + "\n"


def show(figures: Figures) -> None:
    """In the terminal."""
    tables = [_shown(engine) for engine in figures.engines]
    console = terminal(170)
    for each in tables:
        console.print(each)
    console.print(one_run(figures.seconds, figures.machine))
    for complaint in figures.too_slow:
        console.print(f"[bold red]too slow:[/] {complaint}")


def _shown(engine: EnginePages) -> Table:
    shown = empty_table(
        f"{engine.about}, {engine.events:,} events",
        ["", "slowest statement"],
        ["ms", "worst", "of processors", "slowest"],
    )
    for page in engine.pages:
        shown.add_row(
            page.name, page.slowest.name, *map(number, (page.median, page.worst, page.cpu, page.slowest.took))
        )
    return shown


def _explained(engine: EnginePages) -> str:
    lines = [f"### {engine.about}", ""]
    slowest = dict[str, Page]()
    for page in engine.pages:
        query = page.slowest
        if query.name not in slowest or query.took > slowest[query.name].slowest.took:
            slowest[query.name] = page
    for page in slowest.values():
        lines += [f"**{page.name}**: {in_words(page.slowest)}\n", "```", *page.slowest.plan, "```\n"]
    return "\n".join(lines)


def in_words(query: Query) -> str:
    """How the engine finds what the statement asks for."""
    rows = f"{query.rows:,} row{'' if query.rows == 1 else 's'}"
    return f"`{query.name}` gives {rows} in {number(query.took)} ms: {', '.join(_ways(query.plan))}."


def _ways(plan: Sequence[str]) -> Iterator[str]:
    text = "\n".join(plan)
    indexes = list(dict.fromkeys(_INDEX.findall(text)))
    if indexes:
        yield f"found by {' and '.join(f'`{each}`' for each in indexes)}"
    if _KEY.search(text):
        yield "looked up by key"
    scanned = [name for name in dict.fromkeys(_SCAN.findall(text)) if not name.startswith("sqlite_")]
    if scanned:
        yield f"reads all of {' and '.join(scanned)}"
    if "TEMP B-TREE" in text or "Sort" in text:
        yield "sorts what it found"
    if re.match(r"\s*(INSERT|Insert)", text) or not text:
        yield "writes"
