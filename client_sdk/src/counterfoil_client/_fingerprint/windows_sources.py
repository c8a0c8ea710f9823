# SPDX-License-Identifier: Apache-2.0
"""The Windows machine this runs on: winreg and ctypes; on any other system every answer is "nothing"."""

import contextlib
import ctypes
import importlib
from typing import Any

from counterfoil_client._fingerprint.sources import Hive, Sizes, SystemSources

_MOST_ADAPTERS = 64
_ON_THE_DESKTOP = 0x1
_CURRENT_MODE = 0xFFFFFFFF  # ENUM_CURRENT_SETTINGS
_FAILURES = (OSError, AttributeError, ValueError, ctypes.ArgumentError)
_Word, _Number, _Short = ctypes.c_uint16, ctypes.c_uint32, ctypes.c_int16


class MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX."""

    _fields_ = [("length", _Number), ("load", _Number), ("total", ctypes.c_uint64), ("rest", ctypes.c_uint64 * 6)]


class DisplayDevice(ctypes.Structure):
    """DISPLAY_DEVICEW; texts are arrays of 16-bit units, so that the layout is the same wherever it is tested."""

    _fields_ = [
        ("length", _Number),
        ("name", _Word * 32),
        ("description", _Word * 128),
        ("flags", _Number),
        ("id", _Word * 128),
        ("key", _Word * 128),
    ]


class DeviceMode(ctypes.Structure):
    """DEVMODEW."""

    _fields_ = [
        ("name", _Word * 32),
        ("versions", _Word * 2),
        ("length", _Word),
        ("extra", _Word),
        ("fields", _Number),
        ("place", _Number * 4),
        ("printing", _Short * 5),
        ("form", _Word * 32),
        ("dots", _Word),
        ("depth", _Number),
        ("width", _Number),
        ("height", _Number),
        ("rest", _Number * 10),
    ]


class WindowsSystem(SystemSources):
    """Asks what any user may; the 64-bit view is asked for by name, as 32-bit programs see another registry."""

    def registry(self, hive: Hive, key: str, name: str) -> str | int | None:
        """One value; what is neither text nor number is none."""
        try:
            winreg: Any = importlib.import_module("winreg")
            access = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
            with winreg.OpenKey(getattr(winreg, hive), key, 0, access) as opened:
                value = winreg.QueryValueEx(opened, name)[0]
        except (ImportError, *_FAILURES):
            return None
        return value if isinstance(value, str | int) else None

    def memory(self) -> int | None:
        """GlobalMemoryStatusEx."""
        status = MemoryStatus(length=ctypes.sizeof(MemoryStatus))
        with contextlib.suppress(*_FAILURES):
            if load("kernel32").GlobalMemoryStatusEx(ctypes.byref(status)):
                return int(status.total)
        return None

    def displays(self) -> Sizes:
        """Each adapter's mode: real pixels, whether or not this program knows of scaling."""
        with contextlib.suppress(*_FAILURES):
            user32 = load("user32")
            return tuple(_size(user32, name) for name in _adapters(user32))
        return ()


def load(name: str) -> Any:  # noqa: ANN401 - a library has the functions it has
    """Open a library of the system; `AttributeError` on another system."""
    return getattr(ctypes, "WinDLL")(name)  # noqa: B009 - type checkers know it on Windows alone


def _adapters(user32: Any) -> list[ctypes.Array[ctypes.c_uint16]]:  # noqa: ANN401 - the library above
    """The names of the outputs that are part of the desktop."""
    found: list[ctypes.Array[ctypes.c_uint16]] = []
    for number in range(_MOST_ADAPTERS):
        device = DisplayDevice(length=ctypes.sizeof(DisplayDevice))
        if not user32.EnumDisplayDevicesW(None, _Number(number), ctypes.byref(device), _Number(0)):
            break
        if device.flags & _ON_THE_DESKTOP:
            found.append(device.name)
    return found


def _size(user32: Any, name: "ctypes.Array[ctypes.c_uint16]") -> tuple[int, int]:  # noqa: ANN401 - the library above
    """Zeros stand for an output without a mode: it is counted, and has no size."""
    mode = DeviceMode(length=ctypes.sizeof(DeviceMode))
    known = user32.EnumDisplaySettingsW(name, _Number(_CURRENT_MODE), ctypes.byref(mode))
    return (int(mode.width), int(mode.height)) if known else (0, 0)
