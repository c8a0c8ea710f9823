# SPDX-License-Identifier: Apache-2.0
"""Register a URL scheme for the person who runs this program, so that a browser can hand a sign-in back to it.

After `register("com.example.app", ["/opt/app/app", "--sign-in"], name="Example App")` the system starts that command
with the URL as its last argument; give the URL to `PendingLogin.handle_redirect`, by a message to the running program
if there is one. Nothing here needs an administrator, and nothing of another program is overwritten. On macOS only an
application bundle can register, so there nothing is ever registered here: see `macos.info_plist`.

Any web page may open such a URL, so the command must take it for nothing but text: put `--` before it where options of
the command begin with a hyphen, and let `handle_redirect` judge it.
"""

import sys
from collections.abc import Sequence

from counterfoil_client._redirect import check_scheme
from counterfoil_client.errors import ConfigurationError
from counterfoil_client.schemes import linux, macos, windows

__all__ = ["is_registered", "register", "unregister"]


def register(scheme: str, command: Sequence[str], *, name: str) -> None:
    """Let the system start this command for URLs of this scheme; again replaces what was registered here before."""
    if sys.platform == "win32":
        windows.register(scheme, command, name=name)
    elif sys.platform == "darwin":
        raise ConfigurationError(macos.ONLY_A_BUNDLE)
    else:
        linux.register(scheme, command, name=name)


def unregister(scheme: str) -> None:
    """Take back what `register` wrote, and nothing else."""
    if sys.platform == "win32":
        windows.unregister(scheme)
    elif sys.platform == "darwin":
        check_scheme(scheme)
    else:
        linux.unregister(scheme)


def is_registered(scheme: str) -> bool:
    """Whether `register` wrote this scheme, and the system would ask its command."""
    if sys.platform == "win32":
        return windows.is_registered(scheme)
    if sys.platform == "darwin":
        check_scheme(scheme)
        return False
    return linux.is_registered(scheme)
