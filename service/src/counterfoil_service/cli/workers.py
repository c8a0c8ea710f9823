# SPDX-License-Identifier: Apache-2.0
"""Several `serve` processes on one socket: start them, replace one that dies, take them along when leaving."""

import os
import signal
import socket
import subprocess
import sys
import time

SETTLED_SECONDS = 5
"""A worker that ends sooner could not start, and a fresh one could not either: it said why."""

_LOOK_SECONDS = 0.2


class _Worker:
    def __init__(self, listener: int, parent: int) -> None:
        command = [sys.executable, "-m", "counterfoil_service", "serve"]
        command += ["--fd", str(listener), "--parent", str(parent)]
        self.began = time.monotonic()
        self.process = subprocess.Popen(command, pass_fds=[listener, parent])  # noqa: S603 - our own command

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    @property
    def could_not_start(self) -> bool:
        return self.ended and time.monotonic() - self.began < SETTLED_SECONDS


def supervise(listener: socket.socket, workers: int) -> int:
    """Until SIGTERM or SIGINT; the exit status, 1 when a worker could not start."""
    # Workers hold the reading end: when this process is gone, however it went, the pipe ends and they leave.
    reading, writing = os.pipe()
    listener.set_inheritable(True)
    children = [_Worker(listener.fileno(), reading) for _ in range(workers)]
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stopping.append(received))
    failed = False
    while not stopping and not failed:
        time.sleep(_LOOK_SECONDS)
        failed = any(child.could_not_start for child in children)
        if not failed:
            children = [_Worker(listener.fileno(), reading) if child.ended else child for child in children]
    os.close(writing)
    for child in children:
        child.process.wait()
    return int(failed)
