# SPDX-License-Identifier: Apache-2.0
"""What people and updates change without a screwdriver."""

import re
from dataclasses import replace
from random import Random

from calibration import supply
from calibration.machine import made_up_id
from calibration.supply import happens, other
from counterfoil_client._fingerprint.profile import Profile

_NUMBERS = re.compile(r"[0-9]+")
_MAJOR = {
    "10 22H2": "11 24H2 26100.2033",
    "11 23H2": "11 24H2 26100.2033",
    "11 24H2": "11 25H2 26200.6584",
    "server 2022": "server 2025 24H2 26100.1742",
}
_POINTLESS = frozenset({"linux ubuntu", "linux debian", "linux fedora", "linux arch"})
"""Their os-release does not tell point releases apart, or gives no version at all."""


def point_upgrade(profile: Profile, random: Random) -> Profile:
    """The month's updates."""
    if profile.os_version is None or profile.os in _POINTLESS:
        return profile
    head, _, last = profile.os_version.rpartition(".")
    return replace(profile, os_version=f"{head}.{int(last) + random.randint(1, 400 if profile.os == 'windows' else 2)}")


def major_upgrade(profile: Profile, random: Random) -> Profile:
    """The next release of the same system; its id, name and hardware stay."""
    if profile.os_version is None:
        return profile
    if profile.os == "windows":
        known = next((name for name in _MAJOR if profile.os_version.startswith(name)), None)
        return point_upgrade(profile, random) if known is None else replace(profile, os_version=_MAJOR[known])
    if profile.os == "linux ubuntu":
        return replace(profile, os_version="24.04" if profile.os_version == "22.04" else "24.10")
    return replace(profile, os_version=_NUMBERS.sub(lambda found: str(int(found[0]) + 1), profile.os_version, count=1))


def application_update(profile: Profile, random: Random) -> Profile:
    """A new version of the application that embeds the SDK."""
    if profile.app is None:
        return profile
    name = profile.app.partition(" ")[0]
    return replace(profile, app=f"{name} {random.randint(2, 9)}.{random.randint(4, 40)}.{random.randint(0, 9)}")


def rename(profile: Profile, random: Random) -> Profile:
    """A new host name, by its owner or by the network."""
    return replace(profile, hostname=other(random, supply.HOST_NAMES, profile.hostname))


def travel(profile: Profile, random: Random) -> Profile:
    """Another time zone."""
    zones = supply.WINDOWS_ZONES if profile.os == "windows" else supply.IANA_ZONES
    return profile if profile.timezone is None else replace(profile, timezone=other(random, zones, profile.timezone))


def language(profile: Profile, random: Random) -> Profile:
    """Another language or region."""
    return profile if profile.locale is None else replace(profile, locale=other(random, supply.LOCALES, profile.locale))


def key_to_keyring(profile: Profile, random: Random) -> Profile:
    """The application begins to use the keyring, or stops."""
    del random
    return replace(profile, key_storage="software" if profile.key_storage == "keyring" else "keyring")


def started_otherwise(profile: Profile, random: Random) -> Profile:
    """By a service and not from the desktop: nobody says which language, and perhaps which zone."""
    return replace(profile, locale=None, timezone=profile.timezone if happens(random) else None)


def translated(profile: Profile, random: Random) -> Profile:
    """An Intel build on Apple silicon, to which the system names no processor."""
    del random
    return replace(profile, cpu=None)


def packaged_as_flatpak(profile: Profile, random: Random) -> Profile:
    """The host's system and id shine through; the key lies elsewhere now."""
    return replace(profile, environment="container flatpak", key_storage=random.choice(("keyring", "software")))


def packaged_as_snap(profile: Profile, random: Random) -> Profile:
    """A root of its own, and firmware that it may not read."""
    base = random.choice(("22", "24"))
    packaged = replace(profile, os="linux ubuntu-core", os_version=base, environment="container snap")
    return replace(packaged, product=None, display=None, key_storage="software")


def in_a_toolbox(profile: Profile, random: Random) -> Profile:
    """Toolbox or Distrobox: home and id are the host's, the system inside may be another, and often the name."""
    system, version = random.choice(
        [(profile.os, profile.os_version), ("linux fedora", "42"), ("linux ubuntu", "24.10")]
    )
    inside = replace(profile, os=system, os_version=version, environment="container podman")
    return replace(inside, hostname="toolbox") if happens(random) else inside


def sandboxed(profile: Profile, random: Random) -> Profile:
    """An application that its system begins to fence in: preferences and some hardware are out of its sight."""
    hidden = {"locale": None, "product": None if happens(random) else profile.product}
    return replace(profile, **hidden, display=None if happens(random) else profile.display)


def hardened(profile: Profile, random: Random) -> Profile:
    """A policy that hides the hardware's description from programs."""
    seen = replace(profile, product=None, display=None)
    return replace(seen, cpu=None, cpu_count=None) if happens(random) else seen


def one_unreadable(profile: Profile, random: Random) -> Profile:
    """Any one value but the id."""
    readable = ("os_version", "cpu", "cpu_count", "memory", "hostname", "product", "timezone", "locale", "display")
    known = [name for name in readable if getattr(profile, name) is not None]
    return replace(profile, **{random.choice(known): None})


def id_unreadable(profile: Profile, random: Random) -> Profile:
    """Without the id there is no key to make digests with, so nothing leaves the machine."""
    del random
    return replace(profile, machine=None)


def fresh_id(profile: Profile, random: Random) -> Profile:
    """A new machine id, as a new installation makes it."""
    return replace(profile, machine=made_up_id(supply.hexadecimal(random, 32), profile.os))


def reinstalled(profile: Profile, random: Random) -> Profile:
    """What a new installation on the same hardware brings but for the id: a newer version, perhaps another name."""
    newer = major_upgrade(profile, random)
    return rename(newer, random) if happens(random) else newer


def next_computer(profile: Profile, random: Random) -> Profile:
    """What an assistant carries to a new computer; its hardware is of no matter, for the id is another."""
    return rename(fresh_id(profile, random), random)
