# SPDX-License-Identifier: Apache-2.0
"""The command of a benchmark: measure, or read what was measured; show it, judge it, put it into the documentation."""

import functools
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from rich.console import Console

from benchmarks.harness.figures import ENGINES, Saved
from benchmarks.harness.page import FIGURES, ROOT, write_section

LIMIT_SECONDS = 900
Tell = Callable[[str], None]
"""Hears what is going on."""
F = TypeVar("F", bound=Saved)


class CannotMeasureError(Exception):
    """Says why, and what to do about it."""


@dataclass(frozen=True)
class Benchmark(Generic[F]):
    """What is the benchmark's own: names, figures, tables and picture.

    `mark` is the name of its recipe, and of its place in the documentation. `beside` makes one run of two, where
    `--show` may name several.
    """

    name: str
    mark: str
    kind: type[F]
    tables: Callable[[F], str]
    picture: Callable[[F], str]
    beside: Callable[[F, F], F] | None = None

    @property
    def documented(self) -> Path:
        """The figures that the documentation shows."""
        return FIGURES / f"{self.name}.json"

    @property
    def drawn(self) -> Path:
        """Their picture."""
        return FIGURES / f"{self.name}.svg"

    def options(
        self, about: str | None, own: Callable[[ArgumentParser], None], arguments: list[str] | None
    ) -> Namespace:
        """The command's own options and those of every benchmark."""
        parser = ArgumentParser(prog=f"just {self.mark}", description=about)
        own(parser)
        results = ROOT / "benchmarks" / "results" / f"{self.name}.json"
        parser.add_argument("--results", type=Path, default=results, help="where the figures go, as JSON")
        again = "these figures, as if of one run" if self.beside else "these figures again"
        count = "+" if self.beside else 1
        parser.add_argument("--show", type=Path, nargs=count, metavar="JSON", help=f"measure nothing: show {again}")
        parser.add_argument(
            "--write", action="store_true", help="put tables, picture and figures into the documentation"
        )
        return parser.parse_args(arguments)

    def run(
        self,
        options: Namespace,
        measured: Callable[[Namespace, Tell], F],
        show: Callable[[F], None],
        missed: Callable[[F], bool],
    ) -> int:
        """The exit status: 1 where something that must hold does not, 2 where it cannot be measured."""
        try:
            figures = self._measured(options, measured) if options.show is None else self._read(options.show)
        except CannotMeasureError as error:
            print(error, file=sys.stderr)
            return 2
        show(figures)
        if options.write:
            self.drawn.write_text(self.picture(figures), "utf-8")
            write_section(self.mark, self.tables(figures))
            figures.write(self.documented)
        return int(missed(figures))

    @staticmethod
    def _measured(options: Namespace, measured: Callable[[Namespace, Tell], F]) -> F:
        with Console(stderr=True).status("") as status:
            figures = measured(options, status.update)
        figures.write(options.results)
        return figures

    def _read(self, shown: list[Path]) -> F:
        runs = [self.kind.read(path) for path in shown]
        return functools.reduce(self.beside, runs) if self.beside else runs[0]


def add_engines(parser: ArgumentParser) -> None:
    """The option that names engines."""
    parser.add_argument("--engine", action="append", choices=ENGINES, help="only this one; may be repeated")


@contextmanager
def in_time(hint: str) -> Iterator[Callable[[], float]]:
    """Tells how many seconds are left; `CannotMeasureError` with this hint where the machine is too slow for all."""
    end = time.monotonic() + LIMIT_SECONDS
    try:
        yield lambda: end - time.monotonic()
    except TimeoutError as error:
        raise CannotMeasureError(f"not done within {LIMIT_SECONDS} s: {hint}") from error
