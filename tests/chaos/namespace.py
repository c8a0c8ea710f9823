# SPDX-License-Identifier: Apache-2.0
"""A network namespace for one replica, whose cable can be pulled: what was sent is gone, and nobody is told."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress

HERE = "127.0.0.1"


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
