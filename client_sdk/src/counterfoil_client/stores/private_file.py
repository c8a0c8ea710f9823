# SPDX-License-Identifier: Apache-2.0
"""Files for one user's eyes: checked through the descriptor they are read by, written whole or not at all."""

import hashlib
import os
import secrets
import stat
from pathlib import Path

from counterfoil_client.errors import KeyStoreError

_MAX_FILE = 64 * 1024
_OTHERS = 0o077
_OTHERS_WRITE = 0o022


def file_stem(issuer: str, client_id: str) -> str:
    """A name that no issuer or client id can lead out of the directory."""
    return hashlib.sha256(f"{issuer}\n{client_id}".encode()).hexdigest()[:32]


def prepare(directory: Path) -> None:
    """Make the directory, or refuse one that others may write to."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _is_loose(directory.stat(), _OTHERS_WRITE):
        raise KeyStoreError(
            f"Other users may write to {directory}, so they could plant a key there.",
            hint=f"Run: chmod 700 '{directory}'",
        )


def read(path: Path, what: str) -> bytes | None:
    """Read a file through one descriptor, so that what was checked is what is read; None when there is none."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        _check(path, os.fstat(descriptor), what)
        return file.read(_MAX_FILE)


def create(path: Path, content: bytes) -> bool:
    """Write beside the name and move it there; False if the name is taken, which is then left as it is."""
    draft = _draft(path)
    try:
        _write(draft, content)
        return _claim(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def replace(path: Path, content: bytes) -> None:
    """Write beside the name and move it there in one step, whatever was there before."""
    draft = _draft(path)
    try:
        _write(draft, content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _draft(path: Path) -> Path:
    return path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")


def _is_loose(found: os.stat_result, forbidden: int) -> bool:
    """Whether others have these rights; Windows keeps a user's data directory by access lists instead."""
    return os.name == "posix" and (found.st_uid != os.geteuid() or bool(found.st_mode & forbidden))


def _check(path: Path, found: os.stat_result, what: str) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise KeyStoreError(f"{path} is not a plain file.", hint=f"Remove {path} and sign in again.")
    if _is_loose(found, _OTHERS):
        raise KeyStoreError(
            f"Other users may read the {what} {path}, or own it.",
            hint=f"Run: chmod 600 '{path}'. If somebody may have copied the {what}, delete the file instead.",
        )


def _write(path: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _claim(draft: Path, path: Path) -> bool:
    """Give the finished file its name, or return False if it is taken. Both calls are atomic and never replace."""
    try:
        if os.name == "posix":
            path.hardlink_to(draft)
        else:
            draft.rename(path)
    except FileExistsError:
        return False
    return True
