# SPDX-License-Identifier: Apache-2.0
"""Machines as their SDK would describe them, digested by a few lines of our own instead of by the SDK."""

import base64
import json
from hashlib import sha256

LAPTOP = {
    "machine": "m-1",
    "os": "linux ubuntu",
    "os_version": "24.04",
    "architecture": "x86_64",
    "cpu": "AMD Ryzen 7 7840U",
    "cpu_count": "16",
    "memory": "32 GiB",
    "hostname": "ada-laptop",
    "product": "Framework Laptop 13",
    "timezone": "Europe/Berlin",
    "locale": "de_DE",
    "app": "desk-app 1.0",
    "display": "1 qhd",
    "environment": "metal",
    "key_storage": "software",
}
OTHER_MACHINE = LAPTOP | {"machine": "m-2", "hostname": "mallory", "product": "Tower", "cpu": "Intel i5"}
MOVED_DISK = LAPTOP | {"cpu": "Intel i9", "product": "Tower", "cpu_count": "24", "memory": "64 GiB", "display": "2 uhd"}
CLONED_IMAGE = LAPTOP | {"cpu": "Intel Xeon", "cpu_count": "4", "memory": "8 GiB", "hostname": "clone"}
UPGRADED = LAPTOP | {"os_version": "26.04", "app": "desk-app 1.1", "timezone": "Asia/Tokyo"}

_STABLE = ("machine", "os", "architecture", "cpu", "product")


def described(machine: dict[str, str]) -> str:
    """The `device_fingerprint` field (protocol.md §7): every digest depends on the machine's id."""
    secret = machine["machine"]
    attributes = {name: _digest(secret, name, value)[:22] for name, value in machine.items()}
    stable = _digest(secret, "stable", *(machine[name] for name in _STABLE))
    text = json.dumps({"v": 1, "stable": stable, "attributes": attributes})
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _digest(*parts: str) -> str:
    return base64.urlsafe_b64encode(sha256("\0".join(parts).encode()).digest()).decode().rstrip("=")
