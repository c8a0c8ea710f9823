# SPDX-License-Identifier: Apache-2.0
"""macOS: Launch Services knows a scheme from the `Info.plist` of an application bundle, and from nowhere else.

So nothing can be registered by a running program. Put the text of `info_plist` into the bundle's `Info.plist` (with
PyInstaller or py2app: into their `info_plist` or `plist` option); the system learns it when the bundle is first opened.
The URL then arrives as an Apple event, for example `QEvent.FileOpen` in Qt or `::tk::mac::LaunchURL` in Tk.
"""

import plistlib
import re

from counterfoil_client._redirect import check_scheme
from counterfoil_client.errors import ConfigurationError

ONLY_A_BUNDLE = (
    "on macOS only an application bundle can register a scheme: put the text of"
    " counterfoil_client.schemes.macos.info_plist() into its Info.plist"
)
_BUNDLE_ID = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


def info_plist(scheme: str, bundle_id: str) -> str:
    """Return the `CFBundleURLTypes` entry of an `Info.plist`, to be pasted into its outermost `<dict>`."""
    check_scheme(scheme)
    if not _BUNDLE_ID.fullmatch(bundle_id):
        raise ConfigurationError("bundle_id must be the bundle's CFBundleIdentifier, such as com.example.App")
    kind = {"CFBundleTypeRole": "Viewer", "CFBundleURLName": bundle_id, "CFBundleURLSchemes": [scheme]}
    whole = plistlib.dumps({"CFBundleURLTypes": [kind]}, sort_keys=False).decode()
    return whole.partition("<dict>\n")[2].rpartition("</dict>\n</plist>")[0]
