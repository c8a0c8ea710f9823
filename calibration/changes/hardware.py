# SPDX-License-Identifier: Apache-2.0
"""What a screwdriver changes, or a cable."""

from dataclasses import replace
from random import Random

from calibration import supply
from calibration.supply import happens, other
from counterfoil_client._fingerprint.profile import Profile

_PI = "Raspberry"


def docking(profile: Profile, random: Random) -> Profile:
    """Another screen beside it, or no longer."""
    if profile.display is None:
        return profile
    return replace(profile, display=other(random, supply.DISPLAYS, profile.display))


def more_memory(profile: Profile, random: Random) -> Profile:
    """A larger class than before, where memory is not soldered."""
    soldered = (profile.os == "macos" and profile.architecture == "aarch64") or (profile.product or "").startswith(_PI)
    if soldered or profile.memory not in supply.MEMORY:
        return profile
    larger = supply.MEMORY[supply.MEMORY.index(profile.memory) + 1 :]
    return replace(profile, memory=random.choice(larger[:3])) if larger else profile


def threads_off(profile: Profile, random: Random) -> Profile:
    """Simultaneous multithreading switched off in the firmware."""
    del random
    count = int(profile.cpu_count or "1")
    return replace(profile, cpu_count=str(max(1, count // 2)))


def renamed_by_maker(profile: Profile, random: Random) -> Profile:
    """A firmware update, or a newer version of virtual hardware, that calls the same machine something else."""
    return replace(profile, product=f"{profile.product} Rev {random.randint(2, 5)}")


def new_processor(profile: Profile, random: Random) -> Profile:
    """Another processor on the same board; as many threads as before, or not."""
    cpu, count = random.choice([each for each in supply.DESKTOP_CPUS if each[0] != profile.cpu])
    return replace(profile, cpu=cpu, cpu_count=count)


def new_board(profile: Profile, random: Random) -> Profile:
    """Another board with another processor, and mostly other memory; disk and screens stay."""
    board = random.choice([each for each in supply.BOARDS if each != profile.product])
    moved = replace(new_processor(profile, random), product=board)
    return more_memory(moved, random) if happens(random, 0.6) else moved


def hardware_of(profile: Profile, donor: Profile) -> Profile:
    """The same installation in another machine's case."""
    return replace(
        profile,
        architecture=donor.architecture,
        cpu=donor.cpu,
        cpu_count=donor.cpu_count,
        memory=donor.memory,
        product=donor.product,
        display=donor.display,
    )
