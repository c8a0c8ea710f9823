# SPDX-License-Identifier: Apache-2.0
"""How long a sign-in waits for the fingerprint: reading this machine and digesting what it says.

Warm is a process that has read before, as at each refresh; cold is a fresh process that loads the collector first, as
at a program's first sign-in. Exits with 1 when the warm median is over the limit.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from counterfoil_client._fingerprint.collect import collect
from counterfoil_client._fingerprint.digest import encode

LIMIT_MS = 50.0
RUNS, COLD_RUNS = 200, 10
COLD = (
    "import time; began = time.perf_counter();"
    "from counterfoil_client._fingerprint.collect import collect;"
    "from counterfoil_client._fingerprint.digest import encode;"
    "encode(collect(), 'https://id.example', 'desktop', b'x' * 32);"
    "print((time.perf_counter() - began) * 1000)"
)


def warm() -> float:
    """Milliseconds of one run in this process."""
    began = time.perf_counter()
    encode(collect(), "https://id.example", "desktop", b"x" * 32)
    return (time.perf_counter() - began) * 1000


def cold() -> float:
    """Milliseconds of the first run in a process of its own, with its imports, without the interpreter's start."""
    # The package is loaded first, as an application has done long before anybody signs in.
    script = f"import counterfoil_client; {COLD}"
    return float(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout)


def row(name: str, runs: Sequence[float]) -> str:
    """One line of the table."""
    p95 = statistics.quantiles(runs, n=20, method="inclusive")[-1]
    return f"{name:<28}{len(runs):>6}{statistics.median(runs):>12.2f}{p95:>10.2f}{max(runs):>10.2f}"


def main() -> int:
    """Measure, print, judge."""
    first = warm()
    warm_runs, cold_runs = [warm() for _ in range(RUNS)], [cold() for _ in range(COLD_RUNS)]
    print(f"{'fingerprint, ms':<28}{'runs':>6}{'median':>12}{'p95':>10}{'worst':>10}")
    print(row("collect and encode, warm", warm_runs))
    print(row("collect and encode, cold", cold_runs))
    print(f"first in this process {first:.2f} ms; limit of the warm median {LIMIT_MS:.0f} ms")
    return int(statistics.median(warm_runs) > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
