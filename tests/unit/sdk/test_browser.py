# SPDX-License-Identifier: Apache-2.0
"""Only ever the system's browser, only with a window, only for a page of the issuer's kind."""

import webbrowser
from typing import Any

import pytest

from counterfoil_client._browser import browse
from counterfoil_client._surroundings import Surroundings

PAGE = "https://id.example/check-mail"


class Window(webbrowser.BaseBrowser):
    """A browser that remembers what it showed."""

    def __init__(self, name: str = "firefox") -> None:
        super().__init__(name)
        self.shown: list[str] = []

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:  # noqa: FBT001, FBT002 - the base class's
        del new, autoraise
        self.shown.append(url)
        return True


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> Window:
    found = Window()
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(webbrowser, "get", lambda: found)
    return found


def test_a_page_is_shown(window: Window) -> None:
    assert browse(PAGE)
    assert Surroundings().browse("http://127.0.0.1:8000/check-mail")
    assert window.shown == [PAGE, "http://127.0.0.1:8000/check-mail"]


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "javascript:alert(1)", "http://id.example/", "--help", "", "mailto:a"]
)
def test_anything_but_a_page_is_not(window: Window, url: str) -> None:
    assert not browse(url)
    assert window.shown == []


def test_without_a_screen_nothing_is_started(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY")
    assert not browse(PAGE)
    assert window.shown == []
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert browse(PAGE)


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_elsewhere_there_is_always_a_screen(window: Window, monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    monkeypatch.delenv("DISPLAY")
    monkeypatch.setattr("sys.platform", system)
    assert browse(PAGE)
    assert window.shown == [PAGE]


@pytest.mark.parametrize(
    "browser", [webbrowser.GenericBrowser("lynx"), webbrowser.Elinks("elinks"), Window("/usr/bin/w3m")]
)
def test_a_browser_in_the_terminal_is_not_started(
    window: Window, monkeypatch: pytest.MonkeyPatch, browser: Any
) -> None:
    monkeypatch.setattr(webbrowser, "get", lambda: browser)
    monkeypatch.setattr("subprocess.Popen", lambda *_, **__: pytest.fail("it was started"))
    assert not browse(PAGE)
    assert window.shown == []


@pytest.mark.parametrize("error", [webbrowser.Error("none"), FileNotFoundError("gone"), PermissionError("no")])
def test_a_failure_to_show_it_is_no_error(window: Window, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: Any) -> bool:
        raise error

    monkeypatch.setattr(window, "open", fail)
    assert not browse(PAGE)
    monkeypatch.setattr(webbrowser, "get", fail)
    assert not browse(PAGE)
