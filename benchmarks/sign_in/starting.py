# SPDX-License-Identifier: Apache-2.0
"""From a process's start to its first answer, and the memory it holds while nobody asks anything."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.harness.processes import SERVER_CORE, on_core, resident_bytes
from benchmarks.sign_in.figures import Start
from benchmarks.sign_in.others import await_answer
from support.processes import RunningService, free_port

REST_SECONDS = 2.0
STOP_SECONDS = 15


def measure_starts(times: int) -> list[Start]:
    """Ours with a database that is there, and a bare Litestar application, in turn; the first is a rehearsal."""
    ours, bare = Start("counterfoil-sqlite"), Start("litestar")
    peers = Path(__file__).parent / "peers"
    with tempfile.TemporaryDirectory(prefix="counterfoil-bench-") as folder:
        service = RunningService(Path(folder), database_url=f"sqlite:///{folder}/counterfoil.db")
        service.told("migrate")
        serve = [sys.executable, "-m", "counterfoil_service", "serve", "--port"]
        for number in range(-1, times):
            kept = number >= 0
            _measure(ours, serve, service.environ, "/health/live", kept=kept)
            _measure(bare, [sys.executable, str(peers / "bare.py")], service.environ, "/health", kept=kept)
    return [ours, bare]


def _measure(start: Start, command: Sequence[str], environ: Mapping[str, str], path: str, *, kept: bool) -> None:
    port = free_port()
    with on_core(SERVER_CORE):
        began = time.perf_counter()
        process = subprocess.Popen(
            [*command, str(port)],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    try:
        await_answer(port, process, path)
        took = time.perf_counter() - began
        time.sleep(REST_SECONDS)
        if kept:
            start.seconds.append(took)
            start.idle.append(resident_bytes(process.pid))
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)
