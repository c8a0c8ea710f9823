# SPDX-License-Identifier: Apache-2.0
"""Every test: most in two processes, then one after another the stories that count on real time.

Beside a busy neighbour a poll is not held for as long as they measure. With arguments pytest is given these, in one
process.
"""

import subprocess
import sys
from collections.abc import Sequence

_ALONE = tuple(
    f"tests/journeys/test_{story}.py"
    for story in (
        *("held_polls", "killed_services", "mail_troubles", "replicas", "replicas_trouble", "replicas_workers"),
        *("same_machine_return", "several_desktops", "several_workers", "web_sign_in"),
    )
)
_TYPED = "tests/documents/typed"  # minutes of commands: `just snippets`
_MOST = ("--numprocesses", "2", "--dist", "loadfile", *(f"--ignore={each}" for each in (*_ALONE, _TYPED)))


def main(arguments: Sequence[str]) -> int:
    """The exit status: that of the first run that failed."""
    if arguments:
        return _pytest(*arguments)
    return _pytest(*_MOST) or _pytest(*_ALONE)


def _pytest(*arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
