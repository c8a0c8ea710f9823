# SPDX-License-Identifier: Apache-2.0
"""The store that most applications use: plain files in the user's data directory."""

import contextlib
import os
from collections.abc import Generator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal

import msgspec
import platformdirs

from counterfoil_client.errors import KeyStoreError
from counterfoil_client.stores import private_file
from counterfoil_client.stores.file_lock import file_lock
from counterfoil_client.stores.key import DeviceKey, SoftwareKey
from counterfoil_client.stores.stored import StoredSession

_PATIENCE = 90.0


class FileStore:
    """Files for key and session, readable by their owner alone, by default in the user's data directory.

    Several processes may share one directory: a session is replaced under a lock, and in one step. `patience` is how
    many seconds to wait for a process that is replacing it.
    """

    location: Literal["file"] = "file"

    def __init__(self, directory: str | os.PathLike[str] | None = None, *, patience: float = _PATIENCE) -> None:
        self._directory = Path(platformdirs.user_data_dir("counterfoil") if directory is None else directory)
        self._patience = patience

    def key_for(self, issuer: str, client_id: str) -> DeviceKey:
        """Return the key of this device, making its file the first time."""
        path = self._path(issuer, client_id, ".pem")
        with self._failures("device key", path):
            return _read_key(path) or _make_key(path)

    def load_session(self, issuer: str, client_id: str) -> StoredSession | None:
        """Return what was saved last, or None; `KeyStoreError` for a file that holds anything else."""
        path = self._path(issuer, client_id, ".session")
        with self._failures("session", path):
            content = private_file.read(path, "session")
        return None if content is None else _parse(path, content)

    def save_session(self, issuer: str, client_id: str, session: StoredSession) -> None:
        """Write the new file beside the old one and move it there."""
        path = self._path(issuer, client_id, ".session")
        with self._failures("session", path):
            private_file.replace(path, msgspec.json.encode(session))

    def remove_session(self, issuer: str, client_id: str) -> None:
        """Delete the file, whatever it holds."""
        path = self._path(issuer, client_id, ".session")
        with self._failures("session", path):
            path.unlink(missing_ok=True)

    def session_lock(self, issuer: str, client_id: str) -> AbstractContextManager[None]:
        """Keep other threads and processes from replacing the session."""
        path = self._path(issuer, client_id, ".lock")
        return self._locked(path)

    @contextlib.contextmanager
    def _locked(self, path: Path) -> Generator[None]:
        with contextlib.ExitStack() as held:
            with self._failures("lock file", path):
                held.enter_context(file_lock(path, self._patience))
            yield

    def _path(self, issuer: str, client_id: str, ending: str) -> Path:
        return self._directory / (private_file.file_stem(issuer, client_id) + ending)

    @contextlib.contextmanager
    def _failures(self, what: str, path: Path) -> Generator[None]:
        """Refuse an unsafe directory, and turn what the system refuses into an error with a way out."""
        try:
            private_file.prepare(self._directory)
            yield
        except OSError as error:
            raise KeyStoreError(
                f"The {what} {path} cannot be read or kept: {error.strerror or type(error).__name__}.",
                hint=f"Check the permissions and free space of {self._directory}, or give FileStore another directory.",
            ) from error


def _read_key(path: Path) -> SoftwareKey | None:
    pem = private_file.read(path, "device key")
    if pem is None:
        return None
    try:
        return SoftwareKey.from_pem(pem)
    except Exception as error:
        raise KeyStoreError(
            f"The file {path} does not hold a device key.",
            hint=f"Delete {path} and sign in again; the service will then see this as a new device.",
        ) from error


def _make_key(path: Path) -> SoftwareKey:
    """Keep a new key unless another process was faster: then take its key."""
    fresh = SoftwareKey.generate()
    return fresh if private_file.create(path, fresh.to_pem()) else (_read_key(path) or fresh)


def _parse(path: Path, content: bytes) -> StoredSession:
    try:
        return msgspec.json.decode(content, type=StoredSession)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # Not chained: the file may hold tokens, and a traceback must not lead to them.
        raise KeyStoreError(
            f"The file {path} does not hold a session.", hint=f"Delete {path} and sign in again."
        ) from None
