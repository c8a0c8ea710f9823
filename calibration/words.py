# SPDX-License-Identifier: Apache-2.0
"""The summary as text, the same byte for byte wherever it is made: it stands in docs/explanation/fingerprint.md."""

from collections.abc import Iterator, Sequence

from calibration import totals
from calibration.events import Group
from calibration.measure import Measured
from calibration.tally import CHOSEN, Row, of
from counterfoil_service.core.evidence import WEIGHTS, Band

LIMITS = """\
What this does not say
  The machines are made up, and so is how often anything happens to them: no figure here is a rate in the field.
  Each event counts alike, however rare it is. A longer list of attacks would give another rate of misses.
  Weights and thresholds are ours, chosen on the tuning machines; the held-out ones met the same kinds of event.
  Who copies the key and the whole fingerprint is not noticed, nor is another program on the same machine.
  The figures of studies about browsers are about browsers, and none of them is used."""

_WIDTH, _TENTH = 100, 0.0005


def summary(measured: Measured) -> str:
    """What `just calibrate` prints before its limits, and what the documentation shows."""
    parts = (_heading(measured), _events(measured.rows), _totals(measured), *_sweeps(measured.rows))
    return "\n\n".join("\n".join(line.rstrip() for line in part) for part in parts)


def _heading(measured: Measured) -> Iterator[str]:
    corpus = f"{measured.pairs} pairs: {len(measured.rows)} events on {measured.machines} made-up machines"
    yield f"{corpus}; normal from {CHOSEN.normal_from}, notify from {CHOSEN.notify_from}, below it fresh"
    weights, line = [f"{name} {weight}" for name, weight in WEIGHTS.items()], "weights:"
    for each in weights:
        if len(line) + len(each) + 2 > _WIDTH:
            yield line
            line = "        "
        line += f" {each},"
    yield line.rstrip(",")


def _events(rows: Sequence[Row]) -> Iterator[str]:
    for group in Group:
        yield f"{group:<49}{'pairs':>6}{'normal':>9}{'notify':>9}{'fresh':>9}{'scores':>10}"
        for row in of(rows, group):
            shares = "".join(f"{_percent(row.share(band)):>9}" for band in Band)
            spread = f"{min(row.scores)}-{max(row.scores)}"
            yield f"  {row.event:<47}{len(row.scores):>6}{shares}{spread:>10}"


def _totals(measured: Measured) -> Iterator[str]:
    yield f"{'each event counting alike':<55}{'all':>9}{'tuning':>9}{'held out':>10}"
    columns = [totals.answers(rows) for rows in (measured.rows, measured.tuning, measured.held_out)]
    for question in columns[0]:
        first, second, third = (_percent(column[question]) for column in columns)
        yield f"  {question:<53}{first:>9}{second:>9}{third:>10}"


def _sweeps(rows: Sequence[Row]) -> Iterator[list[str]]:
    yield _sweep(totals.normal_sweep(rows), CHOSEN.normal_from)
    yield _sweep(totals.notify_sweep(rows), CHOSEN.notify_from)


def _sweep(table: Sequence[dict[str, float]], chosen: int) -> list[str]:
    first, *others = table[0]
    lines = [f"{f'if {first} were':<19}" + "".join(f"{name:>24}" for name in others)]
    for row in table:
        mark = "(chosen)" if row[first] == chosen else ""
        lines.append(f"  {row[first]:.0f} {mark:<14}" + "".join(f"{_percent(row[name]):>24}" for name in others))
    return lines


def _percent(share: float) -> str:
    """What is not nothing is not shown as nothing."""
    return "< 0.1 %" if 0 < share < _TENTH else f"{100 * share:.1f} %"
