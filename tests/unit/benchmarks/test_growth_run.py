# SPDX-License-Identifier: Apache-2.0
"""The growth benchmark runs: every request and batch on both engines, in histories of a few logins."""

from pathlib import Path

import pytest

from benchmarks.growth import flooded
from benchmarks.growth.__main__ import main
from benchmarks.growth.figures import Figures

COSTS = {
    "send",
    "approve",
    "collect",
    "refresh",
    "audit page, newest",
    "audit page, person",
    "write what has ended",
    "delete what is old",
}


@pytest.mark.filterwarnings("ignore:XDG_RUNTIME_DIR")
def test_it_measures_every_request_and_batch_on_both_engines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "growth.json"
    sizes = ["--size", "60", "--size", "120"]
    few = ["--rounds", "1", "--requests", "3", "--batch", "5", "--results", str(results)]
    assert main([*sizes, *few]) in {0, 1}, "so few requests say nothing of growth"
    figures = Figures.read(results)
    assert [engine.engine for engine in figures.engines] == ["sqlite", "postgresql"]
    for engine in figures.engines:
        assert {series.name for series in engine.judged} == COSTS
        assert all(set(series.rounds) == {60, 120} for series in engine.series)
        assert all(cost > 0 for series in engine.series for rounds in series.rounds.values() for cost in rounds)
    assert "120 logins" in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore:XDG_RUNTIME_DIR")
def test_it_measures_asking_beside_decoys_and_logins_given_up_on_both_engines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sizes = ["--size", "0", "--size", "30"]
    assert flooded.main([*sizes, "--rounds", "1", "--requests", "3"]) in {0, 1}, "so few requests say nothing of growth"
    shown = capsys.readouterr().out
    for kind in (flooded.MAILBOX, flooded.KEY):
        assert shown.count(f"check, {kind}") == shown.count(f"send, {kind}") == 2
    assert "PostgreSQL" in shown
