# SPDX-License-Identifier: Apache-2.0
"""How fast `counterfoil audit verify` goes over a log: the command as operators run it, its start included."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

from benchmarks.audit.made_log import PUBLIC_URL, SECRET_KEY, MadeLog
from benchmarks.harness.figures import Series

_COMMAND = (sys.executable, "-m", "counterfoil_service", "audit", "verify", "--json")
_SECONDS = 300


def measure_verifying(logs: Sequence[MadeLog], rounds: int) -> list[Series]:
    """Seconds of the whole command, and entries a second."""
    took = Series("verify", "audit verify", "s")
    speed = Series("verify", "audit verify", "entries/s")
    for _ in range(rounds):
        for log in logs:
            began = time.perf_counter()
            size = _verified(log)
            seconds = time.perf_counter() - began
            took.add(log.size, seconds)
            speed.add(log.size, size / seconds)
    return [took, speed]


def _verified(log: MadeLog) -> int:
    """How many entries fitted."""
    ours = {"DATABASE_URL": log.url, "SECRET_KEY": SECRET_KEY, "PUBLIC_URL": PUBLIC_URL}
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERFOIL_")}
    environ |= {f"COUNTERFOIL_{name}": value for name, value in ours.items()}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            _COMMAND, cwd=folder, env=environ, capture_output=True, timeout=_SECONDS, text=True, check=False
        )
    if done.returncode:
        raise RuntimeError(f"the log does not verify: {done.stdout}{done.stderr}")
    return int(json.loads(done.stdout)["size"])
