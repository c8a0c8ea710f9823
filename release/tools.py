# SPDX-License-Identifier: Apache-2.0
"""Other programs, run with nothing of this repository in their surroundings."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
UV = os.environ.get("UV") or shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
_OURS = ("PYTHON", "VIRTUAL_ENV", "UV_PROJECT", "COUNTERFOIL_", "PYTEST")


class ReleaseError(Exception):
    """What must not be released, and why."""


def bare_surroundings() -> dict[str, str]:
    """The environment without what would let a stranger's Python find this repository or a developer's settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}


def run(
    command: Sequence[str | Path], *, cwd: Path, more: Mapping[str, str] | None = None, seconds: float = 300
) -> str:
    """Its standard output.

    Raises ReleaseError with all it said where it fails or takes longer.
    """
    try:
        done = subprocess.run(
            [str(each) for each in command],
            cwd=cwd,
            env=bare_surroundings() | dict(more or {}),
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        raise ReleaseError(f"{Path(command[0]).name} took longer than {seconds:.0f} s") from None
    except FileNotFoundError:
        raise ReleaseError(f"{Path(command[0]).name} is not on the PATH") from None
    if done.returncode:
        words = " ".join(str(each) for each in command)
        raise ReleaseError(f"`{words}` failed with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout
