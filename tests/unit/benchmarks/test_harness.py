# SPDX-License-Identifier: Apache-2.0
"""What all benchmarks need: a command that measures or shows again and writes, a page with marks, labels apart."""

from argparse import Namespace
from pathlib import Path

import pytest

from benchmarks.harness.command import LIMIT_SECONDS, Benchmark, CannotMeasureError, in_time
from benchmarks.harness.drawing import LABEL, apart, between, sizes_below
from benchmarks.harness.figures import Saved, Series, spread
from benchmarks.harness.page import with_section

PAGE = "Before\n<!-- some: begin -->\nold\n<!-- some: end -->\nAfter\n"


class Made(Saved, frozen=True):
    count: int


BENCHMARK = Benchmark("made", "some", Made, lambda made: f"table {made.count}", lambda made: f"picture {made.count}")
SUMMED = Benchmark("made", "some", Made, BENCHMARK.tables, BENCHMARK.picture, lambda a, b: Made(a.count + b.count))


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    monkeypatch.setattr("benchmarks.harness.page.PAGE", path)
    monkeypatch.setattr("benchmarks.harness.command.FIGURES", tmp_path)
    return path


def run(benchmark: Benchmark[Made], *arguments: str, measured: int | None = None) -> tuple[int, list[Made]]:
    """The exit status, and what was shown; more than 9 is missed."""
    shown: list[Made] = []
    options = benchmark.options("about", lambda _parser: None, list(arguments))

    def measure(_options: Namespace, _tell: object) -> Made:
        if measured is None:
            raise CannotMeasureError("too few of everything")
        return Made(measured)

    return benchmark.run(options, measure, shown.append, lambda made: made.count > 9), shown


def test_what_was_measured_is_kept_shown_and_judged(tmp_path: Path, page: Path) -> None:
    results = tmp_path / "new" / "made.json"
    assert run(BENCHMARK, "--results", str(results), measured=9) == (0, [Made(9)])
    assert run(BENCHMARK, "--results", str(results), measured=10) == (1, [Made(10)])
    assert Made.read(results) == Made(10)
    assert page.read_text() == PAGE


def test_what_was_kept_is_shown_again_and_documented(tmp_path: Path, page: Path) -> None:
    Made(3).write(tmp_path / "kept.json")
    assert run(BENCHMARK, "--show", str(tmp_path / "kept.json"), "--write") == (0, [Made(3)])
    assert page.read_text() == PAGE.replace("old", "table 3")
    assert BENCHMARK.drawn.read_text() == "picture 3"
    assert Made.read(BENCHMARK.documented) == Made(3)


def test_several_are_shown_as_one_where_that_makes_sense(tmp_path: Path) -> None:
    Made(4).write(tmp_path / "kept.json")
    again = ("--show", *[str(tmp_path / "kept.json")] * 2)
    assert run(SUMMED, *again) == (0, [Made(8)])
    with pytest.raises(SystemExit):
        run(BENCHMARK, *again)


def test_what_cannot_be_measured_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(BENCHMARK) == (2, [])
    assert "too few of everything" in capsys.readouterr().err


def test_a_run_that_takes_too_long_ends_with_a_hint() -> None:
    def run_too_long() -> None:
        with in_time("do less") as left:
            assert 0 < left() <= LIMIT_SECONDS
            raise TimeoutError

    with pytest.raises(CannotMeasureError, match=f"within {LIMIT_SECONDS} s: do less"):
        run_too_long()


def test_a_page_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="not found"):
        with_section("# Performance\n", "some", "table")


def test_a_spread_is_told_where_there_is_one() -> None:
    assert [spread([2.0]), spread([2.0, 2.0]), spread([3.0, 1.0, 2.0])] == ["2", "2", "2 (1 to 3)"]
    assert Series("", "", "", {1: [2.0, 2.0], 9: [2.0, 2.0]}).growth_and_spread == "1.00"
    assert Series("", "", "", {1: [2.0, 2.0], 9: [2.0, 3.0]}).growth_and_spread == "1.25 (1.00 to 1.50)"


def test_labels_of_lines_that_meet_stand_apart_in_the_order_of_the_lines() -> None:
    assert apart([100.0, 40.0, 102.0, 101.0]) == [100.0, 40.0, 100.0 + 2 * LABEL, 100.0 + LABEL]


def test_labels_that_would_stand_below_the_picture_move_up() -> None:
    assert apart([100.0, 99.0, 20.0], lowest=105.0) == [105.0, 105.0 - LABEL, 20.0]


@pytest.mark.parametrize(
    ("sizes", "named"),
    [
        ([5], ["5"]),
        ([0, 50, 100], ["0", "50", "100"]),
        ([0, 10, 90, 100], ["0", "100"]),
        ([0, 10, 30, 100], ["0", "30", "100"]),
    ],
)
def test_sizes_that_there_is_no_room_for_are_not_named_but_the_ends_are(sizes: list[int], named: list[str]) -> None:
    across = between(0, 100, 0, 100)
    drawn = list(sizes_below(0, [(str(size), across(size)) for size in sizes], 50, "things"))
    assert [words.partition(">")[2].partition("<")[0] for words in drawn] == [*named, "things"]
