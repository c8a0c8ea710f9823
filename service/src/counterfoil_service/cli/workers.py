# SPDX-License-Identifier: Apache-2.0
"""Several `serve` processes on one port: start them, replace one that dies, take them along when leaving."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable

SETTLED_SECONDS = 5
"""A worker that ends sooner could not start, and a fresh one could not either: it said why."""

LEAVE_SECONDS = 25
"""Longer than a worker takes to answer what it holds and to finish what it has begun."""

BACKLOG = 2048
_LOOK_SECONDS = 0.2


class _Worker:
    def __init__(self, listener: socket.socket, parent: int) -> None:
        self.listener = listener
        command = [sys.executable, "-m", "counterfoil_service", "serve"]
        command += ["--fd", str(listener.fileno()), "--parent", str(parent)]
        self.began = time.monotonic()
        self.process = subprocess.Popen(command, pass_fds=[listener.fileno(), parent])  # noqa: S603 - our own command

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    @property
    def could_not_start(self) -> bool:
        return self.ended and time.monotonic() - self.began < SETTLED_SECONDS


def supervise(listener: socket.socket, workers: int, ended: Callable[[int], None]) -> int:
    """Until SIGTERM or SIGINT; the exit status, 1 when a worker could not start or would not leave.

    `ended` is told the process id of each that is replaced.
    """
    # Workers hold the reading end: when this process is gone, however it went, the pipe ends and they leave.
    reading, writing = os.pipe()
    children = [_Worker(each, reading) for each in _listeners(listener, workers)]
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stopping.append(received))
    failed = False
    while not stopping and not failed:
        time.sleep(_LOOK_SECONDS)
        failed = any(child.could_not_start for child in children)
        if not failed:
            children = [_successor(child, reading, ended) if child.ended else child for child in children]
    os.close(writing)
    return int(failed | _had_to_be_killed(children))


def _successor(child: _Worker, parent: int, ended: Callable[[int], None]) -> _Worker:
    ended(child.process.pid)
    return _Worker(child.listener, parent)


def _listeners(listener: socket.socket, count: int) -> list[socket.socket]:
    """One for each worker, among which the kernel spreads connections; who waits for a dead one is its successor's.

    Of one that all share, whoever wakes first takes everybody who waits: after a restart one worker had them all. The
    one given has shown that nobody else listens there.
    """
    family, (host, port, *_) = listener.family, listener.getsockname()
    listener.close()
    return [socket.create_server((host, port), family=family, backlog=BACKLOG, reuse_port=True) for _ in range(count)]


def _had_to_be_killed(children: list[_Worker]) -> bool:
    """Whether any hung: waiting for it for ever would also keep whoever wants to start the service anew."""
    until, killed = time.monotonic() + LEAVE_SECONDS, False
    for child in children:
        try:
            child.process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
            killed = True
    return killed
