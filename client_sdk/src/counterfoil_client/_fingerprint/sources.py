# SPDX-License-Identifier: Apache-2.0
"""Where collectors look: small questions to the system, behind protocols so that a test answers from a recording.

Every answer may be "nothing": a file that is missing, forbidden or odd is no error [R107]. At most 64 KiB of a file are
read, and no open waits for anybody.
"""

import os
import socket
from pathlib import Path
from typing import Literal, Protocol

LIMIT = 64 * 1024
_MOST_NAMES = 64

Hive = Literal["HKEY_LOCAL_MACHINE", "HKEY_CURRENT_USER"]
Sizes = tuple[tuple[int, int], ...]


class Sources(Protocol):
    """What every system answers."""

    def read(self, path: str) -> bytes | None:
        """The beginning of a file; a path may begin with `~/`."""
        ...

    def exists(self, path: str) -> bool:
        """Whether it is there, readable or not."""
        ...

    def link(self, path: str) -> str | None:
        """Where a symbolic link points, as it is written."""
        ...

    def names(self, folder: str) -> tuple[str, ...]:
        """What a folder holds, sorted."""
        ...

    def variable(self, name: str) -> str | None:
        """An environment variable."""
        ...

    def hostname(self) -> str | None:
        """What the machine calls itself on the network."""
        ...

    def architecture(self) -> str | None:
        """What the kernel tells this process."""
        ...


class MacSources(Sources, Protocol):
    """What macOS answers besides."""

    def host_uuid(self) -> bytes | None:
        """The 16 bytes of gethostuuid(2)."""
        ...

    def sysctl(self, name: str) -> bytes | None:
        """A value of sysctlbyname(3), as it is in memory."""
        ...

    def displays(self) -> Sizes:
        """Width and height in pixels of each display."""
        ...


class WindowsSources(Sources, Protocol):
    """What Windows answers besides."""

    def registry(self, hive: Hive, key: str, name: str) -> str | int | None:
        """A text or a number of the registry as 64-bit programs see it."""
        ...

    def memory(self) -> int | None:
        """Bytes of physical memory."""
        ...

    def displays(self) -> Sizes:
        """Width and height in pixels of each display."""
        ...


class SystemSources:
    """The machine this runs on, as far as Python's own library asks it."""

    def read(self, path: str) -> bytes | None:
        """The beginning of a file."""
        try:
            with open(Path(path).expanduser(), "rb", opener=_open_at_once) as file:
                return file.read(LIMIT)
        except (OSError, ValueError, RuntimeError):
            return None

    def exists(self, path: str) -> bool:
        """Whether it is there."""
        try:
            return Path(path).exists()
        except (OSError, ValueError):
            return False

    def link(self, path: str) -> str | None:
        """Where a symbolic link points."""
        try:
            return str(Path(path).readlink())
        except (OSError, ValueError):
            return None

    def names(self, folder: str) -> tuple[str, ...]:
        """What a folder holds."""
        try:
            return tuple(sorted(each.name for each in Path(folder).iterdir())[:_MOST_NAMES])
        except (OSError, ValueError):
            return ()

    def variable(self, name: str) -> str | None:
        """An environment variable."""
        return os.environ.get(name)

    def hostname(self) -> str | None:
        """The host name; no name service is asked."""
        try:
            return socket.gethostname()
        except (OSError, ValueError):
            return None

    def architecture(self) -> str | None:
        """What uname(2) says, where there is one."""
        return os.uname().machine if hasattr(os, "uname") else None


def _open_at_once(path: str, flags: int) -> int:
    """A pipe in a file's place must not hold a sign-in up."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))
