# SPDX-License-Identifier: Apache-2.0
"""Choose the collector of the running system. It is loaded when it is used, so that importing the SDK costs nothing."""

import sys

from counterfoil_client._fingerprint.profile import Profile


def collect(platform: str = sys.platform) -> Profile:
    """Read what this machine says of itself; an unknown system says nothing."""
    try:
        return _collect(platform)
    except Exception:  # noqa: BLE001 - evidence beside the key must never be what a sign-in fails of [R107]
        return Profile()


def _collect(platform: str) -> Profile:
    if platform == "linux":
        from counterfoil_client._fingerprint import linux
        from counterfoil_client._fingerprint.sources import SystemSources

        return linux.profile(SystemSources())
    if platform == "darwin":
        from counterfoil_client._fingerprint import macos
        from counterfoil_client._fingerprint.macos_sources import MacSystem

        return macos.profile(MacSystem())
    if platform == "win32":
        from counterfoil_client._fingerprint import windows
        from counterfoil_client._fingerprint.windows_sources import WindowsSystem

        return windows.profile(WindowsSystem())
    return Profile()
