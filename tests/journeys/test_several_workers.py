# SPDX-License-Identifier: Apache-2.0
"""`counterfoil serve --workers 2`: replaced when one dies, gone when the first process is."""

import os
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from counterfoil_service.cli import workers
from journeys.databases import Databases
from journeys.several_workers import two_workers
from support.background import wait_until
from support.processes import RunningService

if TYPE_CHECKING:
    import subprocess


@pytest.fixture
def service(databases: Databases, tmp_path: Path) -> RunningService:
    return RunningService(tmp_path, database_url=databases.fresh("postgresql", tmp_path))


@pytest.fixture
def parent(service: RunningService) -> Iterator["subprocess.Popen[bytes]"]:
    with two_workers(service) as process:
        yield process


def _children(process: "subprocess.Popen[bytes]") -> list[int]:
    text = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii")
    return [int(child) for child in text.split()]


def _answers(service: RunningService) -> bool:
    with urllib.request.urlopen(f"{service.address}/health/ready", timeout=5) as response:
        return bool(response.status == 200)


def test_a_worker_that_dies_is_replaced_and_sigterm_ends_all(
    service: RunningService, parent: "subprocess.Popen[bytes]"
) -> None:
    first, second = _children(parent)
    time.sleep(workers.SETTLED_SECONDS)  # the supervisor's own clock: younger workers count as unable to start
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: service.log.count("serving http") == 3, "a third worker to serve", 30)
    assert second in _children(parent)
    assert _answers(service)
    parent.send_signal(signal.SIGTERM)
    assert parent.wait(15) == 0
    assert not Path(f"/proc/{second}").exists()


def test_workers_leave_when_their_parent_is_killed(service: RunningService, parent: "subprocess.Popen[bytes]") -> None:
    children = _children(parent)
    assert _answers(service)
    parent.kill()
    parent.wait()
    wait_until(lambda: service.log.count("Finished server process") == len(children), "both workers to leave", 15)


def test_workers_that_cannot_start_end_the_command(service: RunningService) -> None:
    service.settings["secret_key"] = "5e" * 32
    service.told("applications", "list")
    service.settings["secret_key"] = "7a" * 32
    done = service.cli("serve", "--port", str(service.port), "--workers", "2")
    assert done.returncode == 1
    assert "COUNTERFOIL_SECRET_KEY" in done.stderr


def test_several_workers_on_sqlite_are_refused(tmp_path: Path) -> None:
    done = RunningService(tmp_path).cli("serve", "--workers", "2")
    assert done.returncode == 1
    assert "several workers need PostgreSQL" in done.stderr
