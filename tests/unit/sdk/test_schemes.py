# SPDX-License-Identifier: Apache-2.0
"""Registering a scheme for one person, on systems that need not be there, with names that try to break out."""

import configparser
import plistlib
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from counterfoil_client import ConfigurationError, schemes
from counterfoil_client.schemes import linux, macos, windows

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEME = "com.example.app"
COMMAND = ["/opt/app/app", "--sign-in"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


def entry(home: Path) -> configparser.SectionProxy:
    """The desktop file, read by a parser that nobody here wrote."""
    parser = configparser.RawConfigParser(delimiters=("=",), comment_prefixes=("#",), strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys keep their case
    parser.read_string((home / "data/applications" / f"counterfoil-{SCHEME}.desktop").read_text("utf-8"))
    assert parser.sections() == ["Desktop Entry"]
    return parser["Desktop Entry"]


def defaults(home: Path) -> str:
    return (home / "config/mimeapps.list").read_text("utf-8")


def arguments(value: str) -> list[str]:
    """Undo the two rules of the Desktop Entry Specification in its order: escapes, then quotes, then field codes."""
    text, found, quoted, begun, position = value.replace("\\\\", "\\"), [""], False, False, 0
    while position < len(text):
        character = text[position]
        if quoted and character == "\\":
            position += 1
            assert text[position] in '"`$\\', "only these may be escaped within quotes"
            found[-1] += text[position]
        elif character == '"':
            quoted, begun = not quoted, True
        elif character == " " and not quoted:
            found.append("")
        else:
            assert quoted or character not in "\t\n'\\><~|&;$*?#()`", f"{character} must be quoted"
            found[-1] += character
        position += 1
    assert not quoted
    assert begun or found
    return [one.replace("%%", "%") if one != "%u" else one for one in found]


def test_linux_gets_a_desktop_file_and_a_default(home: Path) -> None:
    assert not schemes.is_registered(SCHEME)
    schemes.register(SCHEME, COMMAND, name="Example App")
    assert schemes.is_registered(SCHEME)
    found = entry(home)
    assert found["Type"] == "Application"
    assert found["Name"] == "Example App"
    assert found["Exec"] == "/opt/app/app --sign-in %u"
    assert found["MimeType"] == f"x-scheme-handler/{SCHEME};"
    assert defaults(home) == f"[Default Applications]\nx-scheme-handler/{SCHEME}=counterfoil-{SCHEME}.desktop;\n"


def test_twice_is_once_and_a_newer_command_replaces_the_older(home: Path) -> None:
    schemes.register(SCHEME, COMMAND, name="Example App")
    before = defaults(home)
    schemes.register(SCHEME, ["/opt/new/app"], name="Example App")
    assert defaults(home) == before
    assert entry(home)["Exec"] == "/opt/new/app %u"


def test_unregistering_takes_back_what_was_written_and_again_is_harmless(home: Path) -> None:
    schemes.register(SCHEME, COMMAND, name="Example App")
    for _ in range(2):
        schemes.unregister(SCHEME)
        assert not schemes.is_registered(SCHEME)
        assert list((home / "data/applications").iterdir()) == []
        assert SCHEME not in defaults(home)


def test_unregistering_where_nothing_is_writes_nothing(home: Path) -> None:
    schemes.unregister(SCHEME)
    assert list(home.iterdir()) == []


BEFORE = """\
# mine
[Added Associations]
x-scheme-handler/com.example.app=other.desktop;
text/plain=nvim.desktop;

[Default Applications]
text/html = firefox.desktop
x-scheme-handler/com.example.app=other.desktop;third.desktop
x-scheme-handler/com.example.app.more=more.desktop

[Removed Associations]
text/html=vim.desktop
"""


@pytest.mark.parametrize("text", [BEFORE, BEFORE.rstrip("\n"), BEFORE.replace("\n", "\r\n")])
def test_every_other_line_and_every_other_program_stays(home: Path, text: str) -> None:
    (home / "config").mkdir()
    path = home / "config/mimeapps.list"
    path.write_bytes(text.encode())
    schemes.register(SCHEME, COMMAND, name="Example App")
    ours = f"x-scheme-handler/{SCHEME}=counterfoil-{SCHEME}.desktop;other.desktop;third.desktop;"
    changed = path.read_bytes().decode()
    assert ours in changed.splitlines()
    lines = [line for line in text.splitlines() if "third" not in line]
    assert [line for line in changed.splitlines() if line != ours] == lines
    schemes.unregister(SCHEME)
    after = path.read_bytes().decode().splitlines()
    assert f"x-scheme-handler/{SCHEME}=other.desktop;third.desktop;" in after
    assert [line for line in after if "third" not in line] == lines


def test_a_list_without_defaults_gets_them_at_its_end(home: Path) -> None:
    (home / "config").mkdir()
    (home / "config/mimeapps.list").write_bytes(b"[Added Associations]\ntext/plain=\xff.desktop\n")
    schemes.register(SCHEME, COMMAND, name="Example App")
    text = (home / "config/mimeapps.list").read_bytes()
    assert text.startswith(b"[Added Associations]\ntext/plain=\xff.desktop\n[Default Applications]\n")
    assert schemes.is_registered(SCHEME)


def test_a_link_to_the_list_stays_a_link(home: Path) -> None:
    (home / "config").mkdir()
    (home / "dotfiles").write_text("")
    (home / "config/mimeapps.list").symlink_to(home / "dotfiles")
    schemes.register(SCHEME, COMMAND, name="Example App")
    assert (home / "config/mimeapps.list").is_symlink()
    assert SCHEME in (home / "dotfiles").read_text("utf-8")


def test_a_file_that_somebody_else_wrote_is_neither_overwritten_nor_removed(home: Path) -> None:
    path = home / "data/applications" / f"counterfoil-{SCHEME}.desktop"
    path.parent.mkdir(parents=True)
    path.write_text("[Desktop Entry]\nName=Theirs\n")
    with pytest.raises(ConfigurationError, match="not of our making"):
        schemes.register(SCHEME, COMMAND, name="Example App")
    schemes.unregister(SCHEME)
    assert path.read_text("utf-8") == "[Desktop Entry]\nName=Theirs\n"


def test_another_program_in_front_means_that_ours_is_not_asked(home: Path) -> None:
    schemes.register(SCHEME, COMMAND, name="Example App")
    path = home / "config/mimeapps.list"
    path.write_text(path.read_text("utf-8").replace("=counterfoil", "=theirs.desktop;counterfoil"))
    assert not schemes.is_registered(SCHEME)


@pytest.mark.parametrize("variable", ["", "relative/path"])
def test_without_usable_variables_the_usual_folders_are_used(
    home: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", variable)
    monkeypatch.setenv("XDG_CONFIG_HOME", variable)
    schemes.register(SCHEME, COMMAND, name="Example App")
    assert (home / ".local/share/applications" / f"counterfoil-{SCHEME}.desktop").exists()
    assert (home / ".config/mimeapps.list").exists()


NASTY = [
    "/opt/my app/app",
    '/opt/"quoted"/app',
    "/opt/$HOME/`id`/app",
    "/opt/back\\slash\\",
    "100% sure",
    "%u",
    "%f%%i",
    "; rm -rf ~",
    "a'b",
    "$(id)",
    "a\\$b",
    "\\n",
    "<>|&*?#()~",
    "büro",
    "",
]


@pytest.mark.parametrize("nasty", NASTY)
def test_an_argument_arrives_as_it_was_given(home: Path, nasty: str) -> None:
    schemes.register(SCHEME, ["/opt/app", nasty, "end"], name="Example App")
    assert arguments(entry(home)["Exec"]) == ["/opt/app", nasty, "end", "%u"]


@pytest.mark.parametrize(
    "text", ["a\nExec=/bin/sh", "a\rb", "a\x00b", "a\tb", "a\x1bb", "a\u2028b", "a\u202eb", "x" * 2000]
)
def test_text_that_would_break_out_of_its_line_is_refused(home: Path, text: str) -> None:
    for system in (linux, windows):
        registry: dict[str, Any] = {} if system is linux else {"registry": MemoryRegistry()}
        with pytest.raises(ConfigurationError, match="on one line"):
            system.register(SCHEME, ["/opt/app", text], name="Example App", **registry)
        with pytest.raises(ConfigurationError, match="on one line"):
            system.register(SCHEME, COMMAND, name=text, **registry)
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("name", ["a\\nExec=/bin/sh", " padded ", "[Desktop Entry]", "Exec=/bin/sh", "a;b", "%u"])
def test_a_strange_name_stays_a_name(home: Path, name: str) -> None:
    schemes.register(SCHEME, COMMAND, name=name)
    found = entry(home)
    assert found["Exec"] == "/opt/app/app --sign-in %u"
    assert found["Name"].replace("\\s", " ").replace("\\\\", "\\").strip() == name.strip()


@pytest.mark.parametrize(
    "scheme", ["http", "https", "myapp", "mailto", "Com.Example", "com.example/../x", "a.b\nExec=x", ""]
)
def test_a_scheme_that_is_nobodys_is_refused_everywhere(home: Path, scheme: str) -> None:
    registry = MemoryRegistry()
    calls: list[Callable[[], object]] = [
        lambda: linux.register(scheme, COMMAND, name="x"),
        lambda: linux.unregister(scheme),
        lambda: linux.is_registered(scheme),
        lambda: windows.register(scheme, COMMAND, name="x", registry=registry),
        lambda: windows.unregister(scheme, registry=registry),
        lambda: windows.is_registered(scheme, registry=registry),
        lambda: macos.info_plist(scheme, "com.example.App"),
    ]
    for call in calls:
        with pytest.raises(ConfigurationError, match="reverse"):
            call()
    assert registry.keys == {}
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("command", [[], [""], "/opt/app --sign-in"])
def test_a_command_is_a_list_that_begins_with_a_program(home: Path, command: Any) -> None:
    with pytest.raises(ConfigurationError, match="list"):
        schemes.register(SCHEME, command, name="Example App")
    assert list(home.iterdir()) == []


def test_a_name_is_needed_and_a_program_that_a_desktop_file_cannot_name_is_refused(home: Path) -> None:
    with pytest.raises(ConfigurationError, match="name"):
        schemes.register(SCHEME, COMMAND, name=" ")
    with pytest.raises(ConfigurationError, match="'='"):
        schemes.register(SCHEME, ["/opt/a=b"], name="Example App")
    assert list(home.iterdir()) == []


class MemoryRegistry:
    """The user's part of a registry; a key is there as soon as something lies in it or below it."""

    def __init__(self) -> None:
        self.keys: dict[str, dict[str, str]] = {}

    def read(self, key: str, name: str) -> str | None:
        return self.keys.get(key, {}).get(name)

    def write(self, key: str, name: str, value: str) -> None:
        parts = key.split("\\")
        for length in range(1, len(parts) + 1):
            self.keys.setdefault("\\".join(parts[:length]), {})
        self.keys[key][name] = value

    def remove(self, key: str, name: str) -> None:
        self.keys.get(key, {}).pop(name, None)

    def prune(self, key: str) -> None:
        if not self.keys.get(key) and not any(other.startswith(f"{key}\\") for other in self.keys):
            self.keys.pop(key, None)


CLASS = rf"Software\Classes\{SCHEME}"


def test_windows_gets_a_class_of_the_user() -> None:
    registry = MemoryRegistry()
    windows.register(SCHEME, [r"C:\My App\app.exe", "--dir", "C:\\x\\"], name="Example App", registry=registry)
    assert windows.is_registered(SCHEME, registry=registry)
    assert registry.keys[CLASS][""] == "URL:Example App"
    assert registry.keys[CLASS]["URL Protocol"] == ""
    command = registry.keys[rf"{CLASS}\shell\open\command"][""]
    assert command == '"C:\\My App\\app.exe" "--dir" "C:\\x\\\\" "%1"'


def test_windows_twice_is_once_and_unregistering_leaves_nothing() -> None:
    registry = MemoryRegistry()
    registry.write(r"Software\Classes\other", "", "theirs")
    for _ in range(2):
        windows.register(SCHEME, COMMAND, name="Example App", registry=registry)
    for _ in range(2):
        windows.unregister(SCHEME, registry=registry)
    assert not windows.is_registered(SCHEME, registry=registry)
    assert set(registry.keys) == {"Software", r"Software\Classes", r"Software\Classes\other"}


def test_windows_keeps_what_another_program_put_beside_ours() -> None:
    registry = MemoryRegistry()
    windows.register(SCHEME, COMMAND, name="Example App", registry=registry)
    registry.write(rf"{CLASS}\DefaultIcon", "", "theirs.ico")
    windows.unregister(SCHEME, registry=registry)
    assert registry.keys[rf"{CLASS}\DefaultIcon"] == {"": "theirs.ico"}
    assert registry.keys[CLASS] == {}


@pytest.mark.parametrize("where", [(CLASS, ""), (CLASS, "URL Protocol"), (rf"{CLASS}\shell\open\command", "")])
def test_windows_leaves_the_scheme_of_another_program_alone(where: tuple[str, str]) -> None:
    registry = MemoryRegistry()
    registry.write(*where, "theirs")
    with pytest.raises(ConfigurationError, match="another program"):
        windows.register(SCHEME, COMMAND, name="Example App", registry=registry)
    windows.unregister(SCHEME, registry=registry)
    assert registry.read(*where) == "theirs"


@pytest.mark.parametrize("nasty", ['a" "b', '"', "%1", "%USERPROFILE%", "100%"])
def test_windows_refuses_what_it_would_give_a_meaning(nasty: str) -> None:
    registry = MemoryRegistry()
    for command in ([nasty], ["app.exe", nasty]):
        with pytest.raises(ConfigurationError, match="percent"):
            windows.register(SCHEME, command, name="Example App", registry=registry)
    assert registry.keys == {}


class FakeWinreg(SimpleNamespace):
    """As much of the module `winreg` as is used, over a `MemoryRegistry`."""

    HKEY_CURRENT_USER, KEY_SET_VALUE, REG_SZ = "HKCU", 2, 1

    def __init__(self) -> None:
        super().__init__(memory=MemoryRegistry())

    def _open(self, key: str) -> Any:
        class Opened(str):
            __slots__ = ()

            def __enter__(self) -> str:
                return self

            def __exit__(self, *_: object) -> None:
                return None

        return Opened(key)

    def OpenKey(self, root: str, key: str, *_: int) -> Any:  # noqa: N802 - the name in winreg
        assert root == "HKCU"
        if key not in self.memory.keys:
            raise FileNotFoundError
        return self._open(key)

    def CreateKey(self, root: str, key: str) -> Any:  # noqa: N802 - the same
        assert root == "HKCU"
        return self._open(key)

    def SetValueEx(self, key: str, name: str, reserved: int, kind: int, value: str) -> None:  # noqa: N802 - the same
        assert (reserved, kind) == (0, 1)
        self.memory.write(str(key), name, value)

    def QueryValueEx(self, key: str, name: str) -> tuple[str, int]:  # noqa: N802 - the same
        if name not in self.memory.keys[key]:
            raise FileNotFoundError
        return self.memory.keys[key][name], 1

    def DeleteValue(self, key: str, name: str) -> None:  # noqa: N802 - the same
        if self.memory.keys[key].pop(name, None) is None:
            raise FileNotFoundError

    def QueryInfoKey(self, key: str) -> tuple[int, int, int]:  # noqa: N802 - the same
        below = [other for other in self.memory.keys if other.startswith(f"{key}\\")]
        return len(below), len(self.memory.keys[key]), 0

    def DeleteKey(self, root: str, key: str) -> None:  # noqa: N802 - the same
        assert root == "HKCU"
        del self.memory.keys[key]


def test_the_real_registry_is_used_through_the_standard_library(monkeypatch: pytest.MonkeyPatch) -> None:
    winreg = FakeWinreg()
    monkeypatch.setitem(sys.modules, "winreg", winreg)
    monkeypatch.setattr("sys.platform", "win32")
    assert not schemes.is_registered(SCHEME)
    schemes.register(SCHEME, COMMAND, name="Example App")
    assert schemes.is_registered(SCHEME)
    assert winreg.memory.keys[rf"{CLASS}\shell\open\command"] == {"": '"/opt/app/app" "--sign-in" "%1"'}
    winreg.memory.write(rf"{CLASS}\DefaultIcon", "", "theirs.ico")
    schemes.unregister(SCHEME)
    schemes.unregister(SCHEME)
    assert set(winreg.memory.keys) == {"Software", r"Software\Classes", CLASS, rf"{CLASS}\DefaultIcon"}


def test_elsewhere_there_is_no_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "winreg", None)
    with pytest.raises(ConfigurationError, match="registry"):
        windows.is_registered(SCHEME)


def test_macos_is_told_what_to_put_into_the_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    text = macos.info_plist(SCHEME, "com.example.App")
    whole = plistlib.loads(f'<plist version="1.0"><dict>{text}</dict></plist>'.encode())
    assert whole == {
        "CFBundleURLTypes": [
            {"CFBundleTypeRole": "Viewer", "CFBundleURLName": "com.example.App", "CFBundleURLSchemes": [SCHEME]}
        ]
    }
    monkeypatch.setattr("sys.platform", "darwin")
    calls: list[Callable[[], object]] = [
        lambda: schemes.register(SCHEME, COMMAND, name="x"),
        lambda: schemes.register(SCHEME, COMMAND, name=""),
    ]
    for call in calls:
        with pytest.raises(ConfigurationError, match="info_plist"):
            call()


def test_on_macos_nothing_is_registered_and_nothing_to_take_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert schemes.is_registered(SCHEME) is False
    schemes.unregister(SCHEME)
    calls: list[Callable[[], object]] = [lambda: schemes.is_registered("http"), lambda: schemes.unregister("http")]
    for call in calls:
        with pytest.raises(ConfigurationError, match="reverse"):
            call()


@pytest.mark.parametrize("bundle_id", ["", "app", "com.example.<key>", "com.example.App\n", "com.ex ample"])
def test_macos_takes_no_bundle_id_that_is_none(bundle_id: str) -> None:
    with pytest.raises(ConfigurationError, match="bundle_id"):
        macos.info_plist(SCHEME, bundle_id)
