# SPDX-License-Identifier: Apache-2.0
"""The keyring of the operating system, by the extra `counterfoil-client[keyring]`."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any, Literal, TypeAlias, TypeVar

import msgspec

from counterfoil_client.errors import KeyStoreError
from counterfoil_client.stores.file import FileStore
from counterfoil_client.stores.key import DeviceKey, SoftwareKey
from counterfoil_client.stores.memory import MemoryStore
from counterfoil_client.stores.stored import StoredSession

T = TypeVar("T")
Fallback: TypeAlias = FileStore | MemoryStore

_PATIENCE = 30.0
_RECOMMENDED = 1
_KEY, _SESSION, _ACCESS = "device-key", "session", "access-token"
_ELSEWHERE = "-"


class KeyringStore:
    """Key and session in the keyring of the operating system: encrypted on disk while the person is signed out of it.

    It is no hardware: the key is an exportable secret, so its `storage` stays `software`. On Linux any program of the
    same user can read the items while the keyring is unlocked; on macOS any script run by the same Python binary can
    read them without a prompt.

    Where no keyring answers, `KeyStoreError` is raised; with a `fallback` that store is used from then on, and
    `location` says so. The choice is made once, at the first question: a keyring that has answered and then fails is an
    error, for another store would hold another key. `patience` is how many seconds a keyring may take, as when it asks
    the person to unlock it; `directory` holds its lock files.
    """

    def __init__(
        self,
        fallback: Fallback | None = None,
        *,
        patience: float = _PATIENCE,
        directory: str | os.PathLike[str] | None = None,
    ) -> None:
        self._fallback = fallback
        self._items = _Items(patience, FileStore(directory))
        self._place: _Items | Fallback | None = None
        self._choice = threading.Lock()

    @property
    def location(self) -> Literal["keyring", "file", "memory"]:
        """Where key and session really are."""
        return self._chosen().location

    def key_for(self, issuer: str, client_id: str) -> DeviceKey:
        """Return the key of this device, making its item the first time."""
        return self._chosen().key_for(issuer, client_id)

    def load_session(self, issuer: str, client_id: str) -> StoredSession | None:
        """Return what was saved last, or None; `KeyStoreError` for items that hold anything else."""
        return self._chosen().load_session(issuer, client_id)

    def save_session(self, issuer: str, client_id: str, session: StoredSession) -> None:
        """Keep this instead of what was kept."""
        self._chosen().save_session(issuer, client_id, session)

    def remove_session(self, issuer: str, client_id: str) -> None:
        """Keep nothing."""
        self._chosen().remove_session(issuer, client_id)

    def session_lock(self, issuer: str, client_id: str) -> AbstractContextManager[None]:
        """Keep other threads and processes from replacing the session."""
        return self._chosen().session_lock(issuer, client_id)

    def _chosen(self) -> "_Items | Fallback":
        with self._choice:
            if self._place is None:
                self._place = self._choose()
            return self._place

    def _choose(self) -> "_Items | Fallback":
        try:
            self._items.probe()
        except KeyStoreError:
            if self._fallback is None:
                raise
            return self._fallback
        return self._items


class _Items:
    """The keyring itself, behind a time-out: a locked one may wait for a person who is not there."""

    location: Literal["keyring"] = "keyring"

    def __init__(self, patience: float, files: FileStore) -> None:
        self._patience = patience
        self._files = files

    def probe(self) -> None:
        """Ask for an item that is not there."""
        self._get("Counterfoil", "probe")

    def key_for(self, issuer: str, client_id: str) -> DeviceKey:
        service = _service(issuer, client_id)
        if (found := self._key(service)) is not None:
            return found
        with self.session_lock(issuer, client_id):
            # A keyring replaces without asking, so the one who makes the key looks again where no other can.
            return self._key(service) or self._make(service)

    def load_session(self, issuer: str, client_id: str) -> StoredSession | None:
        service = _service(issuer, client_id)
        rest = self._get(service, _SESSION)
        if rest is None:
            return None
        try:
            return msgspec.convert(
                {**msgspec.json.decode(rest), "access_token": self._get(service, _ACCESS)}, StoredSession
            )
        except (msgspec.MsgspecError, TypeError, RecursionError):
            # Not chained: the item may hold tokens, and a traceback must not lead to them.
            raise KeyStoreError(
                f"The keyring items of {service!r} do not hold a session.",
                hint="Delete them with the keyring program of this system and sign in again.",
            ) from None

    def save_session(self, issuer: str, client_id: str, session: StoredSession) -> None:
        service = _service(issuer, client_id)
        # Windows keeps at most 1280 characters an item, so a pair takes two. The access token goes first: a newer one
        # beside an older refresh token works, the other way round may not.
        self._put(service, _ACCESS, session.access_token)
        rest = {**msgspec.to_builtins(session), "access_token": _ELSEWHERE}
        self._put(service, _SESSION, msgspec.json.encode(rest).decode())

    def remove_session(self, issuer: str, client_id: str) -> None:
        service = _service(issuer, client_id)
        for item in (_SESSION, _ACCESS):
            self._remove(service, item)

    def session_lock(self, issuer: str, client_id: str) -> AbstractContextManager[None]:
        return self._files.session_lock(issuer, client_id)

    def _key(self, service: str) -> SoftwareKey | None:
        pem = self._get(service, _KEY)
        if pem is None:
            return None
        try:
            return SoftwareKey.from_pem(pem.encode())
        except Exception:  # noqa: BLE001 - the library names no error for what is no key, and ours must not show it
            raise KeyStoreError(
                f"The keyring item {_KEY!r} of {service!r} does not hold a device key.",
                hint="Delete it with the keyring program of this system and sign in again.",
            ) from None

    def _make(self, service: str) -> SoftwareKey:
        fresh = SoftwareKey.generate()
        self._put(service, _KEY, fresh.to_pem().decode())
        return fresh

    def _get(self, service: str, item: str) -> str | None:
        found: str | None = self._ask(lambda backend: backend.get_password(service, item))
        return found

    def _put(self, service: str, item: str, value: str) -> None:
        self._ask(lambda backend: backend.set_password(service, item, value))

    def _remove(self, service: str, item: str) -> None:
        if self._get(service, item) is not None:
            self._ask(lambda backend: backend.delete_password(service, item))

    def _ask(self, question: Callable[[Any], T]) -> T:
        """Ask on a thread of its own, which is left behind if no answer comes."""
        answer: Future[T] = Future()

        def run() -> None:
            try:
                answer.set_result(question(_backend()))
            except BaseException as error:  # noqa: BLE001 - carried to the thread that waits for it
                answer.set_exception(error)

        threading.Thread(target=run, name="counterfoil-keyring", daemon=True).start()
        try:
            return answer.result(self._patience)
        except KeyStoreError:
            raise
        except TimeoutError:
            raise _no_answer(f"did not answer within {self._patience:g} seconds") from None
        except Exception as error:  # noqa: BLE001 - every backend has errors of its own
            # Not chained: a backend's error may show what it was given.
            raise _no_answer(f"failed: {type(error).__name__}") from None


def _backend() -> Any:  # noqa: ANN401 - the extra may be missing, and with it the type
    try:
        import keyring
    except ImportError:
        raise KeyStoreError(
            "The keyring package is not installed.", hint="Install counterfoil-client[keyring], or use a FileStore."
        ) from None
    backend = keyring.get_keyring()
    if backend.priority < _RECOMMENDED:
        # Below are those that forget everything, refuse everything or write plain files.
        raise KeyStoreError(
            "This system has no keyring that keeps secrets.",
            hint="Start a keyring service for this user, or give KeyringStore a fallback.",
        )
    return backend


def _service(issuer: str, client_id: str) -> str:
    """An issuer has no blank, so the last ` at ` divides the two."""
    return f"{client_id} at {issuer}"


def _no_answer(what: str) -> KeyStoreError:
    return KeyStoreError(
        f"The keyring of this system {what}.", hint="Unlock it and try again, or give KeyringStore a fallback."
    )
