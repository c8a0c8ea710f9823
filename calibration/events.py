# SPDX-License-Identifier: Apache-2.0
"""Every event by name: whether it is honest or hostile, whom it can happen to, and what is seen afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum, unique
from random import Random

from calibration.machine import Machine
from counterfoil_client._fingerprint.profile import Profile

Seen = Profile | None
"""A profile, or None for a request without a fingerprint."""


@unique
class Group(StrEnum):
    """What kind of event it is. The first two are honest."""

    ORDINARY = "ordinary life"
    UPHEAVAL = "honest, but another machine or part"
    HOSTILE = "copied, moved or faked"


@dataclass(frozen=True, slots=True)
class Event:
    """`happen` gives what the service sees, refresh after refresh; its last value is where the machine has come to."""

    name: str
    group: Group
    applies: Callable[[Machine], bool]
    happen: Callable[[Profile, Random], tuple[Seen, ...]]

    @property
    def honest(self) -> bool:
        """Whether the machine is still its owner's."""
        return self.group is not Group.HOSTILE


def event(
    name: str, group: Group, applies: Callable[[Machine], bool], change: Callable[[Profile, Random], Seen]
) -> Event:
    """One that is over at the next refresh."""
    return Event(name, group, applies, lambda profile, random: (change(profile, random),))


def has_id(machine: Machine) -> bool:
    """Whether there is anything to compare."""
    return machine.id_lives_on is not None


def has_none(machine: Machine) -> bool:
    """No id, no attributes."""
    return machine.id_lives_on is None


def is_personal(machine: Machine) -> bool:
    """Somebody sits at it."""
    return has_id(machine) and machine.kind in {"desktop", "laptop", "board", "vm"}


def is_contained(machine: Machine) -> bool:
    """A container, with an id."""
    return machine.kind == "container" and has_id(machine)


def is_guest(machine: Machine) -> bool:
    """A virtual machine that other hardware can take over; WSL stays on its one host."""
    return has_id(machine) and machine.is_virtual and machine.profile.environment != "vm wsl"


def is_linux_desktop(machine: Machine) -> bool:
    """Linux on a computer, with no wall around the application yet."""
    return machine.is_metal and machine.profile.environment == "metal" and "linux" in (machine.profile.os or "")
