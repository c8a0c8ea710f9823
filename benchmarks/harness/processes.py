# SPDX-License-Identifier: Apache-2.0
"""Programs on a core of their own, and what they cost: the system's count of their time and memory, never their own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SERVER_CORE, LOAD_CORE = 0, 1
"""The program under test has a core for itself; whoever loads it, and PostgreSQL, share the other one."""

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PARENT, _USER, _SYSTEM, _CHILDREN_USER, _CHILDREN_SYSTEM, _RESIDENT = 1, 11, 12, 13, 14, 21
"""Fields of /proc/PID/stat behind the command's name, proc(5)."""


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Whatever is started meanwhile stays on this core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core} & before or before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_seconds(pid: int) -> float:
    """What a process and all below it have used so far, those that ended among it; in steps of 10 ms."""
    ticks = 0
    for process, fields in _tree(pid).items():
        ticks += int(fields[_USER]) + int(fields[_SYSTEM])
        if process == pid:
            ticks += int(fields[_CHILDREN_USER]) + int(fields[_CHILDREN_SYSTEM])
    return ticks / _TICKS


def resident_bytes(pid: int) -> int:
    """The memory that a process and all below it hold now; what they share counts for each."""
    return sum(int(fields[_RESIDENT]) * _PAGE for fields in _tree(pid).values())


def _tree(root: int) -> dict[int, list[str]]:
    """/proc/PID/stat of a process and of all below it."""
    every: dict[int, list[str]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            text = path.read_text("utf-8", "replace")
            every[int(path.parent.name)] = text[text.rindex(")") + 2 :].split()
    below, found = [root], dict[int, list[str]]()
    while below:
        process = below.pop()
        if process in every:
            found[process] = every[process]
            below += [child for child, fields in every.items() if int(fields[_PARENT]) == process]
    return found
