# SPDX-License-Identifier: Apache-2.0
"""What happens to machines that are still their owners'."""

from calibration.changes import hardware, nothing, software, together, virtual
from calibration.events import (
    Event,
    Group,
    event,
    has_id,
    has_none,
    is_contained,
    is_guest,
    is_linux_desktop,
    is_personal,
)
from calibration.lives import back_after_a_year, year
from calibration.machine import Machine

_ORDINARY, _UPHEAVAL = Group.ORDINARY, Group.UPHEAVAL


def _has_screen(machine: Machine) -> bool:
    return is_personal(machine) and machine.profile.display is not None


def _is_cloud(machine: Machine) -> bool:
    return machine.kind == "cloud"


def _is_silicon(machine: Machine) -> bool:
    return machine.is_mac and machine.profile.architecture == "aarch64"


def _can_reinstall(machine: Machine) -> bool:
    return machine.id_lives_on == "disk" and machine.kind != "cloud"


def _has_firmware(machine: Machine) -> bool:
    named = machine.profile.product is not None
    return named and machine.kind in {"desktop", "laptop", "vm"} and not machine.is_mac


def _takes_memory(machine: Machine) -> bool:
    return machine.is_metal and not _is_silicon(machine)


def _is_open(machine: Machine) -> bool:
    return machine.kind == "desktop" and not machine.is_mac


_MOVED_IN = together(software.rename, software.travel, software.language, hardware.docking)
_BUSY_MONTH = together(software.major_upgrade, software.application_update, software.travel, hardware.docking)
_SPRUCED_UP = together(hardware.more_memory, hardware.docking, software.major_upgrade, software.rename)

HONEST: tuple[Event, ...] = (
    event("nothing changed", _ORDINARY, has_id, nothing),
    event("system: point upgrade", _ORDINARY, has_id, software.point_upgrade),
    event("system: major upgrade", _ORDINARY, has_id, software.major_upgrade),
    event("application updated", _ORDINARY, has_id, software.application_update),
    event("renamed, or named by another network", _ORDINARY, has_id, software.rename),
    event("travel", _ORDINARY, is_personal, software.travel),
    event("language changed", _ORDINARY, is_personal, software.language),
    event("docking, second screen, new graphics", _ORDINARY, _has_screen, hardware.docking),
    event("memory added", _ORDINARY, _takes_memory, hardware.more_memory),
    event("multithreading switched off", _ORDINARY, lambda each: each.is_metal, hardware.threads_off),
    event("board repaired with the same part", _ORDINARY, lambda each: each.is_metal and not each.is_mac, nothing),
    event("firmware gives the product another name", _ORDINARY, _has_firmware, hardware.renamed_by_maker),
    event("key moved to or from the keyring", _ORDINARY, is_personal, software.key_to_keyring),
    event("started by a service, without language", _ORDINARY, is_personal, software.started_otherwise),
    event("Intel build on Apple silicon", _ORDINARY, _is_silicon, software.translated),
    event("packaged as a Flatpak", _ORDINARY, is_linux_desktop, software.packaged_as_flatpak),
    event("sandboxed: values go missing", _ORDINARY, lambda each: each.is_metal, software.sandboxed),
    event("hardware hidden by a policy", _ORDINARY, has_id, software.hardened),
    event("one value unreadable for once", _ORDINARY, has_id, software.one_unreadable),
    event("Mac erased and set up again", _ORDINARY, lambda each: each.is_mac, software.reinstalled),
    event("VM resized", _ORDINARY, lambda each: each.kind == "vm" and has_id(each), virtual.resized),
    event("VM migrated or restarted on other hardware", _ORDINARY, is_guest, virtual.on_another_host),
    event("container rebuilt, id kept", _ORDINARY, is_contained, virtual.rebuilt),
    event("machine without an id changes", _ORDINARY, has_none, virtual.rebuilt),
    event("upgrade, update, travel and docking", _ORDINARY, is_personal, _BUSY_MONTH),
    event("new name, place, language, screen", _ORDINARY, is_personal, _MOVED_IN),
    event("memory, screen, upgrade, new name", _ORDINARY, lambda each: each.is_metal, _SPRUCED_UP),
    Event("a year of drift, step by step", _ORDINARY, has_id, year),
    event("back after a year, all at once", _ORDINARY, has_id, back_after_a_year),
    event("processor replaced", _UPHEAVAL, _is_open, hardware.new_processor),
    event("main board and processor replaced", _UPHEAVAL, _is_open, hardware.new_board),
    event("Mac's logic board replaced", _UPHEAVAL, lambda each: each.is_mac, software.fresh_id),
    event("cloud instance of another type", _UPHEAVAL, _is_cloud, virtual.another_instance_type),
    event("VM moved to another hypervisor", _UPHEAVAL, is_guest, virtual.on_another_hypervisor),
    event("container on another node", _UPHEAVAL, is_contained, virtual.on_another_node),
    event("container rebuilt, id made anew", _UPHEAVAL, is_contained, virtual.image_with_new_id),
    event("container rebuilt, id gone", _UPHEAVAL, is_contained, virtual.image_without_id),
    event("packaged as a Snap", _UPHEAVAL, is_linux_desktop, software.packaged_as_snap),
    event("started in a toolbox that shares the home", _UPHEAVAL, is_linux_desktop, software.in_a_toolbox),
    event("machine id unreadable for once", _UPHEAVAL, has_id, software.id_unreadable),
    event(
        "system set up anew, home kept",
        _UPHEAVAL,
        _can_reinstall,
        together(software.reinstalled, software.fresh_id),
    ),
    event("new computer, home carried over", _UPHEAVAL, lambda each: each.is_metal, software.next_computer),
)
