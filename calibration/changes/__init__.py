# SPDX-License-Identifier: Apache-2.0
"""What happens to machines: functions from a profile and a seeded random source to the profile afterwards. All pure.

A change that a machine cannot undergo, such as a language where none is known, leaves it as it is.
"""

from collections.abc import Callable
from random import Random

from counterfoil_client._fingerprint.profile import Profile

Change = Callable[[Profile, Random], Profile]


def together(*changes: Change) -> Change:
    """All of them, one after the other, before anybody looks."""

    def change(profile: Profile, random: Random) -> Profile:
        for each in changes:
            profile = each(profile, random)
        return profile

    return change


def nothing(profile: Profile, random: Random) -> Profile:  # noqa: ARG001 - the shape of a change
    """The same machine a moment later."""
    return profile
