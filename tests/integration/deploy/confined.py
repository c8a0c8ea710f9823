# SPDX-License-Identifier: Apache-2.0
"""Run a command under the kernel's restrictions of deploy/counterfoil.service: `confined.py COMMAND …`.

As systemd does: the calls of the kernel that its filter leaves, by libseccomp, and no memory that is written and run.
"""

import ctypes
import errno
import os
import subprocess
import sys
from pathlib import Path

UNIT = Path(__file__).parents[3] / "deploy" / "counterfoil.service"
_REFUSED = 0x00050000 | errno.EPERM
_ALLOWED = 0x7FFF0000
_NO_NEW_PRIVILEGES, _MDWE = 38, 65


def groups() -> dict[str, list[str]]:
    """Systemd's groups of calls, each with its calls and further groups."""
    told = subprocess.run(
        ["systemd-analyze", "syscall-filter"], capture_output=True, text=True, timeout=30, check=True
    ).stdout
    found: dict[str, list[str]] = {}
    for line in told.splitlines():
        if line.startswith("@"):
            found[line.strip()] = members = []
        elif line.startswith("    ") and not line.strip().startswith("#"):
            members.append(line.strip())
    return found


def calls_of(name: str, known: dict[str, list[str]]) -> set[str]:
    """Every call of a group, or the one that is named."""
    if not name.startswith("@"):
        return {name}
    return {call for member in known[name] for call in calls_of(member, known)}


def allowed() -> set[str]:
    """What the unit's filter leaves: its lines add, or with a tilde take away."""
    lines = [line.partition("=")[2] for line in UNIT.read_text("utf-8").splitlines() if line.startswith("SystemCallF")]
    known, left = groups(), set[str]()
    for line in lines:
        calls = {call for name in line.removeprefix("~").split() for call in calls_of(name, known)}
        left = left - calls if line.startswith("~") else left | calls
    # Always there, as systemd's filters are never without them.
    return left | calls_of("@default", known)


def confine() -> None:
    """This process, and all that it starts."""
    libc, seccomp = ctypes.CDLL(None, use_errno=True), ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(_REFUSED))
    for call in sorted(allowed()):
        number = seccomp.seccomp_syscall_resolve_name(call.encode())
        if number >= 0:
            assert seccomp.seccomp_rule_add(context, _ALLOWED, number, 0) == 0, call
    assert libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0
    assert libc.prctl(_MDWE, 1, 0, 0, 0) == 0, "the kernel is older than 6.3"
    assert seccomp.seccomp_load(context) == 0


if __name__ == "__main__":
    confine()
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - as it came, a shell would read it once more
