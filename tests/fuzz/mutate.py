# SPDX-License-Identifier: Apache-2.0
"""`just mutate`: mutmut on modules of `core/`, in a copy beside the repository, bounded in time.

mutmut wants the package below `src/` of its own folder, so one is laid out for it. A survivor is a mutant that no
unit test of that module notices; docs/reliability-fuzz.md says of each why it stays.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
CORE = ROOT / "service/src/counterfoil_service/core"
DEFAULT = ("login", "user_code", "merkle", "link", "polling", "pkce", "session", "checkpoint", "tlog_proof", "evidence")
SETTINGS = """\
[tool.mutmut]
source_paths = ["src"]
only_mutate = ["src/counterfoil_service/core/{module}.py"]
also_copy = ["tests", "docs", "alembic"]
pytest_add_cli_args = ["-p", "no:cacheprovider", "-q", "-W", "ignore"]
pytest_add_cli_args_test_selection = ["tests/unit/core/test_{module}.py"]

[tool.pytest.ini_options]
addopts = ["--import-mode=importlib"]
pythonpath = ["src", "tests", "."]
asyncio_mode = "auto"
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where mutmut came to its end for each module; survivors are told and fail nothing."""
    parser = argparse.ArgumentParser(prog="just mutate", description=__doc__)
    parser.add_argument("modules", nargs="*", default=DEFAULT, help="of core/, such as login (the ones that decide)")
    parser.add_argument("--minutes", type=float, default=10, help="how long at most for all of them (10)")
    options = parser.parse_args(arguments)
    ends, unfinished = time.monotonic() + options.minutes * 60, []
    for module in options.modules:
        left = ends - time.monotonic()
        if left <= 0 or not _mutated(module, left):
            unfinished.append(module)
    if unfinished:
        sys.stdout.write(f"no time was left for {', '.join(unfinished)}\n")
    return len(unfinished)


def _mutated(module: str, seconds: float) -> bool:
    """Whether it came to its end."""
    with tempfile.TemporaryDirectory(prefix="counterfoil-mutants-") as name:
        folder = Path(name)
        _lay_out(folder, module)
        changed = folder / "mutants" / "src"
        # Python remembers of a folder that was not there when it started that nothing can be imported from it.
        changed.mkdir(parents=True)
        surroundings = os.environ | {"PYTHONPATH": str(changed)}
        began = time.monotonic()
        with (folder / "log").open("w+", encoding="utf-8") as log:
            try:
                command = [sys.executable, "-m", "mutmut", "run", "--max-children", "2"]
                subprocess.run(
                    command, cwd=folder, env=surroundings, stdout=log, stderr=log, check=False, timeout=seconds
                )
            except subprocess.TimeoutExpired:
                return False
        _tell(folder, module, surroundings, time.monotonic() - began)
    return True


def _lay_out(folder: Path, module: str) -> None:
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(ROOT / "service/src/counterfoil_service", folder / "src/counterfoil_service", ignore=ignored)
    for name in ("tests", "docs", "alembic"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.png"))
    (folder / "pyproject.toml").write_text(SETTINGS.format(module=module), "utf-8")


def _tell(folder: Path, module: str, surroundings: "dict[str, str]", seconds: float) -> None:
    asked = [sys.executable, "-m", "mutmut", "results", "--all", "true"]
    told = subprocess.run(asked, cwd=folder, env=surroundings, capture_output=True, text=True, check=False).stdout
    lines = [line.strip() for line in told.splitlines() if ": " in line]
    counts = Counter(line.rpartition(": ")[2] for line in lines)
    if not lines or set(counts) == {"not checked"}:
        sys.stdout.write(f"{module}: mutmut made nothing of it\n{(folder / 'log').read_text('utf-8')[-3000:]}\n")
        return
    sys.stdout.write(f"{module}: {sum(counts.values())} mutants in {seconds:.0f} s, {dict(counts)}\n")
    for name in (line.rpartition(": ")[0] for line in lines if line.endswith((": survived", ": no tests"))):
        shown = [sys.executable, "-m", "mutmut", "show", name]
        diff = subprocess.run(shown, cwd=folder, env=surroundings, capture_output=True, text=True, check=False).stdout
        changed = [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in {"+++", "---"}]
        sys.stdout.write(f"  {name}\n" + "".join(f"    {line}\n" for line in changed))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
