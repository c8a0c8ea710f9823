# SPDX-License-Identifier: Apache-2.0
"""How far a command that goes through all of the log has come."""

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextlib.contextmanager
def entries_bar(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, where a person looks on; call it with how many entries are done."""
    columns = (TextColumn("entries"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("entries", total=total)
        yield lambda done: bar.update(task, completed=done)
