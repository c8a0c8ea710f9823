# SPDX-License-Identifier: Apache-2.0
"""Choosing a collector; and that none of them can start a program or ask the network [R108]."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import counterfoil_client
from counterfoil_client._fingerprint import collect, linux
from counterfoil_client._fingerprint.profile import ATTRIBUTES, Profile
from counterfoil_client._surroundings import Surroundings
from unit.sdk.fingerprint.recorded import raw

FOLDER = Path(counterfoil_client.__file__).parent / "_fingerprint"
MODULES = sorted(FOLDER.glob("*.py"))
STARTERS = {
    "subprocess",
    "platform",
    "multiprocessing",
    "pty",
    "shutil",
    "asyncio",
    "commands",
    "urllib",
    "http",
    "ssl",
}
"""`platform` and `ctypes.util` run programs of the system to answer."""
STARTING = ("system", "popen", "fork", "spawn", "exec", "posix_spawn", "startfile")
RESOLVING = ("getfqdn", "gethostbyname", "getaddrinfo", "create_connection", "socket")


def starters(source: str) -> list[str]:
    """What in this source could start a program, or ask somebody else."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [
                each.name
                for each in node.names
                if each.name.partition(".")[0] in STARTERS or each.name == "ctypes.util"
            ]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names = {each.name for each in node.names}
            if node.module.partition(".")[0] in STARTERS or node.module == "ctypes.util" or "util" in names:
                found.append(node.module)
            if node.module in {"os", "socket"}:
                found += [name for name in names if name.startswith((*STARTING, *RESOLVING))]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "os" and node.attr.startswith(STARTING):
                found.append(f"os.{node.attr}")
            if node.value.id == "socket" and node.attr in RESOLVING:
                found.append(f"socket.{node.attr}")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_collector_can_start_a_program_or_ask_the_network(path: Path) -> None:
    assert starters(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "import subprocess",
        "import platform as p",
        "from subprocess import run",
        "from os import popen",
        "import os\nos.system('x')",
        "import os\nos.popen('x')",
        "import os\nos.execvp('x', [])",
        "import ctypes.util",
        "from ctypes import util",
        "import socket\nsocket.getfqdn()",
        "def f():\n    import subprocess",
    ],
)
def test_the_look_for_such_things_finds_them(line: str) -> None:
    assert len(MODULES) > 10
    assert starters(line) != []


def test_this_machine_is_described_and_twice_the_same() -> None:
    found = collect.collect()
    assert found == collect.collect() == Surroundings().profile()
    assert raw(found)["os"].partition(" ")[0] in {"linux", "macos", "windows"}


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_every_collector_loads_and_works_on_every_system(platform: str) -> None:
    assert raw(collect.collect(platform))["os"].partition(" ")[0] == {"darwin": "macos", "win32": "windows"}.get(
        platform, platform
    )


@pytest.mark.parametrize("platform", ["freebsd14", "emscripten", "cygwin", ""])
def test_an_unknown_system_has_no_traits(platform: str) -> None:
    assert collect.collect(platform) == Profile()


def test_a_fault_of_ours_is_no_reason_to_refuse_a_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(_: Any) -> Profile:
        raise RuntimeError("a fault nobody foresaw")

    monkeypatch.setattr(linux, "profile", fault)
    assert collect.collect("linux") == Profile()


def test_names_on_the_wire_are_these_in_this_order() -> None:
    """A contract with every service: a renamed attribute is a missing one."""
    assert ATTRIBUTES == (
        "machine", "os", "os_version", "architecture", "cpu", "cpu_count", "memory", "hostname",
        "product", "timezone", "locale", "app", "display", "environment", "key_storage",
    )  # fmt: skip


def test_importing_the_sdk_loads_no_collector() -> None:
    script = "import sys, counterfoil_client; print([name for name in sys.modules if '_fingerprint.' in name])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = {name.rpartition(".")[2].strip("'") for name in done.stdout.strip("[]\n").split(", ")}
    assert loaded == {"profile", "digest", "description", "collect"}
