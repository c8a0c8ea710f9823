# SPDX-License-Identifier: Apache-2.0
"""A keyring for tests, put where the real package would find one."""

import threading
from collections.abc import Callable

import keyring
import keyring.backend
import pytest


class Vault(keyring.backend.KeyringBackend):
    """Keeps items in a dictionary, as small ones as Windows does; `before` runs ahead of each question."""

    priority = 5
    longest = 1280

    def __init__(self, before: Callable[[], object] = lambda: None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # the package leaves it untyped
        self.items: dict[tuple[str, str], str] = {}
        self.before = before
        self.threads: set[threading.Thread] = set()

    def install(self, monkeypatch: pytest.MonkeyPatch) -> "Vault":
        monkeypatch.setattr(keyring, "get_keyring", lambda: self)
        return self

    def get_password(self, service: str, username: str) -> str | None:
        self._begin()
        return self.items.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._begin()
        assert len(password) <= self.longest
        self.items[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._begin()
        del self.items[service, username]

    def _begin(self) -> None:
        self.threads.add(threading.current_thread())
        self.before()
