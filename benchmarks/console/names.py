# SPDX-License-Identifier: Apache-2.0
"""What people, applications and devices of a made-up service are called."""

from typing import Final

APPLICATIONS: Final = (
    *("Ledger", "Field Notes", "Atlas Desktop", "Quill", "Harbour", "Night Shift", "Tide Tables", "Roster"),
    *("Kiln Monitor", "Parcel Desk", "Greenhouse", "Stockroom", "Lectern", "Survey Kit", "Switchboard", "Logbook"),
    *("Workbench", "Cartography", "Front Desk", "Archive"),
)
_FIRST: Final = (
    *("ada", "alan", "barbara", "claude", "dennis", "donald", "edsger", "frances", "grace", "hedy", "jean", "joan"),
    *("john", "karen", "katherine", "ken", "kurt", "leslie", "lynn", "margaret", "mary", "niklaus", "radia", "rosa"),
    *("shafi", "sophie", "stephen", "tony", "vint", "whitfield"),
)
_LAST: Final = (
    *("allen", "becker", "castillo", "dijk", "eriksen", "fischer", "garcia", "haddad", "ivanova", "jansen", "kaya"),
    *("larsen", "moreau", "nakamura", "okafor", "petrov", "quist", "rossi", "schmidt", "tanaka", "ueda", "varga"),
    *("weber", "xu", "yilmaz", "zhang", "conway", "hopper", "liskov"),
)
_DOMAINS: Final = ("example.com", "example.net", "example.org", "mail.example")
_MACHINES: Final = ("laptop", "desktop", "workstation", "ThinkPad", "MacBook", "lab machine")


def address(who: int) -> str:
    """Of one of any number of people; no two have the same."""
    first, rest = who % len(_FIRST), who // len(_FIRST)
    last, round_ = (rest + 7 * first) % len(_LAST), rest // len(_LAST)
    number = str(round_ + 1) if round_ else ""
    return f"{_FIRST[first]}.{_LAST[last]}{number}@{_DOMAINS[(who * 7 + rest) % len(_DOMAINS)]}"


def device(who: int, at: int) -> str:
    """As its owner calls it."""
    return f"{_FIRST[who % len(_FIRST)].title()}'s {_MACHINES[(who * 5 + at * 2 + who // 30) % len(_MACHINES)]}"
