# SPDX-License-Identifier: Apache-2.0
"""What a process holds, in memory and descriptors, beside what it held when it was first looked at."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MEMORY_MIB, DESCRIPTORS = 64, 80
"""By so much it may be more than at first: young caches fill up; nginx keeps 64 idle ways to replicas for a minute."""

_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Held:
    """Resident memory in MiB, and open descriptors."""

    memory: float
    descriptors: int


def held(pid: int) -> Held:
    """By a living process."""
    resident = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return Held(resident * _PAGE / 2**20, len(list(Path(f"/proc/{pid}/fd").iterdir())))


class Health:
    """Looked at while nobody signs in; a process is known by its name and pid, so that a new one begins anew."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, int], Held] = {}
        self.most = Held(0, 0)

    def look(self, processes: Mapping[str, int], under_way: int) -> list[str]:
        """Who holds more than it may; each login under way holds a connection to and one from whoever serves it."""
        self.most = Held(0, 0)
        found = []
        for name, pid in processes.items():
            now = held(pid)
            first = self._first.setdefault((name, pid), now)
            memory, descriptors = now.memory - first.memory, now.descriptors - first.descriptors
            self.most = Held(max(self.most.memory, memory), max(self.most.descriptors, descriptors))
            if memory > MEMORY_MIB or descriptors > DESCRIPTORS + 2 * under_way:
                found.append(f"{name} holds {memory:+.0f} MiB and {descriptors:+d} descriptors since it began")
        return found
