# SPDX-License-Identifier: Apache-2.0
"""The Mac this runs on, asked through ctypes; on any other system every answer is "nothing"."""

import contextlib
import ctypes
from typing import Any

from counterfoil_client._fingerprint.sources import Sizes, SystemSources

_SYSTEM = "/usr/lib/libSystem.B.dylib"
_GRAPHICS = "/System/Library/Frameworks/CoreGraphics.framework/CoreGraphics"
_ROOM = 256
_UUID = 16
_MOST_DISPLAYS = 16
_PATIENCE = 1
_FAILURES = (OSError, AttributeError, ValueError, ctypes.ArgumentError)


class TimeSpec(ctypes.Structure):
    """`struct timespec` of 64-bit systems."""

    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


class MacSystem(SystemSources):
    """Asks libSystem and CoreGraphics by their full paths, which the system keeps in its cache of libraries."""

    def host_uuid(self) -> bytes | None:
        """gethostuuid(2), which may wait for one second; zeros would mean for ever."""
        found = (ctypes.c_ubyte * _UUID)()
        patience = TimeSpec(_PATIENCE, 0)
        with contextlib.suppress(*_FAILURES):
            if load(_SYSTEM).gethostuuid(found, ctypes.byref(patience)) == 0:
                return bytes(found)
        return None

    def sysctl(self, name: str) -> bytes | None:
        """sysctlbyname(3)."""
        room, size = ctypes.create_string_buffer(_ROOM), ctypes.c_size_t(_ROOM)
        with contextlib.suppress(*_FAILURES):
            if load(_SYSTEM).sysctlbyname(name.encode(), room, ctypes.byref(size), None, ctypes.c_size_t(0)) == 0:
                return room.raw[: size.value]
        return None

    def displays(self) -> Sizes:
        """Quartz Display Services: pixels, not points, of the mode each display is in."""
        with contextlib.suppress(*_FAILURES):
            graphics = load(_GRAPHICS)
            found, number = (ctypes.c_uint32 * _MOST_DISPLAYS)(), ctypes.c_uint32(0)
            if graphics.CGGetOnlineDisplayList(_MOST_DISPLAYS, found, ctypes.byref(number)) == 0:
                return tuple(_size(graphics, display) for display in found[: number.value])
        return ()


def load(path: str) -> Any:  # noqa: ANN401 - a library has the functions it has
    """Open a library of the system; `OSError` where there is none."""
    return ctypes.CDLL(path)


def _size(graphics: Any, display: int) -> tuple[int, int]:  # noqa: ANN401 - the library above
    """Zeros stand for a display without a mode: it is counted, and has no size."""
    graphics.CGDisplayCopyDisplayMode.restype = ctypes.c_void_p
    mode = graphics.CGDisplayCopyDisplayMode(ctypes.c_uint32(display))
    if not mode:
        return (0, 0)
    try:
        return (_pixels(graphics.CGDisplayModeGetPixelWidth, mode), _pixels(graphics.CGDisplayModeGetPixelHeight, mode))
    finally:
        graphics.CGDisplayModeRelease(ctypes.c_void_p(mode))


def _pixels(ask: Any, mode: int) -> int:  # noqa: ANN401 - a function of the library
    ask.restype = ctypes.c_size_t
    return int(ask(ctypes.c_void_p(mode)))
