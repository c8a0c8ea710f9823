# SPDX-License-Identifier: Apache-2.0
"""A lock between processes (and threads): an empty file that one of them has locked. It dies with its holder."""

import contextlib
import os
import sys
import time
from collections.abc import Generator
from pathlib import Path

from counterfoil_client.errors import KeyStoreError

_NAP = 0.02


@contextlib.contextmanager
def file_lock(path: Path, patience: float) -> Generator[None]:
    """Hold the lock; `KeyStoreError` if another holds it for longer than `patience` seconds.

    The file stays: removing it would let two holders lock two files of one name.
    """
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        last = time.monotonic() + patience
        while not _try_lock(descriptor):
            if time.monotonic() >= last:
                raise KeyStoreError(
                    f"Another program holds {path} and does not let go.",
                    hint="Close other windows of this application, or wait a minute, and try again.",
                )
            time.sleep(_NAP)
        yield
    finally:
        # Closing lets go of it on every system.
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        # Windows says "permission denied" where POSIX says "would block".
        return False
    return True
