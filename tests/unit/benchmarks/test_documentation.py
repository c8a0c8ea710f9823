# SPDX-License-Identifier: Apache-2.0
"""docs/performance.md shows the figures that lie beside it, in the form in which each benchmark writes them."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from benchmarks.audit.__main__ import BENCHMARK as AUDIT
from benchmarks.growth.__main__ import BENCHMARK as GROWTH
from benchmarks.harness.command import Benchmark
from benchmarks.harness.page import PAGE, with_section
from benchmarks.replicas.__main__ import BENCHMARK as REPLICAS
from benchmarks.sign_in.__main__ import BENCHMARK as SIGN_IN
from benchmarks.waiting.__main__ import BENCHMARK as WAITING

each_benchmark = pytest.mark.parametrize(
    "benchmark", [AUDIT, GROWTH, REPLICAS, SIGN_IN, WAITING], ids=lambda benchmark: benchmark.name
)


@each_benchmark
def test_tables_and_picture_are_those_of_the_figures(benchmark: Benchmark[Any]) -> None:
    figures, page = benchmark.kind.read(benchmark.documented), PAGE.read_text("utf-8")
    assert with_section(page, benchmark.mark, benchmark.tables(figures)) == page
    assert benchmark.picture(figures) == benchmark.drawn.read_text("utf-8")


@each_benchmark
def test_the_picture_is_an_image_that_says_in_words_what_it_shows(benchmark: Benchmark[Any]) -> None:
    root = ET.parse(benchmark.drawn).getroot()  # noqa: S314 - our own
    assert root.get("role") == "img"
    assert root.get("aria-label")


@each_benchmark
def test_figures_come_back_from_their_file(benchmark: Benchmark[Any], tmp_path: Path) -> None:
    figures, path = benchmark.kind.read(benchmark.documented), tmp_path / "new" / "figures.json"
    figures.write(path)
    assert benchmark.kind.read(path) == figures
