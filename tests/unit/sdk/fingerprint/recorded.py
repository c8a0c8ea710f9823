# SPDX-License-Identifier: Apache-2.0
"""Machines as files: `samples/SYSTEM/NAME.json` holds what a collector would read there, and what it must make of it.

All but `recorded_container_in_a_vm` are transcribed from public knowledge (documentation, bug reports, the test data of
other programs), not recorded: the facts a collector depends on are true to their release, what surrounds them is cut
short, and every machine id, serial number and host name is made up.

`files` are lists of lines, or one text where no line ends, `links` symbolic links, `present` files that are there but
cannot be read, `plists` property lists in their binary form, `sysctl` texts and numbers, `architecture` what the kernel
tells the process.
"""

import json
import plistlib
from pathlib import Path
from typing import Any

from counterfoil_client._fingerprint import linux, macos, windows
from counterfoil_client._fingerprint.profile import ATTRIBUTES, Profile
from counterfoil_client._fingerprint.sources import LIMIT, Hive, Sizes

SAMPLES = Path(__file__).parent / "samples"
SYSTEMS = ("linux", "macos", "windows")
_LONG = {"hw.memsize"}


class Recorded:
    """A machine that answers from its sample, or from what a test put in its place."""

    def __init__(self, sample: dict[str, Any]) -> None:
        self.sample = sample
        self.contents = {path: _text(lines) for path, lines in sample.get("files", {}).items()}
        for path, value in sample.get("plists", {}).items():
            self.contents[path] = plistlib.dumps(value, fmt=plistlib.FMT_BINARY)
        self.values = {name: _value(name, value) for name, value in sample.get("sysctl", {}).items()}
        uuid = sample.get("host_uuid")
        self.uuid = None if uuid is None else bytes.fromhex(uuid)

    def read(self, path: str) -> bytes | None:
        content = self.contents.get(path)
        return None if content is None else content[:LIMIT]

    def exists(self, path: str) -> bool:
        return path in self.contents or path in self.sample.get("present", [])

    def link(self, path: str) -> str | None:
        found: str | None = self.sample.get("links", {}).get(path)
        return found

    def names(self, folder: str) -> tuple[str, ...]:
        below = [path.removeprefix(f"{folder}/") for path in self.contents if path.startswith(f"{folder}/")]
        return tuple(sorted({path.partition("/")[0] for path in below}))

    def variable(self, name: str) -> str | None:
        found: str | None = self.sample.get("environment", {}).get(name)
        return found

    def hostname(self) -> str | None:
        found: str | None = self.sample.get("hostname")
        return found

    def architecture(self) -> str | None:
        found: str | None = self.sample.get("architecture")
        return found

    def host_uuid(self) -> bytes | None:
        return self.uuid

    def sysctl(self, name: str) -> bytes | None:
        return self.values.get(name)

    def registry(self, hive: Hive, key: str, name: str) -> str | int | None:
        found: str | int | None = self.sample.get("registry", {}).get(hive, {}).get(key, {}).get(name)
        return found

    def memory(self) -> int | None:
        found: int | None = self.sample.get("memory")
        return found

    def displays(self) -> Sizes:
        return tuple((width, height) for width, height in self.sample.get("displays", []))


def names(system: str) -> list[str]:
    return sorted(path.stem for path in (SAMPLES / system).glob("*.json"))


def everywhere() -> list[tuple[str, str]]:
    return [(system, name) for system in SYSTEMS for name in names(system)]


def load(system: str, name: str) -> dict[str, Any]:
    sample: dict[str, Any] = json.loads((SAMPLES / system / f"{name}.json").read_text("utf-8"))
    return sample


def machine(system: str, name: str) -> Recorded:
    return Recorded(load(system, name))


def profile_of(system: str, recorded: Recorded) -> Profile:
    if system == "linux":
        return linux.profile(recorded)
    return macos.profile(recorded) if system == "macos" else windows.profile(recorded)


def raw(profile: Profile) -> dict[str, str]:
    """What is there."""
    return {name: value for name in ATTRIBUTES if (value := getattr(profile, name)) is not None}


def _text(content: str | list[str]) -> bytes:
    whole = content if isinstance(content, str) else "".join(f"{line}\n" for line in content)
    return whole.encode()


def _value(name: str, value: str | int) -> bytes:
    if isinstance(value, int):
        return value.to_bytes(8 if name in _LONG else 4, "little")
    return value.encode() + b"\0"
