# SPDX-License-Identifier: Apache-2.0
"""Where the device key lives: one P-256 key per issuer and application, made once, never leaving the device.

A file is readable by any program that runs as the same user. That is what `storage == "software"` says, truthfully.
"""

import hashlib
import os
import secrets
import stat
from pathlib import Path
from typing import Literal, Protocol

import platformdirs
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from counterfoil_client.errors import KeyStoreError

_COORDINATE = 32
_MAX_FILE = 16 * 1024
_OTHERS = 0o077
_OTHERS_WRITE = 0o022


class DeviceKey(Protocol):
    """A P-256 key that signs. One that cannot be copied off the machine may say `hardware`; no other may."""

    @property
    def storage(self) -> Literal["software", "hardware"]:
        """Whether a program of the same user could copy the key."""
        ...

    @property
    def point(self) -> tuple[bytes, bytes]:
        """The public point: x and y, 32 bytes each."""
        ...

    def sign(self, message: bytes) -> bytes:
        """ES256: r and s, 32 bytes each (RFC 7518 §3.4)."""
        ...


class KeyStore(Protocol):
    """Anything that gives the same key for the same issuer and application each time."""

    def key_for(self, issuer: str, client_id: str) -> DeviceKey:
        """Return the key of this device, making it the first time."""
        ...


class SoftwareKey:
    """A key held in this process's memory."""

    storage: Literal["software", "hardware"] = "software"

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private

    @classmethod
    def generate(cls) -> "SoftwareKey":
        """Make a new key."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_pem(cls, pem: bytes) -> "SoftwareKey":
        """Read what `to_pem` wrote; `ValueError` for anything else."""
        private = serialization.load_pem_private_key(pem, password=None)
        if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
            raise ValueError("not a P-256 key")  # noqa: TRY004 - a wrong file, not a wrong argument type
        return cls(private)

    def to_pem(self) -> bytes:
        """Write the key unencrypted, for a file that only its owner can read."""
        return self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def point(self) -> tuple[bytes, bytes]:
        """The public point: x and y, 32 bytes each."""
        numbers = self._private.public_key().public_numbers()
        return numbers.x.to_bytes(_COORDINATE), numbers.y.to_bytes(_COORDINATE)

    def sign(self, message: bytes) -> bytes:
        """ES256: r and s, 32 bytes each."""
        r, s = decode_dss_signature(self._private.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(_COORDINATE) + s.to_bytes(_COORDINATE)


class MemoryStore:
    """Keys that end with the process: for tests, demonstrations and machines that must remember nothing."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str], SoftwareKey] = {}

    def key_for(self, issuer: str, client_id: str) -> DeviceKey:
        """Return the key of this process, making it the first time."""
        # One atomic step, so threads that race get one key.
        return self._keys.setdefault((issuer, client_id), SoftwareKey.generate())


class FileStore:
    """One file per key, readable by its owner alone, by default in the user's data directory."""

    def __init__(self, directory: str | os.PathLike[str] | None = None) -> None:
        self._directory = Path(platformdirs.user_data_dir("counterfoil") if directory is None else directory)

    def key_for(self, issuer: str, client_id: str) -> DeviceKey:
        """Return the key of this device, making its file the first time."""
        path = self._directory / _file_name(issuer, client_id)
        try:
            self._prepare()
            return _read(path) or self._make(path)
        except OSError as error:
            raise KeyStoreError(
                f"The device key {path} cannot be read or kept: {error.strerror or type(error).__name__}.",
                hint=f"Check the permissions and free space of {self._directory}, or give FileStore another directory.",
            ) from error

    def _prepare(self) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _is_loose(self._directory.stat(), _OTHERS_WRITE):
            raise KeyStoreError(
                f"Other users may write to {self._directory}, so they could plant a key there.",
                hint=f"Run: chmod 700 '{self._directory}'",
            )

    def _make(self, path: Path) -> SoftwareKey:
        """Write a new key beside the name and move it there unless another process was faster: then take its key."""
        fresh = SoftwareKey.generate()
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
        try:
            _write(draft, fresh.to_pem())
            return fresh if _claim(draft, path) else (_read(path) or fresh)
        finally:
            draft.unlink(missing_ok=True)


def _file_name(issuer: str, client_id: str) -> str:
    """A name that no issuer or client id can lead out of the directory."""
    return hashlib.sha256(f"{issuer}\n{client_id}".encode()).hexdigest()[:32] + ".pem"


def _is_loose(found: os.stat_result, forbidden: int) -> bool:
    """Whether others have these rights; Windows keeps a user's data directory by access lists instead."""
    return os.name == "posix" and (found.st_uid != os.geteuid() or bool(found.st_mode & forbidden))


def _read(path: Path) -> SoftwareKey | None:
    """Read a key file through one descriptor, so that what was checked is what is read."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        _check(path, os.fstat(descriptor))
        pem = file.read(_MAX_FILE)
    try:
        return SoftwareKey.from_pem(pem)
    except Exception as error:
        raise KeyStoreError(
            f"The file {path} does not hold a device key.",
            hint=f"Delete {path} and sign in again; the service will then see this as a new device.",
        ) from error


def _check(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise KeyStoreError(f"{path} is not a plain file.", hint=f"Remove {path} and sign in again.")
    if _is_loose(found, _OTHERS):
        raise KeyStoreError(
            f"Other users may read the device key {path}, or own it.",
            hint=f"Run: chmod 600 '{path}'. If somebody may have copied the key, delete the file instead.",
        )


def _write(path: Path, pem: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(pem)
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
