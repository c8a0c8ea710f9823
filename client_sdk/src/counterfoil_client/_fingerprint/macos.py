# SPDX-License-Identifier: Apache-2.0
"""What macOS says of itself: property lists that any user may read, and sysctl(3)."""

import plistlib
from typing import Any, cast

from counterfoil_client._fingerprint import makers, values
from counterfoil_client._fingerprint.profile import Profile
from counterfoil_client._fingerprint.sources import MacSources
from counterfoil_client._fingerprint.values import clean

_VERSION = "/System/Library/CoreServices/SystemVersion.plist"
_REAL_VERSION = "/System/Library/CoreServices/.SystemVersionPlatform.plist"
_PRETENDED = "10.16"
_NAMES = "/Library/Preferences/SystemConfiguration/preferences.plist"
_PREFERENCES = "~/Library/Preferences/.GlobalPreferences.plist"
_TRANSLATED = "VirtualApple"
_UUID, _NUMBERS = 16, (4, 8)


def profile(sources: MacSources) -> Profile:
    """Everything that needs no application; what is not there stays None."""
    sizes = sources.displays()
    model = string(sources.sysctl("hw.model"))
    return Profile(
        machine=host_uuid(sources.host_uuid()),
        os="macos",
        os_version=_version(sources),
        architecture=_architecture(sources),
        cpu=cpu(string(sources.sysctl("machdep.cpu.brand_string"))),
        cpu_count=values.count(number(sources.sysctl("hw.ncpu"))),
        memory=values.memory_class(number(sources.sysctl("hw.memsize"))),
        hostname=_hostname(sources),
        product=model,
        timezone=values.zone(sources.variable("TZ")) or values.zone(sources.link("/etc/localtime")),
        locale=values.locale(entry(sources.read(_PREFERENCES), "AppleLocale")),
        display=values.display_class(len(sizes), sizes),
        environment=environment(number(sources.sysctl("kern.hv_vmm_present")), model),
    )


def host_uuid(raw: bytes | None) -> str | None:
    """The hardware's id in hexadecimal digits; zeros are none."""
    return raw.hex() if raw is not None and len(raw) == _UUID and any(raw) else None


def string(raw: bytes | None) -> str | None:
    """A text of sysctl, which ends with a zero byte."""
    return clean(values.text(raw).partition("\0")[0])


def number(raw: bytes | None) -> int | None:
    """A number of sysctl; every Mac keeps the lowest byte first."""
    return int.from_bytes(raw, "little") if raw is not None and len(raw) in _NUMBERS else None


def cpu(brand: str | None) -> str | None:
    """The model; to a process that Rosetta translates the system names a processor that is not there."""
    return None if brand is None or brand.startswith(_TRANSLATED) else brand


def environment(is_guest: int | None, model: str | None) -> str | None:
    """Whether a hypervisor is below, which the kernel knows for certain, and which, by the model's name."""
    if is_guest is None:
        return None
    return f"vm {makers.hypervisor(None, model, surely_virtual=True)}" if is_guest else "metal"


def entry(raw: bytes | None, *path: str) -> str | None:
    """A text in a property list, by the keys that lead to it."""
    try:
        found: Any = plistlib.loads(raw or b"")
    except Exception:  # noqa: BLE001 - of a broken file, plistlib raises whatever its parsers happen to
        return None
    for key in path:
        found = cast("dict[str, Any]", found).get(key) if isinstance(found, dict) else None
    return clean(found) if isinstance(found, str) else None


def _version(sources: MacSources) -> str | None:
    """The version; to a process built for old systems the first file pretends, and the second does not."""
    told = entry(sources.read(_VERSION), "ProductVersion")
    if told != _PRETENDED:
        return told
    return entry(sources.read(_REAL_VERSION), "ProductVersion") or told


def _architecture(sources: MacSources) -> str | None:
    """Under Rosetta uname(2) says x86_64, but the hardware's own flag does not."""
    if number(sources.sysctl("hw.optional.arm64")):
        return "aarch64"
    return values.architecture(sources.architecture())


def _hostname(sources: MacSources) -> str | None:
    """The name the person gave, for the network's own changes with every network."""
    given = entry(sources.read(_NAMES), "System", "Network", "HostNames", "LocalHostName")
    return values.first_label(given) or values.first_label(sources.hostname())
