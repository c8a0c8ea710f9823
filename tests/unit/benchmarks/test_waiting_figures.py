# SPDX-License-Identifier: Apache-2.0
"""The benchmark of waiting desktops: what it judges, and that tables and picture are its figures'."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest

from benchmarks.harness.drawing import LABEL
from benchmarks.harness.figures import NAMES
from benchmarks.waiting.__main__ import main
from benchmarks.waiting.figures import EngineFigures, Figures, Held, Leaving, Polling, SizeFigures, Times, times
from benchmarks.waiting.page import tables
from benchmarks.waiting.picture import picture

QUICK = Times(300, 2.0, 4.0, 9.0)
GOOD = Held(2000.0, 18.0, 0.3, 20.0, 400.0, QUICK, 130.0)
GONE = Leaving(10_000, 0, 0.9, 1.5)
POLLED = Polling(2000.0, 1990.0, 0, 0, 70.0, Times(900, 1.0, 50.0, 70.0), 0, Times(40, 2500.0, 5000.0, 5100.0))


def figures_of(*sizes: SizeFigures) -> Figures:
    return Figures("a machine", 20_000, 12.0, [EngineFigures("sqlite", "SQLite 3", list(sizes))])


def size_of(desktops: int = 10_000, held: Held = GOOD, leaving: Leaving = GONE) -> SizeFigures:
    return SizeFigures(desktops, held, leaving, POLLED)


def missed(*sizes: SizeFigures) -> list[str]:
    return [verdict.about for verdict in figures_of(*sizes).verdicts if not verdict.met]


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert times([float(value) for value in range(100, 0, -1)]) == Times(100, 50.0, 99.0, 100.0)
    assert times([3.0]) == Times(1, 3.0, 3.0, 3.0)


def test_nothing_measured_is_no_figure() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        times([])


def test_what_holds_is_met() -> None:
    assert missed(size_of(1_000), size_of()) == []


@pytest.mark.parametrize(
    ("held", "leaving", "words"),
    [
        ({"kib_each": 20.1}, {}, "KiB of memory"),
        ({"idle": 0.51}, {}, "nothing happens"),
        ({"wake": Times(300, 2.0, 10.1, 11.0)}, {}, "approval to answer"),
        ({}, {"lost": 1}, "lost on SIGTERM"),
        ({}, {"gone": 2.01}, "SIGTERM to the end"),
    ],
)
def test_each_limit_is_judged(held: dict[str, object], leaving: dict[str, object], words: str) -> None:
    size = size_of(held=msgspec.structs.replace(GOOD, **held), leaving=msgspec.structs.replace(GONE, **leaving))
    assert len(missed(size)) == 1
    assert words in missed(size)[0]


def test_ten_times_the_desktops_must_not_wake_twice_as_slowly() -> None:
    slower = msgspec.structs.replace(GOOD, wake=Times(300, 2.0, 8.1, 9.0))
    assert missed(size_of(1_000), size_of(10_000, slower)) == ["sqlite: that p99 at 10,000 ÷ at 1,000"]


def test_slow_readers_must_hold_nobody_up() -> None:
    assert missed(msgspec.structs.replace(size_of(1_000), slow=Times(100, 2.0, 10.5, 11.0))) == [
        "sqlite, 1,000 desktops: the same beside slow readers"
    ]


def test_idle_that_could_not_be_measured_is_no_figure_and_no_verdict() -> None:
    size = size_of(held=msgspec.structs.replace(GOOD, idle=None))
    assert missed(size) == []
    assert "| core while nothing happens, % | - |" in tables(figures_of(size))


def test_two_runs_are_shown_as_one() -> None:
    both = figures_of(size_of()).beside(figures_of(size_of(1_000)))
    assert (both.seconds, len(both.engines)) == (24.0, 2)


def test_the_verdict_is_the_exit_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    figures_of(size_of()).write(good)
    figures_of(size_of(leaving=msgspec.structs.replace(GONE, lost=3))).write(bad)
    assert main(["--show", str(good)]) == 0
    assert main(["--show", str(good), str(bad)]) == 1
    assert "MISSED sqlite, 10,000 desktops: polls lost on SIGTERM: 3, 0 at most" in capsys.readouterr().out


def test_more_desktops_than_the_machine_has_descriptors_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--size", "1000000000"]) == 2
    assert "ulimit" in capsys.readouterr().err


def labels_of(figures: Figures) -> list[tuple[float, float]]:
    """Where the names of lines stand."""
    drawn = ET.fromstring(picture(figures)).iter("{http://www.w3.org/2000/svg}text")  # noqa: S314 - our own
    return [(float(text.attrib["x"]), float(text.attrib["y"])) for text in drawn if text.get("class") in NAMES]


@pytest.mark.parametrize("sizes", [(10_000,), (1_000, 1_001), (1_000, 5_000, 19_000)])
def test_no_name_of_a_line_covers_another(sizes: Sequence[int]) -> None:
    figures = figures_of(*(size_of(desktops) for desktops in sizes))
    both = figures.beside(msgspec.structs.replace(figures, engines=[
        msgspec.structs.replace(engine, engine="postgresql") for engine in figures.engines
    ]))  # fmt: skip
    labels = labels_of(both)
    assert len(labels) == 8
    assert all(abs(y - other) >= LABEL for (x, y), (aside, other) in combinations(labels, 2) if x == aside)
    assert len({x for x, _ in labels}) == 2, "a column beside each panel"


def test_the_picture_is_an_image_that_says_in_words_what_it_shows() -> None:
    root = ET.fromstring(picture(figures_of(size_of(1_000), size_of())))  # noqa: S314 - our own
    assert root.attrib["aria-label"] == (
        "From approval to answer, 99th percentile. SQLite: 4 ms at 1,000 desktops; SQLite: 4 ms at 10,000 desktops."
    )
