# SPDX-License-Identifier: Apache-2.0
"""`/proc/cpuinfo` in its dialects: each architecture of Linux names its processor in words of its own. All pure."""

import re

from counterfoil_client._fingerprint.values import clean

_ARM_PART = re.compile(r"0x[0-9a-f]{1,4}")
_RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
_S390 = re.compile(r"^processor \d+:.*\bmachine = ([0-9A-F]{4})\b", re.MULTILINE)
_POWER = re.compile(r"[\w+]+")
_NAMED = ("model name", "uarch", "cpu model")


def model(info: str) -> str | None:
    """The processor's model: nothing of it depends on speed, microcode or which cores sleep."""
    facts = _first_values(info)
    named = next((facts[key] for key in _NAMED if clean(facts.get(key))), None)
    # ARM first: a 32-bit kernel gives the same chip a model name that a 64-bit one does not.
    return _arm(info) or clean(named) or _s390(info, facts) or _power(facts) or _riscv(facts)


def is_virtual(info: str) -> bool:
    """Whether an x86 processor says that a hypervisor shows it."""
    return "hypervisor" in _first_values(info).get("flags", "").split()


def number(present: str, info: str) -> int | None:
    """How many processors are there, asleep or not: from the kernel's list `0-3,8`, else by counting."""
    ranges = [_RANGE.fullmatch(part) for part in present.strip().split(",")]
    sizes = [int(found[2] or found[1]) - int(found[1]) + 1 for found in ranges if found is not None]
    if sizes and len(sizes) == len(ranges) and min(sizes) > 0:
        return sum(sizes)
    counted = sum(1 for line in info.splitlines() if _key(line) == "processor")
    return counted or None


def _arm(info: str) -> str | None:
    """Implementer and part of each kind of core, in an order that does not depend on which wakes first."""
    implementer, kinds = "", set[str]()
    for line in info.splitlines():
        value = line.partition(":")[2].strip().lower()
        if _key(line) == "cpu implementer":
            implementer = value
        elif _key(line) == "cpu part" and _ARM_PART.fullmatch(implementer) and _ARM_PART.fullmatch(value):
            kinds.add(f"{implementer}:{value}")
    return clean(" ".join(("arm", *sorted(kinds)))) if kinds else None


def _s390(info: str, facts: dict[str, str]) -> str | None:
    found = _S390.search(info)
    return clean(f"{facts.get('vendor_id', '')} {found[1]}") if found else None


def _power(facts: dict[str, str]) -> str | None:
    found = _POWER.match(facts.get("cpu", ""))
    return clean(found[0]) if found else None


def _riscv(facts: dict[str, str]) -> str | None:
    """Vendor and architecture ids, else the base of the instruction set: newer kernels know more extensions."""
    ids = [facts[key] for key in ("mvendorid", "marchid") if key in facts]
    return clean(" ".join(("riscv", *ids))) if ids else clean(facts.get("isa", "").partition("_")[0])


def _first_values(info: str) -> dict[str, str]:
    facts: dict[str, str] = {}
    for line in info.splitlines():
        facts.setdefault(_key(line), line.partition(":")[2].strip())
    return facts


def _key(line: str) -> str:
    return line.partition(":")[0].strip().lower()
