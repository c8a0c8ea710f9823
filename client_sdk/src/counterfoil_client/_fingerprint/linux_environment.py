# SPDX-License-Identifier: Apache-2.0
"""What a Linux system runs in: the innermost wall counts, so a container in a virtual machine is a container."""

import re

from counterfoil_client._fingerprint import linux_cpu, makers
from counterfoil_client._fingerprint.linux_release import is_flatpak
from counterfoil_client._fingerprint.sources import Sources
from counterfoil_client._fingerprint.values import text

_KINDS = frozenset({"docker", "lxc", "lxc-libvirt", "oci", "openvz", "podman", "proot", "rkt", "systemd-nspawn", "wsl"})
_MARKS = (("/run/.containerenv", "podman"), ("/.dockerenv", "docker"))
_CGROUPS = (
    (re.compile(r"/kubepods"), "kubernetes"),
    (re.compile(r"/libpod[-_]"), "podman"),
    (re.compile(r"/docker[/-][0-9a-f]{12}"), "docker"),
    (re.compile(r"/lxc[./]"), "lxc"),
)
_DEVICE_TREE = {"linux,kvm": "kvm", "linux,dummy-virt": "kvm", "xen,xen": "xen", "vmware": "vmware"}


def environment(
    sources: Sources, distribution: str | None, cpu_info: str, vendor: str | None, product: str | None
) -> str | None:
    """`container KIND`, `vm KIND` or `metal`; None where nothing says anything."""
    container = _container(sources, distribution)
    if container == "wsl" or (container is None and _is_wsl(sources)):
        return "vm wsl"
    if container is not None:
        return f"container {container}"
    machine = _machine(sources, cpu_info, vendor, product)
    if machine is not None:
        return f"vm {machine}"
    return "metal" if cpu_info else None


def _container(sources: Sources, distribution: str | None) -> str | None:
    if is_flatpak(sources):
        return "flatpak"
    # A terminal that a snap opened has the variable, too, but not the root of a base snap.
    if sources.variable("SNAP") and distribution == "ubuntu-core":
        return "snap"
    if sources.variable("KUBERNETES_SERVICE_HOST"):
        return "kubernetes"
    marked = next((kind for path, kind in _MARKS if sources.exists(path)), None)
    return marked or _told(sources) or _grouped(sources)


def _told(sources: Sources) -> str | None:
    """What a manager that follows systemd's container interface says."""
    told = (sources.variable("container") or _text(sources, "/run/systemd/container")).strip()
    return (told if told in _KINDS else "unknown") if told else None


def _grouped(sources: Sources) -> str | None:
    groups = _text(sources, "/proc/self/cgroup")
    return next((kind for pattern, kind in _CGROUPS if pattern.search(groups)), None)


def _is_wsl(sources: Sources) -> bool:
    return "microsoft" in _text(sources, "/proc/sys/kernel/osrelease").lower()


def _machine(sources: Sources, cpu_info: str, vendor: str | None, product: str | None) -> str | None:
    if _text(sources, "/sys/hypervisor/type").strip() == "xen":
        # The first domain is the machine itself, though Xen lies below it.
        return None if "control_d" in _text(sources, "/proc/xen/capabilities") else "xen"
    told = _text(sources, "/proc/device-tree/hypervisor/compatible").partition("\0")[0].strip()
    if told:
        return _DEVICE_TREE.get(told, "unknown")
    return makers.hypervisor(vendor, product, surely_virtual=linux_cpu.is_virtual(cpu_info))


def _text(sources: Sources, path: str) -> str:
    return text(sources.read(path))
