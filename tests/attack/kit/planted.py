# SPDX-License-Identifier: Apache-2.0
"""Attack builds of the service in which one guard is missing: an attack that finds nothing there means nothing."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from attack.kit import own
from attack.kit.run import run
from attack.kit.scan import Attack
from attack.kit.verdict import Finding, Verdict
from attack.planted.scan import Weakness, weaknesses


@dataclass(frozen=True)
class Planted:
    """What the attacks of its row said of one build."""

    weakness: Weakness
    findings: Sequence[Finding]

    @property
    def found(self) -> bool:
        """Whether one of them succeeded; that it failed, or that none was tried, is not enough."""
        return any(each.verdict is Verdict.BROKE for each in self.findings)


def try_planted(chosen: Iterable[Attack], chromium: own.OpenBrowser, only: Sequence[str] | None) -> list[Planted]:
    """Every build, or those of these names, one after another."""
    every = weaknesses()
    unknown = set(only or ()) - {each.name for each in every}
    assert not unknown, f"no build is called {', '.join(sorted(unknown))}"
    rows: dict[str, list[Attack]] = {}
    for attack in chosen:
        rows.setdefault(attack.row, []).append(attack)
    tried = [each for each in every if each.row in rows and (not only or each.name in only)]
    return [try_one(each, rows[each.row], chromium) for each in tried]


def try_one(weakness: Weakness, chosen: Sequence[Attack], chromium: own.OpenBrowser) -> Planted:
    """One build, attacked as its row says."""
    with ExitStack() as stack:
        if weakness.in_kit:
            stack.callback(weakness.plant())
        deployment = own.pair if weakness.pair else own.single
        built = None if weakness.in_kit else weakness.name
        target = stack.enter_context(deployment(chromium, built))
        return Planted(weakness, asyncio.run(run(target, chosen)))


def show_planted(results: Sequence[Planted], out: Console) -> None:
    """A line for each build."""
    table = Table("row", "weakness", "found", "by", "evidence")
    for each in results:
        best = next((finding for finding in each.findings if finding.verdict is Verdict.BROKE), each.findings[0])
        words = best.evidence if each.found else f"{best.verdict.value}: {best.evidence}"
        style = "" if each.found else "bold red"
        table.add_row(
            each.weakness.row, each.weakness.words, "yes" if each.found else "NO", best.name, words, style=style
        )
    out.print(table)
    missed = [each.weakness.name for each in results if not each.found]
    out.print(f"NOT FOUND: {', '.join(missed)}" if missed else f"All {len(results)} were found.")
