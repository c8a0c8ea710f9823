# SPDX-License-Identifier: Apache-2.0
"""The attacks are the files in `rows/`: each names its row of the threat model and has one coroutine, `attack`."""

import importlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from attack.kit.target import Target

ROWS = Path(__file__).parent / "rows"
_FILE = re.compile(r"a(?P<number>[0-9]{2})_[a-z_]+")


@dataclass(frozen=True)
class Attack:
    """One file. `last`: it must come after all others, as it reads what they left, or spoils what they need."""

    row: str
    name: str
    title: str
    last: bool
    run: Callable[[Target], Awaitable[str]]


def attacks() -> list[Attack]:
    """All of them, in the order in which they are to be tried."""
    found = [_read(path.stem) for path in sorted(ROWS.glob("a[0-9]*.py"))]
    return sorted(found, key=lambda each: (each.last, each.name))


def _read(name: str) -> Attack:
    match = _FILE.fullmatch(name)
    assert match is not None, f"{name}.py: name it after its row, such as a07_device_code_theft.py"
    module = importlib.import_module(f"attack.kit.rows.{name}")
    row = f"A{int(match['number'])}"
    assert row == module.ROW, f"{name}.py says that it is about {module.ROW}"
    return Attack(row, name, module.ATTACK, getattr(module, "LAST", False), module.attack)
