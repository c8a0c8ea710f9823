# SPDX-License-Identifier: Apache-2.0
"""Open a page in the system's browser: the person's own, with its address bar, never a view inside the application."""

import contextlib
import os
import sys
import webbrowser

_IN_THE_TERMINAL = frozenset({"elinks", "links", "links2", "lynx", "w3m", "www-browser"})


def browse(url: str) -> bool:
    """Open a page; False where there is no browser with a window, for one in the terminal would cover the code."""
    if not url.startswith(("https://", "http://127.0.0.1", "http://[::1]", "http://localhost")):
        return False
    if not _has_a_screen():
        return False
    with contextlib.suppress(webbrowser.Error, OSError):
        browser = webbrowser.get()
        return _has_a_window(browser) and browser.open(url)
    return False


def _has_a_screen() -> bool:
    if sys.platform in {"win32", "darwin"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _has_a_window(browser: webbrowser.BaseBrowser) -> bool:
    """The standard library starts a plain `GenericBrowser` in the foreground, which is how text browsers run."""
    program = os.path.basename(getattr(browser, "name", ""))  # noqa: PTH119 - a command, not a file
    return type(browser) is not webbrowser.GenericBrowser and program not in _IN_THE_TERMINAL
