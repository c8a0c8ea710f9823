# SPDX-License-Identifier: Apache-2.0
"""`just calibrate` prints the table that the documentation shows, and finds out when it shows another."""

import json
from pathlib import Path

import pytest

from calibration import page, report, totals
from calibration.measure import Measured
from calibration.tally import CHOSEN
from calibration.words import LIMITS, summary
from counterfoil_service.core.evidence import WEIGHTS

NEVER_SAID = (
    *("identifies the device", "proves the device", "cannot be spoofed", "anonymous", "no consent", "gdpr compliant"),
    *("phishing-resistant", "hardware-bound", "cannot be stolen", "tamper-proof", "immutable"),
)


@pytest.fixture
def once(measured: Measured, monkeypatch: pytest.MonkeyPatch) -> None:
    """The report on what was scored already."""
    monkeypatch.setattr(report, "measure", lambda: measured)


@pytest.fixture
def another_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The documentation with one figure changed."""
    shown = page.PAGE.read_text("utf-8")
    copied = tmp_path / "fingerprint.md"
    copied.write_text(shown.replace("nothing changed ", "nothing altered ", 1), "utf-8")
    monkeypatch.setattr(page, "PAGE", copied)
    return copied


def test_the_documentation_shows_the_table_that_the_report_prints(measured: Measured) -> None:
    assert page.table_of(page.PAGE.read_text("utf-8")) == summary(measured), "run just calibrate --write"


def test_it_prints_the_table_and_its_limits_the_same_each_time(
    capsys: pytest.CaptureFixture[str], measured: Measured
) -> None:
    assert report.main(["--check"]) == 0
    assert capsys.readouterr().out == f"{summary(measured)}\n\n{LIMITS}\n"


@pytest.mark.usefixtures("once")
def test_the_check_fails_where_the_documentation_differs_and_writing_mends_it(
    another_page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = another_page.read_text("utf-8")
    assert report.main(["--check"]) == 1
    assert "just calibrate --write" in capsys.readouterr().err
    assert another_page.read_text("utf-8") == before
    assert report.main(["--write"]) == 0
    assert report.main(["--check"]) == 0


@pytest.mark.usefixtures("once")
def test_programs_get_every_score(capsys: pytest.CaptureFixture[str], measured: Measured) -> None:
    assert report.main(["--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["weights"] == WEIGHTS
    assert told["thresholds"] == {"normal_from": CHOSEN.normal_from, "notify_from": CHOSEN.notify_from}
    assert sum(len(event["scores"]) for event in told["events"]) == told["pairs"] == measured.pairs
    assert told["totals"]["held_out"] == totals.answers(measured.held_out)


def test_every_hostile_pair_is_noticed_or_missed(measured: Measured) -> None:
    found = totals.answers(measured.rows)
    hostile = [rate for question, rate in found.items() if ": hostile" in question]
    assert sum(hostile) == pytest.approx(1)
    assert found[totals.NOTHING_DIFFERS] < found["misses: hostile, normal"]


def test_the_chosen_thresholds_stand_in_the_sweeps() -> None:
    assert CHOSEN.normal_from in totals.NORMAL_FROM_SWEEP
    assert CHOSEN.notify_from in totals.NOTIFY_FROM_SWEEP


@pytest.mark.parametrize("claim", NEVER_SAID)
def test_the_page_never_claims_what_a_fingerprint_cannot_hold(claim: str) -> None:
    assert claim not in page.PAGE.read_text("utf-8").lower()


def test_the_page_says_from_where_the_bands_begin() -> None:
    shown = page.PAGE.read_text("utf-8")
    assert f"| normal, from {CHOSEN.normal_from} |" in shown
    assert f"| notify, from {CHOSEN.notify_from} |" in shown
