# SPDX-License-Identifier: Apache-2.0
"""One `serve` with two workers, and the process that is their parent."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from support.background import wait_until
from support.processes import RunningService


@contextmanager
def two_workers(service: RunningService) -> Iterator["subprocess.Popen[bytes]"]:
    """The parent, once both serve; killed at the end."""
    command = [sys.executable, "-m", "counterfoil_service", "serve", "--port", str(service.port), "--workers", "2"]
    with service.log_file.open("ab") as log:
        process = subprocess.Popen(command, cwd=service.folder, env=service.environ, stdout=log, stderr=log)
    try:
        wait_until(lambda: service.log.count("serving http") == 2, "two workers to serve", 30)
        yield process
    finally:
        process.kill()
        process.wait()
