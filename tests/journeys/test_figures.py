# SPDX-License-Identifier: Apache-2.0
"""Prometheus asks a real service: one process, several as one, one that died, an address that is somebody else's."""

import os
import signal
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from counterfoil_service.cli import workers
from journeys.databases import Databases
from journeys.several_workers import two_workers
from support.background import wait_until
from support.figures import Series, asked, read, value
from support.processes import RunningService, free_port

REQUESTS = 40


def _visit(service: RunningService, times: int) -> None:
    """Each on a connection of its own, which the kernel gives to one of the workers."""
    for _ in range(times):
        urllib.request.urlopen(f"{service.address}/check-mail", timeout=5).close()


def _visits(series: Series) -> float:
    return value(series, "counterfoil_requests_total", route="/check-mail", status="2xx")


def _shows_visits(port: int, count: int) -> bool:
    """Whoever was answered may ask before the answer is counted: it is, a moment later, and never twice."""
    wait_until(lambda: _visits(read(asked(port))) >= count, f"{count} visits to be counted")
    return _visits(read(asked(port))) == count


def test_one_process_answers_at_an_address_of_its_own_and_nowhere_else(tmp_path: Path) -> None:
    port = free_port()
    with RunningService(tmp_path, metrics=f"127.0.0.1:{port}") as service:
        _visit(service, 3)
        assert _shows_visits(port, 3)
        series = read(asked(port))
        wait_until(lambda: value(read(asked(port)), "counterfoil_figures_timestamp_seconds"), "figures to be looked up")
        assert value(series, "process_open_fds") > 0
        for url in (f"{service.address}/metrics", f"http://127.0.0.1:{port}/", f"http://127.0.0.1:{port}/health/live"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(url, timeout=5)
        with socket.create_connection(("127.0.0.1", port)):
            began = time.monotonic()
            assert _visits(read(asked(port))) == 3, "somebody who says nothing is cut off"
            assert time.monotonic() - began < 10
    with pytest.raises(OSError, match="refused"):
        asked(port)


def test_without_a_setting_nothing_of_it_is_there(tmp_path: Path) -> None:
    with RunningService(tmp_path) as service, pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{service.address}/metrics", timeout=5)


def test_an_address_that_is_taken_is_told_at_the_start(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        service = RunningService(tmp_path, metrics=f"127.0.0.1:{other.getsockname()[1]}")
        assert "COUNTERFOIL_METRICS" in service.refused_start()


def test_several_workers_are_counted_as_one_and_what_a_dead_one_did_stays_counted(
    databases: Databases, tmp_path: Path
) -> None:
    port = free_port()
    url = databases.fresh("postgresql", tmp_path)
    service = RunningService(tmp_path, database_url=url, metrics=f"127.0.0.1:{port}")
    with two_workers(service) as parent:
        _visit(service, REQUESTS)
        assert _shows_visits(port, REQUESTS)
        text = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text("ascii")
        first, *_ = (int(child) for child in text.split())
        time.sleep(workers.SETTLED_SECONDS)  # the supervisor's own clock: younger workers count as unable to start
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: service.log.count("serving http") == 3, "a third worker to serve", 30)
        _visit(service, REQUESTS)
        assert _shows_visits(port, 2 * REQUESTS)
        folders = set(Path(os.environ.get("TMPDIR", "/tmp")).glob("counterfoil-metrics-*"))  # noqa: S108 - the system's
        assert folders
        parent.send_signal(signal.SIGTERM)
        assert parent.wait(15) == 0
        assert [folder for folder in folders if not folder.exists()], "the files are gone with the processes"
