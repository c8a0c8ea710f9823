# SPDX-License-Identifier: Apache-2.0
"""`just check`: every check of the source, one after another, all of them even when one fails."""

import subprocess
import sys
import time

CHECKS = {
    "lock file": ["uv", "lock", "--check", "--quiet"],
    "format": ["ruff", "format", "--check", "--quiet"],
    "lint": ["ruff", "check", "--quiet"],
    "types": ["mypy"],
    "types of the SDK": ["basedpyright"],
    "imports": ["lint-imports"],
}


def main() -> int:
    """The number of checks that failed."""
    failed = []
    for name, command in CHECKS.items():
        began = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # our own commands
        sys.stdout.write(f"{'ok  ' if done.returncode == 0 else 'FAIL'} {name} ({time.monotonic() - began:.1f} s)\n")
        if done.returncode:
            failed.append(name)
            sys.stdout.write(done.stdout + done.stderr)
    sys.stdout.write(f"{len(CHECKS) - len(failed)} of {len(CHECKS)} checks passed\n")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
