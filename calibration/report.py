# SPDX-License-Identifier: Apache-2.0
"""`just calibrate`: what the fingerprint notices of the corpus, what it misses, and whom it alarms for nothing."""

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from calibration import page, totals
from calibration.measure import Measured, measure
from calibration.tally import CHOSEN, Row
from calibration.words import LIMITS, summary
from counterfoil_service.core.evidence import WEIGHTS, Band


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 1 where `--check` finds another table in the documentation."""
    options = _options().parse_args(arguments)
    measured = measure()
    if options.json:
        sys.stdout.write(json.dumps(as_object(measured), indent=2) + "\n")
        return 0
    text = summary(measured)
    sys.stdout.write(f"{text}\n\n{LIMITS}\n")
    return _settle(text, check=options.check, write=options.write)


def as_object(measured: Measured) -> dict[str, Any]:
    """The same for programs, with every score."""
    return {
        "pairs": measured.pairs,
        "machines": measured.machines,
        "weights": WEIGHTS,
        "thresholds": asdict(CHOSEN),
        "events": [_event(row) for row in measured.rows],
        "totals": {
            "all": totals.answers(measured.rows),
            "tuning": totals.answers(measured.tuning),
            "held_out": totals.answers(measured.held_out),
        },
        "sweep": {"normal_from": totals.normal_sweep(measured.rows), "notify_from": totals.notify_sweep(measured.rows)},
    }


def _event(row: Row) -> dict[str, Any]:
    shares = {band.value: row.share(band) for band in Band}
    return {"event": row.event, "group": row.group, "pairs": len(row.scores), **shares, "scores": row.scores}


def _settle(text: str, *, check: bool, write: bool) -> int:
    """Compare the documentation with the table, or bring it up to date."""
    shown = page.PAGE.read_text("utf-8")
    if write:
        page.PAGE.write_text(page.with_table(shown, text), "utf-8")
    if not check or page.table_of(shown) == text:
        return 0
    sys.stderr.write(f"{page.PAGE.name} shows another table: run `just calibrate --write`\n")
    return 1


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="just calibrate", description=__doc__)
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--json", action="store_true", help="print one object with every score")
    only.add_argument("--check", action="store_true", help="fail when the documentation shows another table")
    only.add_argument("--write", action="store_true", help="put the table into the documentation")
    return parser


if __name__ == "__main__":
    sys.exit(main())
