# SPDX-License-Identifier: Apache-2.0
"""What somebody else does with a key that is not theirs, or with all that it lies on."""

from dataclasses import replace
from random import Random

from calibration.changes.hardware import hardware_of
from calibration.changes.software import fresh_id, travel
from calibration.changes.virtual import on_another_host, on_another_hypervisor
from calibration.machine import Machine
from calibration.machines import MACHINES
from calibration.supply import IMAGE_BASES, happens, hexadecimal
from counterfoil_client._fingerprint.profile import ATTRIBUTES, Profile

_CONTAINERS = ("container docker", "container podman")
_WALKED = ("cpu", "product", "environment", "os", "architecture", "cpu_count", "memory", "hostname", "display")
SEEN_IN_PASSING = frozenset({"machine", "os", "os_version", "architecture", "hostname", "timezone", "locale", "app"})
"""What anybody learns who reads a few files of the machine and a user agent, without looking at its hardware."""


def key_on_any_machine(profile: Profile, random: Random) -> Profile:
    """The key alone, used wherever the thief sits: a container without an id is one of the places."""
    thief = random.choice([each.profile for each in MACHINES if each.profile.machine != profile.machine])
    return replace(thief, app=profile.app, key_storage="software")


def key_on_any_container(profile: Profile, random: Random) -> Profile:
    """The same, in a container without an id, as the first one was."""
    return replace(key_on_any_machine(profile, random), machine=None)


def key_on_same_model(profile: Profile, random: Random) -> Profile:
    """The next one from the same pallet, set up alike but for its id and its name."""
    twin = fresh_id(profile, random)
    return replace(twin, hostname=f"pc-{hexadecimal(random, 4)}", key_storage="software")


def disk_in_other_machine(profile: Profile, random: Random) -> Profile:
    """The whole disk, id included, in another make of computer that can start it."""
    return hardware_of(profile, random.choice([each.profile for each in MACHINES if _could_start(each, profile)]))


def clone_on_another_host(profile: Profile, random: Random) -> Profile:
    """A copy of the image where the thief has the same hypervisor; it keeps its name or gets another."""
    moved = on_another_host(profile, random)
    return replace(moved, hostname=f"{profile.hostname}-2") if happens(random) else moved


def clone_on_another_hypervisor(profile: Profile, random: Random) -> Profile:
    """A copy of the image in whatever the thief has."""
    moved = on_another_hypervisor(profile, random)
    return travel(moved, random) if happens(random, 0.3) else moved


def clone_renamed(profile: Profile, random: Random) -> Profile:
    """Started twice on the same host, the second time under another name."""
    return replace(profile, hostname=f"{profile.hostname}-{random.randint(2, 9)}")


def home_in_container(profile: Profile, random: Random) -> Profile:
    """The home folder copied into a container on the machine itself; most images have no id, some one of their own."""
    inside = _inside(profile, random)
    return fresh_id(inside, random) if happens(random, 0.3) else replace(inside, machine=None)


def home_and_id_in_container(profile: Profile, random: Random) -> Profile:
    """The same with the machine's id mounted: the hardware is the same, the walls are not."""
    return _inside(profile, random)


def without_fingerprint(profile: Profile, random: Random) -> None:
    """The key from a program that sends none."""
    del profile, random


def empty_fingerprint(profile: Profile, random: Random) -> Profile:
    """A program of their own that sends a well-formed fingerprint without attributes."""
    del random
    return replace(Profile(), app=profile.app)


def all_of_it(profile: Profile, random: Random) -> Profile:
    """Key and id are copied and every attribute faked: what nobody can notice by looking at the fingerprint."""
    del random
    return profile


def knows_little_sends_little(profile: Profile, random: Random) -> Profile:
    """Knows the id and what is seen in passing, and leaves the rest out, which costs less than a wrong guess."""
    del random
    hidden = {name: None for name in ATTRIBUTES if name not in SEEN_IN_PASSING}
    return replace(profile, **hidden)


def knows_little_guesses(profile: Profile, random: Random) -> Profile:
    """Knows as much, and sends their own machine's values for the rest."""
    thief = random.choice([each.profile for each in MACHINES if each.profile.product not in {None, profile.product}])
    guessed = {name: getattr(thief, name) for name in ATTRIBUTES if name not in SEEN_IN_PASSING}
    return replace(profile, **guessed)


def leaves_out_two(profile: Profile, random: Random) -> Profile:
    """Knows all but processor and product."""
    del random
    return replace(profile, cpu=None, product=None)


def guesses_two(profile: Profile, random: Random) -> Profile:
    """Knows all but processor and product, and takes their own."""
    thief = random.choice([each.profile for each in MACHINES if _is_another_computer(each, profile)])
    return replace(profile, cpu=thief.cpu, product=thief.product)


def walk(profile: Profile, random: Random) -> tuple[Profile, ...]:
    """Knows all of it at first: one attribute at each refresh becomes the thief's own, and the baseline follows."""
    thief = random.choice([each.profile for each in MACHINES if each.profile.machine != profile.machine])
    steps = [profile]
    for name in _WALKED:
        steps.append(replace(steps[-1], **{name: getattr(thief, name)}))
    return tuple(steps)


def could_start_anywhere(profile: Profile) -> bool:
    """Whether any other machine here takes this one's disk."""
    return any(_could_start(each, profile) for each in MACHINES)


def _inside(profile: Profile, random: Random) -> Profile:
    system, version = random.choice([(profile.os, profile.os_version), *IMAGE_BASES[:3]])
    inside = replace(profile, os=system, os_version=version, environment=random.choice(_CONTAINERS))
    return replace(inside, hostname=hexadecimal(random, 12), timezone="Etc/UTC", locale=None, key_storage="software")


def _could_start(machine: Machine, profile: Profile) -> bool:
    """Whether a disk with this installation starts there: a single board takes single boards' memory cards alone."""
    board = (profile.product or "").startswith("Raspberry")
    fits = machine.profile.architecture == profile.architecture and not machine.is_mac
    return fits and (machine.kind == "board") == board and _is_another_computer(machine, profile)


def _is_another_computer(machine: Machine, profile: Profile) -> bool:
    return not machine.is_virtual and machine.kind != "container" and machine.profile.cpu != profile.cpu
