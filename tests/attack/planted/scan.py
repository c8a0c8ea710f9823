# SPDX-License-Identifier: Apache-2.0
"""The weaknesses are the files in `builds/`: each names its row, says in words what is missing, and has `plant`.

Nothing of the service is imported before `plant` is called: some guards are read once, when their module is loaded.
"""

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BUILDS = Path(__file__).parent / "builds"


@dataclass(frozen=True)
class Weakness:
    """One file. `pair`: it shows only where two processes serve; `in_kit`: it is one of the SDK, in our own process."""

    row: str
    name: str
    words: str
    pair: bool
    in_kit: bool
    plant: Callable[[], Any]


def weaknesses() -> list[Weakness]:
    """All of them."""
    return [weakness(path.stem) for path in sorted(BUILDS.glob("a[0-9]*.py"))]


def weakness(name: str) -> Weakness:
    """The one of this name."""
    module = importlib.import_module(f"attack.planted.builds.{name}")
    row = f"A{int(name[1:3])}"
    assert row == module.ROW, f"{name}.py says that it is about {module.ROW}"
    return Weakness(
        row, name, module.WEAKNESS, getattr(module, "PAIR", False), getattr(module, "IN_KIT", False), module.plant
    )


def put(place: str, attribute: str, replacement: object) -> Any:
    """Put it in the place of what stands at `module` or `module:Class` by that name, which is returned."""
    module, _, name = place.partition(":")
    owner: Any = importlib.import_module(f"counterfoil_service.{module}")
    owner = getattr(owner, name) if name else owner
    original = getattr(owner, attribute)
    setattr(owner, attribute, replacement)
    return original


def everywhere(place: str, attribute: str, replacement: object) -> None:
    """The same in every module that has it by name."""
    importlib.import_module("counterfoil_service.cli.main")
    importlib.import_module("counterfoil_service.app")
    original = put(place, attribute, replacement)
    for name, module in list(sys.modules.items()):
        if name.startswith("counterfoil_service"):
            for each, value in list(vars(module).items()):
                if value is original:
                    setattr(module, each, replacement)
