# SPDX-License-Identifier: Apache-2.0
"""Where an address is, as coarsely as a person needs it to recognise a request [R34]: country and network."""

import re
from collections.abc import Iterable

import msgspec

from counterfoil_service.core.application import has_unsafe_characters

_CODE = re.compile(r"[A-Za-z]{2}")
# What files say for "somewhere": two regions of old MaxMind files, and codes that ISO 3166 leaves to its users.
_NO_COUNTRIES = frozenset({"EU", "AP", "AA", "XX", "ZZ"})
_MAX_TEXT = 64
_MAX_READ = 256


class Place(msgspec.Struct, frozen=True):
    """`country` is an ISO 3166 code, `country_name` its English name, `network` the organisation that runs it."""

    country: str | None
    country_name: str | None
    network: str | None

    @property
    def words(self) -> str | None:
        """What is known, for people: `Germany, Deutsche Telekom AG`."""
        known = (self.country_name or self.country, self.network)
        return ", ".join(part for part in known if part) or None


NOWHERE = Place(None, None, None)


def place_of(records: Iterable[object]) -> Place:
    """What MMDB records of one address say, the first that knows a thing deciding; what is ill-typed says nothing.

    They are shaped as MaxMind's (Country, City, ASN), DB-IP's, which are alike, or IPinfo's, which are flat.
    """
    country = name = network = None
    for record in records:
        code, its_name = _country(record)
        country = country or code
        if country is not None and code == country:
            # A name belongs to its code: two files may disagree about the country.
            name = name or its_name
        network = network or cleaned(_at(record, "autonomous_system_organization")) or cleaned(_at(record, "as_name"))
    return Place(country, name, network)


def cleaned(value: object) -> str | None:
    """A text of a file, fit to be shown: one line of at most 64 printable characters, or None."""
    if not isinstance(value, str):
        return None
    text = value[:_MAX_READ]
    if has_unsafe_characters(text):
        return None
    text = " ".join(text.split())
    if len(text) > _MAX_TEXT:
        text = f"{text[: _MAX_TEXT - 1].rstrip()}…"
    return text if text and text.isprintable() else None


def _country(record: object) -> tuple[str | None, str | None]:
    for key in ("country", "registered_country"):
        if code := _code(_at(record, key, "iso_code")):
            return code, cleaned(_at(record, key, "names", "en"))
    flat = _at(record, "country")
    if code := _code(_at(record, "country_code")):
        return code, cleaned(_at(record, "country_name")) or cleaned(flat)
    return _code(flat), cleaned(_at(record, "country_name"))


def _code(value: object) -> str | None:
    if not isinstance(value, str) or not _CODE.fullmatch(value):
        return None
    code = value.upper()
    return None if code in _NO_COUNTRIES else code


def _at(value: object, *path: str) -> object:
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value
