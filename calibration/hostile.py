# SPDX-License-Identifier: Apache-2.0
"""What happens to keys in other hands."""

from calibration.changes import nothing, theft, virtual
from calibration.events import Event, Group, event, has_id, has_none, is_contained, is_guest
from calibration.machine import Machine

_HOSTILE = Group.HOSTILE


def _disk_can_move(machine: Machine) -> bool:
    """Disks of Macs are left out: their id stays behind, so that a moved one is a copied key."""
    return (machine.is_metal or machine.kind == "board") and machine.id_lives_on == "disk"


def _disk_fits_elsewhere(machine: Machine) -> bool:
    return _disk_can_move(machine) and theft.could_start_anywhere(machine.profile)


def _has_home(machine: Machine) -> bool:
    return machine.kind != "container" and "linux" in (machine.profile.os or "")


HOSTILE: tuple[Event, ...] = (
    event("key copied to another machine", _HOSTILE, has_id, theft.key_on_any_machine),
    event("key copied to an identical model", _HOSTILE, has_id, theft.key_on_same_model),
    event("disk moved to other hardware", _HOSTILE, _disk_fits_elsewhere, theft.disk_in_other_machine),
    event("VM cloned to another hypervisor", _HOSTILE, is_guest, theft.clone_on_another_hypervisor),
    event("home copied into a container", _HOSTILE, _has_home, theft.home_in_container),
    event("home and id mounted into a container", _HOSTILE, _has_home, theft.home_and_id_in_container),
    event("fingerprint left out", _HOSTILE, has_id, theft.without_fingerprint),
    event("fingerprint sent empty", _HOSTILE, has_id, theft.empty_fingerprint),
    event("knows id and system, leaves out the rest", _HOSTILE, has_id, theft.knows_little_sends_little),
    event("knows id and system, guesses the rest", _HOSTILE, has_id, theft.knows_little_guesses),
    event("knows all but two, guesses those", _HOSTILE, has_id, theft.guesses_two),
    event("knows all but two, leaves those out", _HOSTILE, has_id, theft.leaves_out_two),
    event("container image started elsewhere", _HOSTILE, is_contained, virtual.on_another_node),
    event("VM cloned to another host", _HOSTILE, is_guest, theft.clone_on_another_host),
    event("VM cloned on its own host", _HOSTILE, is_guest, nothing),
    event("VM image started twice, other name", _HOSTILE, is_guest, theft.clone_renamed),
    event("disk moved to an identical model", _HOSTILE, _disk_can_move, nothing),
    event("key copied from a machine without id", _HOSTILE, has_none, theft.key_on_any_container),
    event("key and whole fingerprint copied", _HOSTILE, has_id, nothing),
    event("another program on the same machine", _HOSTILE, has_id, nothing),
    Event("all copied, then changed step by step", _HOSTILE, has_id, theft.walk),
)
