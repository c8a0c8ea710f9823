# SPDX-License-Identifier: Apache-2.0
"""The wall clock of services and, where a whole machine is meant, of desktops: one that can be set wrong."""

import os
import struct
import time
from datetime import datetime, timedelta
from pathlib import Path

from counterfoil_client._surroundings import Surroundings

PATH = Path(__file__).with_name("stepped")
"""Before everything on the path of a service whose clock follows the file."""


class SteppedClock(Surroundings):
    """`everywhere`: desktops have the same clock, else theirs stays right.

    `ahead` are the moments, monotonic, when it was set ahead of what it was.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.seconds = 0
        self.everywhere = False
        self.ahead: list[float] = []
        file.write_bytes(bytes(8))

    def step(self, seconds: int, *, everywhere: bool = False) -> None:
        """Be so far ahead of the right time from now on."""
        if seconds > self.seconds:
            self.ahead.append(time.monotonic())
        self.everywhere, self.seconds = everywhere, seconds
        # In place: the services have mapped this very file.
        with self.file.open("r+b") as file:
            file.write(struct.pack("<q", seconds * 10**9))

    def now(self) -> datetime:
        """A desktop's time."""
        return super().now() + timedelta(seconds=self.seconds if self.everywhere else 0)

    @property
    def environ(self) -> dict[str, str]:
        """For a service that is to follow."""
        return {"CHAOS_CLOCK": os.fspath(self.file)}
