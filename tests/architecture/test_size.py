# SPDX-License-Identifier: Apache-2.0
"""Every module fits on a few screens, every function on one, and nothing unfinished or noisy is left in the source."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = sorted([*(ROOT / "service" / "src").rglob("*.py"), *(ROOT / "client_sdk" / "src").rglob("*.py")])
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MODULE_LINES, FUNCTION_LINES = 300, 50
TALKS = {"client_sdk/src/counterfoil_client/__main__.py"}
"""Programs whose output is what they are for; the service's own commands have click and rich."""
SPDX = "# SPDX-License-Identifier: Apache-2.0"
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def long_functions(source: str) -> list[str]:
    """Functions with more lines than one screen has, decorators aside."""
    return [
        f"{node.name} has {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= FUNCTION_LINES
    ]


def prints(source: str) -> list[int]:
    """Lines that call print, whatever is printed."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]


@pytest.mark.parametrize("path", SOURCE, ids=name_of)
def test_a_module_is_short_licensed_finished_and_silent(path: Path) -> None:
    source = path.read_text("utf-8")
    lines = source.splitlines()
    assert lines[0] == SPDX
    assert len(lines) <= MODULE_LINES
    assert long_functions(source) == []
    assert bool(prints(source)) == (name_of(path) in TALKS)
    assert not UNFINISHED.search(source)
    assert ast.get_docstring(ast.parse(source)), "it says why it exists"


@pytest.mark.parametrize("path", TESTS, ids=name_of)
def test_a_test_module_says_whose_it_is_and_what_for(path: Path) -> None:
    source = path.read_text("utf-8")
    assert source.startswith(SPDX + "\n")
    assert ast.get_docstring(ast.parse(source))


def test_the_checks_would_find_it() -> None:
    lines = "\n".join(f"    x = {number}" for number in range(FUNCTION_LINES - 1))
    assert long_functions(f"def f():\n{lines}\n") == []
    assert long_functions(f"def f():\n{lines}\n    y = 1\n") == ["f has 51 lines"]
    assert long_functions(f"class A:\n  async def f(self):\n{lines}\n    y = 1\n")
    assert prints("def f():\n    print('x')\n") == [2]
    assert prints("console.print('x')\nprinted = print\n") == []
    assert UNFINISHED.search("# TODO: later")
    assert not UNFINISHED.search("the todos of a person")
