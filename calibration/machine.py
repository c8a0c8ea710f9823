# SPDX-License-Identifier: Apache-2.0
"""What a made-up machine is: the values that the SDK's collectors would give, and what they do not say of it."""

import hashlib
from dataclasses import dataclass, replace
from typing import Literal

from counterfoil_client._fingerprint.profile import Profile

Kind = Literal["desktop", "laptop", "board", "vm", "cloud", "container"]
Home = Literal["disk", "board", "image", "host"]


@dataclass(frozen=True, slots=True)
class Machine:
    """One archetype. `id_lives_on` says what the machine id moves with; None where there is no id."""

    name: str
    kind: Kind
    profile: Profile
    id_lives_on: Home | None

    @property
    def is_metal(self) -> bool:
        """A computer that somebody can open, and no board whose memory card is its disk."""
        return self.kind in {"desktop", "laptop"}

    @property
    def is_mac(self) -> bool:
        """Whether the machine id is the hardware's own, which no disk carries away."""
        return self.id_lives_on == "board"

    @property
    def is_virtual(self) -> bool:
        """Whether a hypervisor cut it to size."""
        return self.kind in {"vm", "cloud"}


def machine(name: str, kind: Kind, base: Profile, lives_on: Home | None = "disk", **values: str | None) -> Machine:
    """An archetype that is like `base` but for `values`; its id is made of its name."""
    made = None if lives_on is None else made_up_id(name, base.os)
    return Machine(name, kind, replace(base, machine=made, **values), lives_on)


def made_up_id(seed: str, system: str | None) -> str:
    """A machine id as the system writes it: Windows with hyphens, the others without."""
    digits = hashlib.sha256(seed.encode()).hexdigest()[:32]
    if system != "windows":
        return digits
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
