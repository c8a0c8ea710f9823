# SPDX-License-Identifier: Apache-2.0
"""A network namespace for one replica, whose cable can be pulled: what was sent is gone, and nobody is told."""

import ctypes
import os
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

HERE = "127.0.0.1"
CLONE_NEWNET = 0x4000_0000
"""As Linux names it for setns(2), which Python has from 3.12 on."""


class Namespace:
    """`near` is our end's address, `far` that of whoever runs within."""

    def __init__(self) -> None:
        self._name = f"chaos-{os.getpid()}"
        self._cable = f"chaos{os.getpid()}"[:15]
        net = f"10.213.{os.getpid() % 250}"
        self.near, self.far = f"{net}.1", f"{net}.2"
        self.within = ("ip", "netns", "exec", self._name)

    def make(self) -> None:
        """`CalledProcessError` or `OSError` where that is not permitted."""
        _ip("netns", "add", self._name)
        _ip("link", "add", self._cable, "type", "veth", "peer", "name", "eth0", "netns", self._name)
        _ip("addr", "add", f"{self.near}/30", "dev", self._cable)
        _ip("-n", self._name, "addr", "add", f"{self.far}/30", "dev", "eth0")
        for end in (("link", "set", self._cable), ("-n", self._name, "link", "set", "eth0")):
            _ip(*end, "up")
        _ip("-n", self._name, "link", "set", "lo", "up")

    def listener(self) -> socket.socket:
        """A socket that listens on loopback within, and that this process holds."""
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(self._listen).result()

    def _listen(self) -> socket.socket:
        """On a thread that never comes back from there."""
        with Path("/run/netns", self._name).open("rb") as there:
            if ctypes.CDLL(None, use_errno=True).setns(there.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
        return socket.create_server((HERE, 0))

    def pull(self) -> None:
        """The cable."""
        _ip("link", "set", self._cable, "down")

    def plug(self) -> None:
        """It in again."""
        _ip("link", "set", self._cable, "up")

    def remove(self) -> None:
        """With its cable."""
        with suppress(subprocess.CalledProcessError, OSError):
            _ip("netns", "del", self._name)


@contextmanager
def namespace() -> Iterator[Namespace | None]:
    """One, or None where this machine does not permit it."""
    made = Namespace()
    try:
        made.make()
    except (subprocess.CalledProcessError, OSError):
        made.remove()
        yield None
        return
    try:
        yield made
    finally:
        made.remove()


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
