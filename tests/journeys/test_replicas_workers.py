# SPDX-License-Identifier: Apache-2.0
"""`counterfoil serve --workers 3`: all of them work, each listens once, and waiting desktops outlive any of them."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from counterfoil_service.cli import workers
from journeys.conftest import OpenDesktop
from journeys.crowd import Started, approve, client_of, poll, start
from journeys.databases import Databases, rows
from journeys.test_replicas_trouble import LISTENERS
from support.background import LoopThread, wait_until
from support.mailserver import MailServer
from support.processes import RunningService

WORKERS = 3
HELD = 12
AT_ONCE = 300
GONE_WITHIN = 3.0
SERVING = "serving http"


@pytest.fixture
def service(databases: Databases, mail: MailServer, tmp_path: Path) -> RunningService:
    return RunningService(tmp_path, database_url=databases.fresh("postgresql", tmp_path), mail_url=mail.url)


@pytest.fixture
def parent(service: RunningService) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "counterfoil_service", "serve", "--workers", str(WORKERS)]
    with service.log_file.open("ab") as log:
        process = subprocess.Popen(
            [*command, "--port", str(service.port)], cwd=service.folder, env=service.environ, stdout=log, stderr=log
        )
    try:
        wait_until(lambda: service.log.count(SERVING) == WORKERS, "all workers to serve", 30)
        yield process
    finally:
        process.kill()
        process.wait()


def test_desktops_that_all_come_at_once_are_spread_over_the_workers_each_of_which_listens_by_one_connection(
    service: RunningService, parent: "subprocess.Popen[bytes]", loop: LoopThread
) -> None:
    children = _children(parent)
    assert len(children) == WORKERS
    taken = loop.run(_all_at_once(service.port, children))
    assert sum(taken) == AT_ONCE
    assert min(taken) > AT_ONCE / WORKERS / 2, f"one took them from the others: {taken}"
    wait_until(lambda: len(rows(service.settings["database_url"], LISTENERS)) == WORKERS, "each worker to listen once")


def test_a_port_that_other_workers_have_is_refused(service: RunningService, parent: "subprocess.Popen[bytes]") -> None:
    assert len(_children(parent)) == WORKERS
    done = service.cli("serve", "--workers", "2", "--port", str(service.port))
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1 port {service.port}" in done.stderr


def test_a_poll_held_by_any_worker_ends_with_the_approval_though_another_worker_was_killed(
    service: RunningService,
    parent: "subprocess.Popen[bytes]",
    mail: MailServer,
    desktop: OpenDesktop,
    loop: LoopThread,
    address: str,
) -> None:
    waiting = []
    for number in range(2 * WORKERS):
        asked = desktop(service, "async").ask(f"{number}-{address}")
        waiting.append((asked, mail.letter_to(f"{number}-{address}")))
    time.sleep(workers.SETTLED_SECONDS)  # the supervisor's own clock: younger workers count as unable to start
    os.kill(_children(parent)[0], signal.SIGKILL)

    async def approve_all() -> list[int]:
        found = []
        for asked, letter in waiting:
            async with client_of(service.address) as phone:
                found.append((await approve(phone, letter, asked.user_code)).status_code)
        return found

    assert set(loop.run(approve_all())) == {200}
    assert len({asked.session().session_id for asked, _ in waiting}) == len(waiting)
    wait_until(lambda: service.log.count(SERVING) == WORKERS + 1, "another worker to take its place", 30)


def test_sigterm_answers_every_held_poll_and_all_leave(
    service: RunningService, parent: "subprocess.Popen[bytes]", loop: LoopThread, address: str
) -> None:
    children = _children(parent)
    starts = [loop.run(start(service.public_url, service.address, f"{number}-{address}")) for number in range(HELD)]
    held = loop.submit(_held(service.address, starts, ready := asyncio.Event()))
    loop.run(ready.wait())

    parent.send_signal(signal.SIGTERM)
    began = time.monotonic()
    answers = held.result(GONE_WITHIN)

    assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [
        (400, "authorization_pending")
    ] * HELD
    assert parent.wait(15) == 0
    assert time.monotonic() - began < GONE_WITHIN
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    assert "Traceback" not in service.log


def test_a_worker_that_hangs_is_killed_in_the_end_and_the_exit_status_says_so(service: RunningService) -> None:
    hurried = "from counterfoil_service.cli import main, workers; workers.LEAVE_SECONDS = 2; main.main()"
    command = [sys.executable, "-c", hurried, "serve", "--workers", "2", "--port", str(service.port)]
    with service.log_file.open("ab") as log:
        process = subprocess.Popen(command, cwd=service.folder, env=service.environ, stdout=log, stderr=log)
    try:
        wait_until(lambda: service.log.count(SERVING) == 2, "both workers to serve", 30)
        hanging, other = _children(process)
        os.kill(hanging, signal.SIGSTOP)
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 1
        assert not any(Path(f"/proc/{child}").exists() for child in (hanging, other))
    finally:
        process.kill()
        process.wait()


def _children(process: "subprocess.Popen[bytes]") -> list[int]:
    text = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii")
    return [int(child) for child in text.split()]


async def _all_at_once(port: int, children: list[int]) -> list[int]:
    """How many of many lines each of these processes has; all are answered."""
    lines = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port) for _ in range(AT_ONCE)))
    for _, writer in lines:
        writer.write(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    for reader, _ in lines:
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    ports = {writer.get_extra_info("sockname")[1] for _, writer in lines}
    taken = [_lines_of(child, ports) for child in children]
    for _, writer in lines:
        writer.close()
    return taken


def _lines_of(pid: int, ports: set[int]) -> int:
    """How many connections from these ports end at this process."""
    sockets = {str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir() if path.is_symlink()}
    lines = (line.split() for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:])
    ours = (fields[9] for fields in lines if int(fields[2].rpartition(":")[2], 16) in ports)
    return sum(f"socket:[{inode}]" in sockets for inode in ours)


async def _held(address: str, starts: list[Started], ready: asyncio.Event) -> list[httpx2.Response]:
    async with client_of(address) as client:
        tasks = [asyncio.create_task(poll(client, started, wait=25)) for started in starts]
        await asyncio.sleep(1)
        assert not any(task.done() for task in tasks)
        ready.set()
        return await asyncio.gather(*tasks)
