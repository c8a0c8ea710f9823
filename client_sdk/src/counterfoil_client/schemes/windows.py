# SPDX-License-Identifier: Apache-2.0
"""Windows: a key below `Software`, `Classes` of the current user's registry, which needs no administrator.

The registry is behind a small protocol, so that what is written can be tested anywhere.
"""

import contextlib
import importlib
import re
from collections.abc import Sequence
from typing import Any, Protocol

from counterfoil_client._redirect import check_scheme
from counterfoil_client.errors import ConfigurationError
from counterfoil_client.schemes._checks import check

_CLASSES = r"Software\Classes"
_MARK = "CounterfoilScheme"
_COMMAND = r"shell\open\command"


class Registry(Protocol):
    """The current user's part of the registry; a name of "" is a key's default value."""

    def read(self, key: str, name: str) -> str | None:
        """Return a text value, or None."""
        ...

    def write(self, key: str, name: str, value: str) -> None:
        """Set a text value, making the key and those above it."""
        ...

    def remove(self, key: str, name: str) -> None:
        """Remove a value, if it is there."""
        ...

    def prune(self, key: str) -> None:
        """Remove a key that holds nothing any more; any other stays."""
        ...


def register(scheme: str, command: Sequence[str], *, name: str, registry: Registry | None = None) -> None:
    """Write the scheme's class; one that another program wrote is left alone."""
    check(scheme, command, name)
    if any(character in part for part in command for character in '"%'):
        raise ConfigurationError("command: Windows gives quotes and percent signs a meaning here: leave them out")
    found = _registry(registry)
    key = _key(scheme)
    if found.read(key, _MARK) != scheme and any(found.read(*value) is not None for value in _values(scheme)):
        raise ConfigurationError(
            f"the scheme {scheme} belongs to another program on this computer",
            hint=f"Remove that program, or its key HKEY_CURRENT_USER\\{key}.",
        )
    found.write(key, _MARK, scheme)
    found.write(key, "", f"URL:{name}")
    found.write(key, "URL Protocol", "")
    found.write(rf"{key}\{_COMMAND}", "", " ".join((*map(_quoted, command), '"%1"')))


def unregister(scheme: str, *, registry: Registry | None = None) -> None:
    """Remove our values, and the keys that hold nothing without them."""
    check_scheme(scheme)
    found = _registry(registry)
    key = _key(scheme)
    if found.read(key, _MARK) != scheme:
        return
    for value in _values(scheme):
        found.remove(*value)
    found.remove(key, _MARK)
    for below in (rf"\{_COMMAND}", r"\shell\open", r"\shell", ""):
        found.prune(f"{key}{below}")


def is_registered(scheme: str, *, registry: Registry | None = None) -> bool:
    """Whether our values are there."""
    check_scheme(scheme)
    found = _registry(registry)
    key = _key(scheme)
    return found.read(key, _MARK) == scheme and all(found.read(*value) is not None for value in _values(scheme))


def _key(scheme: str) -> str:
    return rf"{_CLASSES}\{scheme}"


def _values(scheme: str) -> tuple[tuple[str, str], ...]:
    key = _key(scheme)
    return ((rf"{key}\{_COMMAND}", ""), (key, "URL Protocol"), (key, ""))


def _quoted(argument: str) -> str:
    """One argument as `CommandLineToArgvW` reads it: backslashes before the closing quote count twice."""
    tail = re.search(r"\\*$", argument)
    return f'"{argument}{tail[0] if tail else ""}"'


def _registry(given: Registry | None) -> Registry:
    if given is not None:
        return given
    try:
        return UserRegistry(importlib.import_module("winreg"))
    except ImportError:
        raise ConfigurationError("this system has no registry: use counterfoil_client.schemes.register") from None


class UserRegistry:
    """The real one, through the standard library's `winreg`."""

    def __init__(self, winreg: Any) -> None:  # noqa: ANN401 - a module that type checkers know on Windows alone
        self._reg = winreg

    def read(self, key: str, name: str) -> str | None:
        """Return a text value, or None."""
        try:
            with self._reg.OpenKey(self._reg.HKEY_CURRENT_USER, key) as opened:
                return str(self._reg.QueryValueEx(opened, name)[0])
        except FileNotFoundError:
            return None

    def write(self, key: str, name: str, value: str) -> None:
        """Set a text value, making the key and those above it."""
        with self._reg.CreateKey(self._reg.HKEY_CURRENT_USER, key) as opened:
            self._reg.SetValueEx(opened, name, 0, self._reg.REG_SZ, value)

    def remove(self, key: str, name: str) -> None:
        """Remove a value, if it is there."""
        with (
            contextlib.suppress(FileNotFoundError),
            self._reg.OpenKey(self._reg.HKEY_CURRENT_USER, key, 0, self._reg.KEY_SET_VALUE) as opened,
        ):
            self._reg.DeleteValue(opened, name)

    def prune(self, key: str) -> None:
        """Remove a key that holds nothing any more; any other stays."""
        with contextlib.suppress(FileNotFoundError):
            with self._reg.OpenKey(self._reg.HKEY_CURRENT_USER, key) as opened:
                keys, values, _ = self._reg.QueryInfoKey(opened)
            if not keys and not values:
                self._reg.DeleteKey(self._reg.HKEY_CURRENT_USER, key)
