# SPDX-License-Identifier: Apache-2.0
"""os-release(5): which distribution this is, read where the system's own file is."""

import re

from counterfoil_client._fingerprint.sources import Sources
from counterfoil_client._fingerprint.values import text

_HERE = ("/etc/os-release", "/usr/lib/os-release")
_OF_THE_HOST = ("/run/host/etc/os-release", "/run/host/usr/lib/os-release", "/run/host/os-release")


def is_flatpak(sources: Sources) -> bool:
    """Whether the root is that of a Flatpak runtime."""
    return sources.exists("/.flatpak-info")


def os_release(sources: Sources) -> dict[str, str]:
    """The first file that names a distribution; in a Flatpak the host's, for the runtime comes with the application."""
    for path in (*_OF_THE_HOST, *_HERE) if is_flatpak(sources) else _HERE:
        found = assignments(text(sources.read(path)))
        if found.get("ID"):
            return found
    return {}


def assignments(content: str) -> dict[str, str]:
    """Names and values; of a name given twice the last counts, as in a shell."""
    return dict(_assignment(line) for line in content.splitlines() if "=" in line and not line.startswith("#"))


def _assignment(line: str) -> tuple[str, str]:
    name, _, given = line.partition("=")
    value = given.strip()
    if len(value) > 1 and value[0] in {'"', "'"} and value[0] == value[-1]:
        value = value[1:-1]
    return name.strip(), re.sub(r"\\(.)", r"\1", value)
