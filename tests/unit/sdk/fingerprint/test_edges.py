# SPDX-License-Identifier: Apache-2.0
"""The edges to the real system: files that are traps, and the libraries of macOS and Windows played by stand-ins.

No Mac and no Windows ran these tests. The stand-ins hold what can be held elsewhere: arguments, buffers, layouts, and
that a failure of any kind is "nothing".
"""

import ctypes
import os
import socket
import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from counterfoil_client._fingerprint import macos_sources, windows_sources
from counterfoil_client._fingerprint.macos_sources import MacSystem
from counterfoil_client._fingerprint.sources import LIMIT, MacSources, SystemSources, WindowsSources
from counterfoil_client._fingerprint.windows_sources import DeviceMode, DisplayDevice, MemoryStatus, WindowsSystem

REAL = SystemSources()
RAISED = [OSError("gone"), AttributeError("no such function"), ValueError("odd"), ctypes.ArgumentError("odd")]


def test_a_file_is_read_to_the_limit_and_no_further(tmp_path: Path) -> None:
    (tmp_path / "huge").write_bytes(b"x" * (LIMIT * 3))
    found = REAL.read(str(tmp_path / "huge"))
    assert found is not None
    assert len(found) == LIMIT


def test_what_cannot_be_read_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    for path in (tmp_path, tmp_path / "missing", tmp_path / "loop", Path("/proc/self/mem")):
        assert REAL.read(str(path)) is None
    assert REAL.read("bad\0name") is None
    assert REAL.read("~nobody-of-this-name/file") is None
    assert REAL.link(str(tmp_path / "missing")) is None
    assert REAL.link("bad\0name") is None
    assert not REAL.exists("bad\0name")
    assert not REAL.exists("/x" * 5000)
    assert REAL.names(str(tmp_path / "missing")) == REAL.names("bad\0name") == ()


def test_a_forbidden_file_is_nothing_and_still_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests may run as root, whom no permission stops: so the refusal is played."""
    (tmp_path / "mark").touch()

    def refuse(*_: object, **__: object) -> int:
        raise PermissionError

    monkeypatch.setattr(os, "open", refuse)
    assert REAL.read(str(tmp_path / "mark")) is None
    assert REAL.exists(str(tmp_path / "mark"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in this system's folders")
def test_a_pipe_in_a_files_place_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "machine-id")
    assert not REAL.read(str(tmp_path / "machine-id"))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="this system does not list what is open")
def test_no_file_stays_open(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    def number() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = number()
    for path in ("file", "missing", "."):
        REAL.read(str(tmp_path / path))
    assert number() == before


def test_files_links_and_folders_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "b").write_bytes(b"content\xff")
    (tmp_path / "a").symlink_to("../zoneinfo/Europe/Berlin")
    assert REAL.read("~/b") == b"content\xff"
    assert REAL.link(str(tmp_path / "a")) == "../zoneinfo/Europe/Berlin"
    assert REAL.names(str(tmp_path)) == ("a", "b")
    for number in range(100):
        (tmp_path / f"n{number}").touch()
    assert len(REAL.names(str(tmp_path))) == 64


def test_variables_host_name_and_architecture_are_the_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    assert REAL.variable("TZ") == "Europe/Berlin"
    assert REAL.variable("COUNTERFOIL_NOT_SET") is None
    assert REAL.hostname() == socket.gethostname()
    assert REAL.architecture() == os.uname().machine


@pytest.mark.parametrize("error", [OSError("no name"), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "odd")])
def test_a_host_without_a_name_has_none(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def refuse() -> str:
        raise error

    monkeypatch.setattr(socket, "gethostname", refuse)
    assert REAL.hostname() is None


def test_a_system_without_uname_says_no_architecture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "uname")
    assert REAL.architecture() is None


@pytest.mark.skipif(sys.platform == "darwin", reason="a Mac answers")
def test_the_questions_to_macos_are_answered_with_nothing_elsewhere() -> None:
    system: MacSources = MacSystem()
    assert (system.host_uuid(), system.sysctl("hw.model"), system.displays()) == (None, None, ())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows answers")
def test_the_questions_to_windows_are_answered_with_nothing_elsewhere() -> None:
    system: WindowsSources = WindowsSystem()
    assert system.registry("HKEY_LOCAL_MACHINE", "SOFTWARE", "x") is None
    assert (system.memory(), system.displays()) == (None, ())


def target(pointer: Any) -> Any:
    """What `ctypes.byref` points at."""
    return pointer._obj


class Mac:
    """libSystem and CoreGraphics, as their manuals describe them."""

    def __init__(self) -> None:
        self.status = 0
        self.released: list[int] = []
        self.CGDisplayCopyDisplayMode: Any = lambda display: None if display.value == 9 else display.value * 1000
        self.CGDisplayModeGetPixelWidth: Any = lambda mode: mode.value + 920
        self.CGDisplayModeGetPixelHeight: Any = lambda mode: mode.value + 80
        self.CGDisplayModeRelease: Any = lambda mode: self.released.append(mode.value)

    def gethostuuid(self, found: Any, patience: Any) -> int:
        assert (target(patience).seconds, target(patience).nanoseconds) == (1, 0), "zeros would wait for ever"
        found[:] = range(16)
        return self.status

    def sysctlbyname(self, name: bytes, room: Any, size: Any, new: None, new_size: Any) -> int:
        assert (name, new, new_size.value, target(size).value) == (b"hw.model", None, 0, len(room))
        room[:7] = b"Mac16,1"
        target(size).value = 8
        return self.status

    def CGGetOnlineDisplayList(self, most: int, found: Any, number: Any) -> int:  # noqa: N802 - Apple's name
        assert most == len(found)
        found[:3] = (1, 2, 9)
        target(number).value = 3
        return self.status


@pytest.fixture
def mac(monkeypatch: pytest.MonkeyPatch) -> Mac:
    library = Mac()
    monkeypatch.setattr(
        macos_sources, "load", lambda path: library if path.startswith(("/usr/lib/", "/System/")) else None
    )
    return library


def test_macos_is_asked_as_its_manuals_say(mac: Mac) -> None:
    assert MacSystem().host_uuid() == bytes(range(16))
    assert MacSystem().sysctl("hw.model") == b"Mac16,1\0"
    assert MacSystem().displays() == ((1920, 1080), (2920, 2080), (0, 0))
    assert mac.released == [1000, 2000], "each mode is given back, and only those that there were"


def test_a_refusal_of_macos_is_nothing(mac: Mac) -> None:
    mac.status = -1
    assert (MacSystem().host_uuid(), MacSystem().sysctl("hw.model"), MacSystem().displays()) == (None, None, ())


class Windows:
    """user32 and kernel32, as their manuals describe them."""

    def __init__(self) -> None:
        self.adapters = [(1, (1920, 1080)), (0, (800, 600)), (5, (3840, 2160)), (1, None)]

    def GlobalMemoryStatusEx(self, status: Any) -> int:  # noqa: N802 - Microsoft's name
        assert target(status).length == 64
        target(status).total = 17_000_000_000
        return 1

    def EnumDisplayDevicesW(self, device: None, number: Any, found: Any, flags: Any) -> int:  # noqa: N802 - the same
        assert (device, target(found).length, flags.value) == (None, 840, 0)
        if number.value >= len(self.adapters):
            return 0
        target(found).flags = self.adapters[number.value][0]
        target(found).name[0] = number.value
        return 1

    def EnumDisplaySettingsW(self, name: Any, number: Any, found: Any) -> int:  # noqa: N802 - the same
        assert (number.value, target(found).length) == (0xFFFFFFFF, 220)
        size = self.adapters[name[0]][1]
        if size is None:
            return 0
        target(found).width, target(found).height = size
        return 1


@pytest.fixture
def user32(monkeypatch: pytest.MonkeyPatch) -> Windows:
    library = Windows()
    monkeypatch.setattr(windows_sources, "load", lambda name: {"user32": library, "kernel32": library}[name])
    return library


def test_windows_is_asked_as_its_manuals_say(user32: Windows) -> None:
    assert WindowsSystem().memory() == 17_000_000_000
    assert WindowsSystem().displays() == ((1920, 1080), (3840, 2160), (0, 0))
    user32.adapters = [(1, (1920, 1080))] * 1000
    assert len(WindowsSystem().displays()) == 64, "a driver that never ends its list does not hold a sign-in up"


def test_structures_have_the_layout_of_windows() -> None:
    assert (ctypes.sizeof(MemoryStatus), MemoryStatus.total.offset) == (64, 8)
    assert (ctypes.sizeof(DisplayDevice), DisplayDevice.flags.offset) == (840, 324)
    assert (ctypes.sizeof(DeviceMode), DeviceMode.length.offset) == (220, 68)
    assert (DeviceMode.width.offset, DeviceMode.height.offset) == (172, 176)


@pytest.mark.parametrize("error", RAISED, ids=repr)
def test_any_failure_of_a_library_is_nothing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(_: str) -> Any:
        raise error

    for module in (macos_sources, windows_sources):
        monkeypatch.setattr(module, "load", fail)
    assert (MacSystem().host_uuid(), MacSystem().sysctl("hw.model"), MacSystem().displays()) == (None, None, ())
    assert (WindowsSystem().memory(), WindowsSystem().displays()) == (None, ())


def winreg(answer: Callable[[str], Any]) -> SimpleNamespace:
    """The standard library's module, which is on Windows alone."""

    @contextmanager
    def open_key(hive: str, key: str, reserved: int, access: int) -> Any:
        assert reserved == 0
        assert access == 0x20019 | 0x100, "the 64-bit view, for reading"
        yield f"{hive}\\{key}"

    def query(opened: str, name: str) -> tuple[Any, int]:
        return answer(f"{opened}\\{name}"), 1

    names = {"HKEY_LOCAL_MACHINE": "HKLM", "HKEY_CURRENT_USER": "HKCU", "KEY_READ": 0x20019, "KEY_WOW64_64KEY": 0x100}
    return SimpleNamespace(OpenKey=open_key, QueryValueEx=query, **names)


@pytest.mark.parametrize(
    ("value", "found"), [("text", "text"), (7, 7), (b"bytes", None), (["many"], None), (None, None)], ids=repr
)
def test_the_registry_gives_texts_and_numbers(monkeypatch: pytest.MonkeyPatch, value: Any, found: Any) -> None:
    asked: list[str] = []

    def answer(path: str) -> Any:
        asked.append(path)
        return value

    monkeypatch.setitem(sys.modules, "winreg", winreg(answer))
    assert WindowsSystem().registry("HKEY_LOCAL_MACHINE", r"SOFTWARE\x", "Name") == found
    assert asked == [r"HKLM\SOFTWARE\x\Name"]


@pytest.mark.parametrize(
    "error", [FileNotFoundError(2, "no such key"), PermissionError(5, "denied"), ValueError("odd")]
)
def test_a_registry_that_refuses_gives_nothing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def refuse(_: str) -> Any:
        raise error

    monkeypatch.setitem(sys.modules, "winreg", winreg(refuse))
    assert WindowsSystem().registry("HKEY_CURRENT_USER", "Control Panel", "Name") is None
