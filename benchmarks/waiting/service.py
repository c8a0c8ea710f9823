# SPDX-License-Identifier: Apache-2.0
"""The service that holds them: `counterfoil serve` as an operator runs it, and what it costs, to the microsecond."""

import contextlib
import resource
from collections.abc import Iterator
from pathlib import Path

from benchmarks.harness.processes import SERVER_CORE, cpu_seconds, on_core, resident_bytes
from benchmarks.sign_in.ours import RAISED
from benchmarks.waiting.people import CLIENT_ID
from support.processes import RunningService

SPARE_DESCRIPTORS = 100
"""What the driver needs beside one for each desktop."""

_NANOSECONDS = 1e9


class Waited:
    """A running service, and where its mails go."""

    def __init__(self, folder: Path, database_url: str, port: int | None) -> None:
        self.mails = folder / "mails"
        self.process = RunningService(
            folder,
            port,
            database_url=database_url,
            mail_url=f"file:{self.mails}",
            budgets=RAISED,
            link_ttl="3600",
        )
        self.address, self.database_url = self.process.address, database_url

    @property
    def cpu(self) -> float:
        """Seconds of a core that it used so far; in steps of 10 ms where the system does not count finer."""
        spent = 0
        for path in Path(f"/proc/{self.process.pid}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError):
                spent += int(path.read_text("ascii").split()[0])
        return spent / _NANOSECONDS or cpu_seconds(self.process.pid)

    @property
    def memory(self) -> int:
        """Bytes."""
        return resident_bytes(self.process.pid)


@contextlib.contextmanager
def running(folder: Path, database_url: str, *, port: int | None = None) -> Iterator[Waited]:
    """Started on a core of its own, and stopped unless somebody did. With a `port` it is one that comes back."""
    waited = Waited(folder, database_url, port)
    if port is None:
        waited.process.told("migrate")
        waited.process.told("applications", "add", "Notes", "--client-id", CLIENT_ID)
    with on_core(SERVER_CORE):
        waited.process.start()
    try:
        yield waited
    finally:
        with contextlib.suppress(AssertionError):
            waited.process.kill()


def most_desktops() -> int:
    """How many one process can hold here; the limit of descriptors is raised to what the system allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard - SPARE_DESCRIPTORS
