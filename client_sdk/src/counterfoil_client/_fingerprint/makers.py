# SPDX-License-Identifier: Apache-2.0
"""What a machine's maker wrote into its firmware: which product it is, and which hypervisor if it is none. All pure."""

import re

from counterfoil_client._fingerprint.values import clean

_PLACEHOLDERS = re.compile(
    r"to be filled by o\.?e\.?m\.?|(?:system|default)[ -](?:product|manufacturer|name|string|version|model)(?: name)?"
    r"|o\.?e\.?m\.?|product name|manufacturer|vendor|not (?:applicable|specified|available|defined)|n/?a|none|null"
    r"|unknown|undefined|invalid|empty|standard|type1.*configid|x+|0+|0?123456789.*|all series|[.\-_ ?]+"
)
_KINDS = (
    (re.compile(r"\bvmware"), "vmware"),
    (re.compile(r"\b(?:virtualbox|innotek)\b"), "virtualbox"),
    (re.compile(r"\bmicrosoft corporation virtual machine\b"), "hyper-v"),
    (re.compile(r"^xen\b|\bhvm domu\b"), "xen"),
    (re.compile(r"\bparallels"), "parallels"),
    (re.compile(r"\bvirtualmac|\bapple virtualization\b"), "apple"),
    (re.compile(r"\bgoogle compute engine\b"), "google"),
    (re.compile(r"\bamazon ec2\b"), "amazon"),
    (re.compile(r"\bopenstack\b"), "openstack"),
    (re.compile(r"\bbhyve\b"), "bhyve"),
    (re.compile(r"\bbochs\b"), "bochs"),
    (re.compile(r"\b(?:qemu|kvm)\b|\bstandard pc \("), "kvm"),
)
_WHOLE_MACHINE = ".metal"
"""How a cloud that names itself everywhere ends the product name of a machine that is let whole."""


def product(vendor: str | None, name: str | None) -> str | None:
    """Vendor and product; what a factory forgot to fill in is absent, and a vendor already in the name stands once."""
    known = [part for part in (_filled_in(vendor), _filled_in(name)) if part is not None]
    if len(known) > 1 and known[1].lower().startswith(known[0].lower()):
        return known[1]
    return clean(" ".join(known))


def hypervisor(vendor: str | None, name: str | None, *, surely_virtual: bool = False) -> str | None:
    """The kind of virtual machine that firmware like this belongs to, or None."""
    firmware = (clean(f"{vendor or ''} {name or ''}") or "").lower()
    if firmware.endswith(_WHOLE_MACHINE) and not surely_virtual:
        return None
    kind = next((kind for pattern, kind in _KINDS if pattern.search(firmware)), None)
    return kind or ("unknown" if surely_virtual else None)


def _filled_in(value: str | None) -> str | None:
    found = clean(value)
    return None if found is None or _PLACEHOLDERS.fullmatch(found.lower()) else found
