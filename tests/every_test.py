# SPDX-License-Identifier: Apache-2.0
"""Every test: most in two processes, then the whole stories one after another, as real desktops count on real time.

Stories at the console wait for nothing but pages, so they are among most. With arguments pytest is given these, in one
process.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_HERE = Path(__file__).parent
_STORIES = sorted(
    f"tests/journeys/{path.name}"
    for path in (_HERE / "journeys").glob("test_*.py")
    if not path.name.startswith("test_console_")
)
_TYPED = "tests/documents/typed"  # minutes of commands: `just snippets`
_MOST = ("--numprocesses", "2", "--dist", "loadfile", *(f"--ignore={each}" for each in (*_STORIES, _TYPED)))


def main(arguments: Sequence[str]) -> int:
    """The exit status: that of the first run that failed."""
    if arguments:
        return _pytest(*arguments)
    return _pytest(*_MOST) or _pytest(*_STORIES)


def _pytest(*arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
