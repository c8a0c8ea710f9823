# SPDX-License-Identifier: Apache-2.0
"""Machines that a desktop stands on: what the SDK reads of them is made up, all it does with it is real."""

from dataclasses import replace

from counterfoil_client._fingerprint.profile import Profile
from counterfoil_client._surroundings import Surroundings

LAPTOP = Profile(
    machine="4f1d0b7a9c3e4d5f8a6b7c8d9e0f1a2b",
    os="linux ubuntu",
    os_version="24.04",
    architecture="x86_64",
    cpu="AMD Ryzen 7 7840U",
    cpu_count="16",
    memory="32 GiB",
    hostname="ada-laptop",
    product="Framework Laptop 13",
    timezone="Europe/Berlin",
    locale="de_DE",
    display="1 qhd",
    environment="metal",
)
TOWER = replace(
    LAPTOP,
    machine="00d1e2f3a4b5c6d7e8f90a1b2c3d4e5f",
    cpu="Intel Core i5-13400",
    cpu_count="10",
    hostname="mallory",
    product="ASUS Tower",
    environment="vm kvm",
)
GUEST = replace(LAPTOP, product="QEMU Standard PC", environment="vm kvm", hostname="build-1", display=None)
CLONE = replace(GUEST, cpu="Intel Xeon Gold 6338", cpu_count="4", memory="8 GiB", hostname="build-2")


class Machine(Surroundings):
    """`is_now` may change while the desktop runs, as machines do."""

    def __init__(self, is_now: Profile = LAPTOP) -> None:
        self.is_now = is_now
        self.times_read = 0

    def profile(self) -> Profile:
        """What it is like now."""
        self.times_read += 1
        return self.is_now
