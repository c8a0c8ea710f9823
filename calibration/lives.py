# SPDX-License-Identifier: Apache-2.0
"""Months of a machine's life: what happens how often, refresh by refresh, while the baseline follows."""

from random import Random

from calibration.changes import Change, hardware, nothing, software, virtual
from calibration.events import Seen
from calibration.supply import happens
from counterfoil_client._fingerprint.profile import Profile

FORTNIGHTS = 26
_AT_A_DESK: dict[Change, float] = {
    software.application_update: 0.5,
    software.point_upgrade: 0.5,
    hardware.docking: 0.3,
    software.travel: 0.15,
    software.major_upgrade: 0.06,
    software.rename: 0.06,
    software.language: 0.03,
    hardware.more_memory: 0.03,
    software.key_to_keyring: 0.02,
}
_IN_A_CENTRE: dict[Change, float] = {
    software.application_update: 0.5,
    software.point_upgrade: 0.3,
    virtual.resized: 0.08,
    software.major_upgrade: 0.04,
    software.rename: 0.04,
    software.language: 0.01,
}
_IN_A_CONTAINER: dict[Change, float] = {virtual.rebuilt: 0.6, virtual.resized: 0.05}
"""How likely each is within a fortnight. Our guesses: nobody has counted."""


def year(profile: Profile, random: Random) -> tuple[Seen, ...]:
    """Twenty-six refreshes, and whatever came together between two of them."""
    steps: list[Seen] = []
    for _ in range(FORTNIGHTS):
        for change, likely in habits_of(profile).items():
            profile = (change if happens(random, likely) else nothing)(profile, random)
        steps.append(profile)
    return tuple(steps)


def back_after_a_year(profile: Profile, random: Random) -> Seen:
    """The same year, of which the service saw nothing."""
    return year(profile, random)[-1]


def habits_of(profile: Profile) -> dict[Change, float]:
    """By what kind of machine it is."""
    environment = profile.environment or ""
    if environment.startswith("container") and environment != "container flatpak":
        return _IN_A_CONTAINER
    return _AT_A_DESK if profile.display and not environment.startswith("vm") else _IN_A_CENTRE
