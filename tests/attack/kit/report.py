# SPDX-License-Identifier: Apache-2.0
"""The findings for people and for programs: a table, and JUnit's XML."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from rich.console import Console
from rich.table import Table

from attack.kit.verdict import BAD, Finding, Verdict

UNFOLDED = 170
_COLOURS = {Verdict.HELD: "green", Verdict.NOT_TRIED: "yellow", Verdict.UNDEFENDED: "yellow"}


def console() -> Console:
    """As wide as the table needs where nobody's terminal says otherwise."""
    made = Console(highlight=False, markup=False)
    made.width = made.width if made.is_terminal else UNFOLDED
    return made


def show(findings: Sequence[Finding], out: Console) -> None:
    """A line for each attack, in the order of the rows, and a sum."""
    table = Table("row", "attack", "verdict", "evidence", "s")
    for each in sorted(findings, key=lambda each: each.name):
        colour = _COLOURS.get(each.verdict, "bold red")
        verdict = f"not tried: {each.evidence}" if each.verdict is Verdict.NOT_TRIED else each.evidence
        table.add_row(
            each.row, each.attack, each.verdict.value, verdict, f"{each.seconds:.1f}",
            style="" if each.verdict is Verdict.HELD else colour,
        )  # fmt: skip
    out.print(table)
    counted = Counter(each.verdict for each in findings)
    out.print(", ".join(f"{counted[verdict]} {verdict.value}" for verdict in Verdict if counted[verdict]) + ".")


def junit(findings: Sequence[Finding], file: Path) -> None:
    """The form that CI systems read: a test case for each attack."""
    counted = Counter(each.verdict for each in findings)
    skipped = counted[Verdict.NOT_TRIED] + counted[Verdict.UNDEFENDED]
    suite = ET.Element("testsuite", name="counterfoil-attack", tests=str(len(findings)))
    suite.set("failures", str(counted[Verdict.BROKE]))
    suite.set("errors", str(counted[Verdict.FAILED]))
    suite.set("skipped", str(skipped))
    suite.set("time", f"{sum(each.seconds for each in findings):.3f}")
    for each in sorted(findings, key=lambda each: each.name):
        case = ET.SubElement(suite, "testcase", classname=each.row, name=f"{each.name}: {each.attack}")
        case.set("time", f"{each.seconds:.3f}")
        _judge(case, each)
    ET.ElementTree(suite).write(file, encoding="utf-8", xml_declaration=True)


def _judge(case: ET.Element, finding: Finding) -> None:
    tags = {Verdict.BROKE: "failure", Verdict.FAILED: "error"}
    tags |= {Verdict.NOT_TRIED: "skipped", Verdict.UNDEFENDED: "skipped"}
    tag = tags.get(finding.verdict)
    if tag is None:
        ET.SubElement(case, "system-out").text = finding.evidence
    else:
        ET.SubElement(case, tag, message=f"{finding.verdict.value}: {finding.evidence}")


def passed(findings: Sequence[Finding]) -> bool:
    """Whether no attack succeeded or failed; one that was not tried is neither."""
    return not any(each.verdict in BAD for each in findings)
