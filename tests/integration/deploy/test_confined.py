# SPDX-License-Identifier: Apache-2.0
"""A whole sign-in goes through under the kernel's restrictions of the unit; what the unit takes away, is away.

Where the kernel, systemd or libseccomp cannot do this there is nothing to see; the unit's lines are looked at anywhere.
"""

import ctypes.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFINED = Path(__file__).parent / "confined.py"
_FIRST_KERNEL = (6, 3)
"""With PR_SET_MDWE."""
TAKEN_AWAY = {
    "another priority": "os.nice(1)",
    "another root": "os.chroot('/')",
    "memory that is written and run": "mmap.mmap(-1, 4096, prot=7)",
}


def _can_be_confined() -> bool:
    kernel = tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2])
    return bool(kernel >= _FIRST_KERNEL and shutil.which("systemd-analyze") and ctypes.util.find_library("seccomp"))


def _confined(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERFOIL_")}
    command = [sys.executable, str(CONFINED), sys.executable, *words]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=120, check=False)


def test_a_sign_in_goes_through_under_it(tmp_path: Path) -> None:
    if _can_be_confined():
        done = _confined(tmp_path, "-m", "counterfoil_service", "demo", "--auto")
        assert done.returncode == 0, done.stderr
        assert "signed in in" in done.stdout


@pytest.mark.parametrize("act", TAKEN_AWAY.values(), ids=TAKEN_AWAY.keys())
def test_what_is_taken_away_is_away(tmp_path: Path, act: str) -> None:
    if _can_be_confined():
        done = _confined(tmp_path, "-c", f"import mmap, os\n{act}")
        assert "PermissionError" in done.stderr
