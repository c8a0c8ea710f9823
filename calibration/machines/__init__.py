# SPDX-License-Identifier: Apache-2.0
"""The archetypes: those that the weights were chosen on, and those that were written afterwards."""

from calibration.machine import Machine
from calibration.machines import containers, held_out, held_out_guests, linux, macs, virtual, windows

TUNING: tuple[Machine, ...] = (
    *windows.MACHINES,
    *macs.MACHINES,
    *linux.MACHINES,
    *virtual.MACHINES,
    *containers.MACHINES,
)
HELD_OUT: tuple[Machine, ...] = (*held_out.MACHINES, *held_out_guests.MACHINES)
MACHINES: tuple[Machine, ...] = (*TUNING, *HELD_OUT)
