# SPDX-License-Identifier: Apache-2.0
"""What happens to virtual machines and containers."""

from dataclasses import replace
from random import Random

from calibration import supply
from calibration.changes.software import fresh_id
from calibration.supply import happens, hexadecimal, other
from counterfoil_client._fingerprint.profile import Profile

_KUBERNETES = "container kubernetes"
_HYPERVISORS = (
    ("QEMU Standard PC (Q35 + ICH9, 2009)", "vm kvm", "Intel Xeon Processor (Skylake, IBRS)"),
    ("QEMU Standard PC (i440FX + PIIX, 1996)", "vm kvm", "QEMU Virtual CPU version 2.5+"),
    ("VMware, Inc. VMware Virtual Platform", "vm vmware", "Intel(R) Xeon(R) Gold 6342 CPU @ 2.80GHz"),
    ("Microsoft Corporation Virtual Machine", "vm hyper-v", "AMD EPYC 7313 16-Core Processor"),
    ("innotek GmbH VirtualBox", "vm virtualbox", "11th Gen Intel(R) Core(TM) i7-11800H @ 2.30GHz"),
)


def resized(profile: Profile, random: Random) -> Profile:
    """More or fewer processors, more or less memory, or both."""
    what = random.choice(("processors", "memory", "both"))
    count = other(random, supply.CPU_COUNTS, profile.cpu_count) if what != "memory" else profile.cpu_count
    memory = other(random, supply.MEMORY, profile.memory) if what != "processors" else profile.memory
    return replace(profile, cpu_count=count, memory=memory)


def on_another_host(profile: Profile, random: Random) -> Profile:
    """Live-migrated or started elsewhere: the guest sees the new processor unless the cluster masks it."""
    if "QEMU" in (profile.cpu or "") or "Processor (" in (profile.cpu or ""):
        return profile
    return replace(profile, cpu=_server_cpu(profile, random)) if happens(random, 0.7) else profile


def on_another_hypervisor(profile: Profile, random: Random) -> Profile:
    """Converted from one maker's format to another's."""
    product, environment, cpu = random.choice([each for each in _HYPERVISORS if each[1] != profile.environment])
    return replace(profile, product=product, environment=environment, cpu=cpu)


def another_instance_type(profile: Profile, random: Random) -> Profile:
    """In Amazon's cloud the product is the type; in the others a new type may bring another processor."""
    if (profile.product or "").startswith("Amazon"):
        types = supply.AMAZON_ARM_TYPES if profile.architecture == "aarch64" else supply.AMAZON_TYPES
        product, cpu, count, memory = random.choice([each for each in types if each[0] != profile.product])
        return replace(profile, product=product, cpu=cpu, cpu_count=count, memory=memory)
    larger = resized(profile, random)
    return replace(larger, cpu=_server_cpu(profile, random)) if happens(random) else larger


def rebuilt(profile: Profile, random: Random) -> Profile:
    """A newer image of the same application: a new name, and what the base image brings."""
    newer = replace(profile, app="desk-app 2.4.0", hostname=container_name(profile, random))
    if happens(random, 0.3):
        system, version = random.choice([each for each in supply.IMAGE_BASES if each[0] != profile.os])
        return replace(newer, os=system, os_version=version)
    return newer


def on_another_node(profile: Profile, random: Random) -> Profile:
    """The same image on a node of the same pool, or of another: the node's hardware shines through."""
    moved = replace(profile, hostname=container_name(profile, random))
    return moved if happens(random) else another_instance_type(moved, random)


def container_name(profile: Profile, random: Random) -> str:
    """Docker and Kubernetes give new names, but for toolboxes and stateful sets."""
    if profile.hostname in {"toolbox", "desk-app-0"}:
        return profile.hostname
    if profile.environment == _KUBERNETES:
        return f"desk-app-{hexadecimal(random, 9)}-{hexadecimal(random, 5)}"
    return hexadecimal(random, 12)


def image_with_new_id(profile: Profile, random: Random) -> Profile:
    """Built anew from the first layer on, so that its packages make a new id."""
    return fresh_id(rebuilt(profile, random), random)


def image_without_id(profile: Profile, random: Random) -> Profile:
    """The newer image no longer has one."""
    return replace(rebuilt(profile, random), machine=None)


def _server_cpu(profile: Profile, random: Random) -> str:
    pool = supply.ARM_SERVER_CPUS if profile.architecture == "aarch64" else supply.SERVER_CPUS
    return other(random, pool, profile.cpu)
