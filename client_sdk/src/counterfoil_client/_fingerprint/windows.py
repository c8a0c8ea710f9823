# SPDX-License-Identifier: Apache-2.0
"""What Windows says of itself: the registry as 64-bit programs see it, and two questions to the system."""

import re

from counterfoil_client._fingerprint import makers, values
from counterfoil_client._fingerprint.profile import Profile
from counterfoil_client._fingerprint.sources import WindowsSources
from counterfoil_client._fingerprint.values import clean

_CRYPTOGRAPHY = r"SOFTWARE\Microsoft\Cryptography"
_VERSION = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_CONTROL = r"SYSTEM\CurrentControlSet\Control"
_ENVIRONMENT = rf"{_CONTROL}\Session Manager\Environment"
_ZONE = rf"{_CONTROL}\TimeZoneInformation"
_CPU = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
_FIRMWARE = r"HARDWARE\DESCRIPTION\System\BIOS"
_INTERNATIONAL = r"Control Panel\International"
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DIGITS = re.compile(r"[0-9]{1,9}")
_SERVER = re.compile(r"Windows Server ([0-9]{4})")
_CLIENT = re.compile(r"Windows ([0-9]+(?:\.[0-9]+)?)\b")
_ELEVEN = 22_000


def profile(sources: WindowsSources) -> Profile:
    """Everything that needs no application; what is not there stays None."""
    sizes = sources.displays()
    vendor, product = (_machine(sources, _FIRMWARE, name) for name in ("SystemManufacturer", "SystemProductName"))
    return Profile(
        machine=machine_guid(_machine(sources, _CRYPTOGRAPHY, "MachineGuid")),
        os="windows",
        os_version=_os_version(sources),
        architecture=values.architecture(_machine(sources, _ENVIRONMENT, "PROCESSOR_ARCHITECTURE")),
        cpu=_machine(sources, _CPU, "ProcessorNameString"),
        cpu_count=values.count(_whole(_machine(sources, _ENVIRONMENT, "NUMBER_OF_PROCESSORS"))),
        memory=values.memory_class(sources.memory()),
        hostname=values.first_label(sources.hostname()),
        product=makers.product(vendor, product),
        timezone=_machine(sources, _ZONE, "TimeZoneKeyName"),
        locale=values.locale(line(sources.registry("HKEY_CURRENT_USER", _INTERNATIONAL, "LocaleName"))),
        display=values.display_class(len(sizes), sizes),
        environment=environment(_machine(sources, _CONTROL, "ContainerType"), vendor, product),
    )


def line(value: str | int | None) -> str | None:
    """A registry value as one line; some texts go on after a zero character with what was there before."""
    return None if value is None else clean(str(value).partition("\0")[0])


def machine_guid(text: str | None) -> str | None:
    """The id that set-up made for this installation; a copied image keeps its template's."""
    guid = (text or "").lower().strip("{}")
    return guid if _GUID.fullmatch(guid) and guid.strip("0-") else None


def version(name: str | None, release: str | None, build: str | None, revision: str | None) -> str | None:
    """`11 24H2 26100.2314`, `server 2022 21H2 20348.2762`; Windows 11 calls itself 10, so there the build decides."""
    server, client = _SERVER.search(name or ""), _CLIENT.search(name or "")
    number = _whole(build)
    told: str | None = client[1] if client else None
    if server:
        told = f"server {server[1]}"
    elif number is not None and number >= _ELEVEN:
        told = "11"
    exact = build if number is None or revision is None else f"{build}.{revision}"
    return clean(" ".join(part for part in (told, release, exact) if part))


def environment(container: str | None, vendor: str | None, product: str | None) -> str | None:
    """Windows marks its own containers; virtual machines are known by their firmware alone."""
    if container is not None:
        return "container windows"
    kind = makers.hypervisor(vendor, product)
    if kind is not None:
        return f"vm {kind}"
    return "metal" if vendor or product else None


def _machine(sources: WindowsSources, key: str, name: str) -> str | None:
    return line(sources.registry("HKEY_LOCAL_MACHINE", key, name))


def _os_version(sources: WindowsSources) -> str | None:
    name, display, older, build, revision = (
        _machine(sources, _VERSION, value)
        for value in ("ProductName", "DisplayVersion", "ReleaseId", "CurrentBuildNumber", "UBR")
    )
    # `ReleaseId` stopped at 2009 when `DisplayVersion` came.
    return version(name, display or older, build, revision)


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and _DIGITS.fullmatch(text) else None
