# SPDX-License-Identifier: Apache-2.0
"""`just bench-replicas` in small: it runs to its end, and what it counts is there."""

from pathlib import Path

import pytest

from benchmarks.replicas import __main__ as command
from benchmarks.replicas.figures import Figures
from benchmarks.replicas.run import Plan

SMALL = Plan(warm=0, rounds=1, seconds=1, people_rounds=1, people=8, wakes=4, idle_seconds=0.1)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_it_measures_everything_and_keeps_the_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "QUICK", SMALL)
    results = tmp_path / "replicas.json"
    assert command.main(["--quick", "--results", str(results)]) == 0
    figures = Figures.read(results)
    assert [load.name for load in figures.loads] == ["ask for a link", "poll", "userinfo"]
    for load in figures.loads:
        for each in (*load.one, *load.two):
            assert each.per_second > 0
            assert each.cost.replicas > 0
    signed, renewed = figures.wholes
    assert signed.kept[0].entries >= 8, "requested, queued, mailed, opened, approved, …"
    assert renewed.kept[0].entries >= 1
    assert figures.woken.longest < 5_000
    assert "two replicas ÷ one" in capsys.readouterr().out
