# SPDX-License-Identifier: Apache-2.0
"""What a Linux system says of itself in files that any user may read."""

import re

from counterfoil_client._fingerprint import linux_cpu, makers, values
from counterfoil_client._fingerprint.linux_environment import environment
from counterfoil_client._fingerprint.linux_release import os_release
from counterfoil_client._fingerprint.profile import Profile
from counterfoil_client._fingerprint.sources import LIMIT, Sources
from counterfoil_client._fingerprint.values import clean, text

_MACHINE_IDS = ("/etc/machine-id", "/var/lib/dbus/machine-id")
_ID = re.compile(r"[0-9a-f]{32}")
_DISTRIBUTION = re.compile(r"[a-z0-9._-]{1,64}")
_MEMORY = re.compile(r"^MemTotal:\s*([0-9]{1,15}) kB", re.MULTILINE)
_CONNECTORS = "/sys/class/drm"
_CONNECTOR = re.compile(r"card[0-9]+-.+")
_MODE = re.compile(r"([0-9]{1,5})x([0-9]{1,5})")


def profile(sources: Sources) -> Profile:
    """Everything that needs no application; what is not there stays None."""
    release = os_release(sources)
    distribution = release.get("ID")
    cpu_info = text(sources.read("/proc/cpuinfo"))
    vendor, product = _firmware(sources)
    return Profile(
        machine=machine_id(sources),
        os=family(distribution),
        os_version=clean(release.get("VERSION_ID")),
        architecture=values.architecture(sources.architecture()),
        cpu=linux_cpu.model(cpu_info),
        cpu_count=_cpu_count(sources, cpu_info),
        memory=memory(text(sources.read("/proc/meminfo"))),
        hostname=values.first_label(sources.hostname()),
        product=makers.product(vendor, product),
        timezone=_timezone(sources),
        locale=_locale(sources),
        display=_display(sources),
        environment=environment(sources, distribution, cpu_info, vendor, product),
    )


def machine_id(sources: Sources) -> str | None:
    """machine-id(5), or D-Bus's older copy; `uninitialized` and zeros are what an image ships before its first boot."""
    for path in _MACHINE_IDS:
        found = text(sources.read(path)).strip().lower()
        if _ID.fullmatch(found) and found.strip("0"):
            return found
    return None


def family(distribution: str | None) -> str:
    """`linux` and the distribution's own id, where it has one."""
    return f"linux {distribution}" if distribution and _DISTRIBUTION.fullmatch(distribution) else "linux"


def memory(info: str) -> str | None:
    """The class of what /proc/meminfo gives in KiB."""
    found = _MEMORY.search(info)
    return values.memory_class(int(found[1]) * 1024) if found else None


def _firmware(sources: Sources) -> tuple[str | None, str | None]:
    """Vendor and product by DMI; on boards without it the device tree's model, which names both."""
    dmi = [clean(text(sources.read(f"/sys/class/dmi/id/{name}"))) for name in ("sys_vendor", "product_name")]
    if any(dmi):
        return dmi[0], dmi[1]
    return None, clean(text(sources.read("/proc/device-tree/model")).partition("\0")[0])


def _cpu_count(sources: Sources, cpu_info: str) -> str | None:
    # Counted only where the whole file was read: how far the limit reaches changes with the clock rates in it.
    whole = cpu_info if len(cpu_info) < LIMIT else ""
    return values.count(linux_cpu.number(text(sources.read("/sys/devices/system/cpu/present")), whole))


def _timezone(sources: Sources) -> str | None:
    told = (sources.variable("TZ"), sources.link("/etc/localtime"), text(sources.read("/etc/timezone")))
    return next((zone for zone in map(values.zone, told) if zone is not None), None)


def _locale(sources: Sources) -> str | None:
    told = map(sources.variable, ("LC_ALL", "LC_MESSAGES", "LANG"))
    return next((locale for locale in map(values.locale, told) if locale is not None), None)


def _display(sources: Sources) -> str | None:
    """Connected outputs, and the preferred mode of each: the first one the kernel lists."""
    outputs = [name for name in sources.names(_CONNECTORS) if _CONNECTOR.fullmatch(name)]
    connected = [name for name in outputs if text(sources.read(f"{_CONNECTORS}/{name}/status")).strip() == "connected"]
    modes = [_MODE.match(text(sources.read(f"{_CONNECTORS}/{name}/modes"))) for name in connected]
    return values.display_class(len(connected), [(int(mode[1]), int(mode[2])) for mode in modes if mode])
