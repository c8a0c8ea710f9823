# SPDX-License-Identifier: Apache-2.0
"""Where an address is, by the files that an operator supplies: never slow, never wrong for long, never an error."""

import ipaddress
import logging
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from counterfoil_service.core.place import NOWHERE, Place, place_of

if TYPE_CHECKING:
    from maxminddb import Reader

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

INSTALL = 'pip install "counterfoil-service[geoip]"'
CHECK_SECONDS = 60

log = logging.getLogger(__name__)


def open_mmdb(path: Path) -> "Reader":
    """A reader of one file; raises whatever is wrong with it, ImportError where the extra is not installed.

    Read, and not mapped: of a file that somebody copies over or truncates, a mapping ends the process with SIGBUS, and
    the C reader follows damaged pointers into a SIGSEGV. Fifty microseconds a look-up are no price for that.
    """
    import maxminddb

    status = path.stat()
    if not stat.S_ISREG(status.st_mode) or not status.st_size:
        raise OSError("empty or no regular file")
    return maxminddb.open_database(path, maxminddb.MODE_FILE)


class Places:
    """The operator's files, opened when the first address is asked for; any thread may ask."""

    def __init__(self, files: tuple[Path, ...], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._files = [_File(path) for path in files]
        self._monotonic = monotonic
        self._check_at: float | None = None
        self._lock = threading.Lock()

    def place_of(self, address: Address) -> Place:
        """NOWHERE for what no file knows, and for addresses that are nowhere in particular."""
        if isinstance(address, ipaddress.IPv6Address):
            address = address.ipv4_mapped or address
        if not self._files or not address.is_global:
            return NOWHERE
        with self._lock:
            self._keep_up()
            return place_of([file.record_of(address) for file in self._files])

    def close(self) -> None:
        """Close all files; the next question opens them again."""
        with self._lock:
            self._check_at = None
            for file in self._files:
                file.close()

    def _keep_up(self) -> None:
        now = self._monotonic()
        if self._check_at is not None and now < self._check_at:
            return
        self._check_at = now + CHECK_SECONDS
        for file in self._files:
            file.keep_up()


class _File:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader: Reader | None = None
        self._version = 0
        self._signature: tuple[int, int, int] | None = None
        self._warned = False

    def keep_up(self) -> None:
        """Open the file anew when another lies in its place, and again when it could not be opened."""
        signature = self._seen()
        if signature == self._signature and self._reader is not None:
            return
        if signature != self._signature:
            # A warning is for one state of the file; what comes after it may be another trouble.
            self._warned = False
        self.close()
        self._signature = signature
        try:
            reader = open_mmdb(self._path)
            self._version = reader.metadata().ip_version
            self._reader = reader
        except ImportError:
            self._warn(f"maxminddb is not installed: {INSTALL}")
        except Exception as error:  # noqa: BLE001 - a damaged file raises anything
            self._warn(f"{type(error).__name__}; `counterfoil doctor` says more")

    def record_of(self, address: Address) -> object:
        """What the file knows of this address."""
        if self._reader is None:
            return None
        try:
            return self._reader.get(address) if address.version <= self._version else None
        except Exception as error:  # noqa: BLE001 - a damaged file raises anything, and its texts quote the address
            self._warn(f"{type(error).__name__} at a look-up; is it damaged?")
            return None

    def close(self) -> None:
        """Let the reader go; readers that are only forgotten keep their file."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def _seen(self) -> tuple[int, int, int] | None:
        try:
            status = self._path.stat()
        except (OSError, ValueError):
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _warn(self, trouble: str) -> None:
        if not self._warned:
            self._warned = True
            log.warning("no places from %s: %s", self._path, trouble)
