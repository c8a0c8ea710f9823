# SPDX-License-Identifier: Apache-2.0
"""One event on its way out, and what several formats say of it alike."""

import ipaddress
from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import quote

import msgspec

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.event_catalogue import CATALOGUE, UNKNOWN, Entry
from counterfoil_service.core.leaf import Leaf

Level = Literal["info", "notice", "alert"]
ERASED: Final = "erased"
_NAMES: Final = frozenset(name.value for name in EventName)
_APART: Final = frozenset({"v", "fields", "sealed"})


class Exported(msgspec.Struct, frozen=True):
    """`personal` None: erased, nobody can read it any more. Empty: there is none, or it was not asked for."""

    leaf: Leaf
    position: int
    personal: Mapping[str, str] | None


class Product(msgspec.Struct, frozen=True):
    """Who says so: OCSF's and CEF's product."""

    version: str
    name: str = "Counterfoil"
    vendor: str = "Counterfoil"


def entry_of(leaf: Leaf) -> Entry:
    """What the catalogue says of this kind of event; of one that only a newer program knows, as little as possible."""
    return CATALOGUE[EventName(leaf.type)] if leaf.type in _NAMES else UNKNOWN


def outcome_of(leaf: Leaf) -> Literal["success", "failure"]:
    """As others count: a person who presses Reject has success at that, and the sign-in has failed."""
    return "failure" if entry_of(leaf).fails_logon else leaf.outcome


def level_of(leaf: Leaf) -> Level:
    """An alert wants a look."""
    if entry_of(leaf).raises_alert(leaf.fields):
        return "alert"
    return "info" if outcome_of(leaf) == "success" else "notice"


def is_address(text: str) -> bool:
    """Whether a source is an IP address and nothing else: fields of that type take no other text."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def visible(text: str, *, keep: str = "") -> str:
    """Text on one line that reads as it stands, and can be read back: `urllib.parse.unquote` undoes it.

    Whatever is not printable (line breaks, other control characters, marks of direction) and the percent sign itself
    are spelt %0A, %E2%80%AE, %25: they would forge lines in a log, or show it in another order. What is in `keep`
    stays, for a format with an escape of its own for it.
    """
    return "".join(each if each in keep or _is_plain(each) else _spelt(each) for each in text)


def _is_plain(character: str) -> bool:
    return character.isprintable() and character != "%"


def _spelt(character: str) -> str:
    return quote(character.encode("utf-8", "surrogatepass"), safe="")


def members_of(exported: Exported) -> dict[str, str]:
    """Everything public by its name, then everything personal by its own: no two names are equal.

    Without the ciphertext: it is of use beside the tree alone, and JSON lines carry it.
    """
    whole = {name: value for name, value in msgspec.to_builtins(exported.leaf).items() if name not in _APART}
    members = {"position": exported.position, **whole}
    members |= {f"fields.{name}": value for name, value in exported.leaf.fields.items()}
    personal = {"": ERASED} if exported.personal is None else exported.personal
    members |= {f"personal.{name}".rstrip("."): text for name, text in personal.items()}
    return {name: str(value) for name, value in members.items()}
