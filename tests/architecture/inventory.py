# SPDX-License-Identifier: Apache-2.0
"""docs/reference/personal-data.json as its readers see it, and what it lacks or has too much."""

import json
import runpy
from pathlib import Path
from typing import Any

import msgspec

from counterfoil_client._fingerprint.profile import ATTRIBUTES
from counterfoil_service.core.audit_event import PERSONAL_FIELDS
from counterfoil_service.core.event_catalogue import CATALOGUE
from counterfoil_service.db.tables import metadata

ROOT = Path(__file__).parents[2]
SERVICE = ROOT / "service" / "src" / "counterfoil_service"
OPERATIONS = SERVICE / "operations"
SCRIPT = runpy.run_path(str(ROOT / "docs" / "reference" / "personal_data.py"))
INVENTORY = json.loads(SCRIPT["INVENTORY"].read_text("utf-8"))
COLUMNS = {f"{table.name}.{column.name}" for table in metadata.tables.values() for column in table.columns}
EVENT_FIELDS = frozenset(name for entry in CATALOGUE.values() for name in entry.fields)
ATTRIBUTE, NEVER = "device attribute", "never leaves the device"
SEALED, PUBLIC = "audit_events.sealed:", "audit_events.fields:"


class Field(msgspec.Struct, forbid_unknown_fields=True):
    """One kind of personal data; `raw` says of a device's attribute what becomes of the value itself."""

    name: str
    kind: str
    read_from: str
    stored: list[str]
    form: str
    purpose: str
    shown_to: str
    retention: str
    ends_with: list[str]
    legal_basis: str
    switched_off_by: str
    raw: str | None = None

    @property
    def tables(self) -> set[str]:
        """Where it is kept."""
        return {place.partition(".")[0] for place in self.stored}


class NotPersonal(msgspec.Struct, forbid_unknown_fields=True):
    """A column, or a public field of events, that says nothing of anybody."""

    column: str
    why: str


class Inventory(msgspec.Struct, forbid_unknown_fields=True):
    """The whole file."""

    fields: list[Field]
    not_personal: list[NotPersonal]


def read(inventory: Any) -> Inventory:
    """A `msgspec.ValidationError` for any other shape."""
    return msgspec.convert(inventory, Inventory)


LISTED = read(INVENTORY)


def listed(name: str) -> Field:
    """The field of this name."""
    (found,) = [each for each in LISTED.fields if each.name == name]
    return found


def stored_as(name: str) -> set[str]:
    """The columns of a field, and its places among an event's public fields; those of sealed parts aside."""
    return {place for place in listed(name).stored if not place.startswith(SEALED)}


def public_of(places: "set[str] | list[str]") -> set[str]:
    """Which of an event's public fields are among these."""
    return {place.removeprefix(PUBLIC) for place in places if place.startswith(PUBLIC)}


def gaps(
    inventory: Any,
    *,
    attributes: "tuple[str, ...]" = ATTRIBUTES,
    columns: set[str] = COLUMNS,
    personal: frozenset[str] = PERSONAL_FIELDS,
    event_fields: frozenset[str] = EVENT_FIELDS,
) -> list[str]:
    """What the inventory has too much, or too little."""
    whole = read(inventory)
    named = [each.name for each in whole.fields if each.kind == ATTRIBUTE]
    stored = {place for each in whole.fields for place in each.stored}
    kept = {_column(place) for place in stored}
    harmless = [each.column for each in whole.not_personal]
    harmless_columns = {place for place in harmless if not place.startswith(PUBLIC)}
    sealed = {place.removeprefix(SEALED) for place in stored if place.startswith(SEALED)}
    found = {
        "attribute": set(named) ^ set(attributes),
        "column unknown": (kept | harmless_columns) - columns,
        "column missing": columns - kept - harmless_columns,
        "on both sides": (kept | stored) & set(harmless),
        "sealed": sealed ^ personal,
        "event field": public_of(stored | set(harmless)) ^ event_fields,
        "twice": {each for each in [*named, *harmless] if [*named, *harmless].count(each) > 1},
    }
    return [f"{what}: {name}" for what, names in found.items() for name in sorted(names)]


def _column(place: str) -> str:
    return place.partition(":")[0] if place.startswith((SEALED, PUBLIC)) else place
