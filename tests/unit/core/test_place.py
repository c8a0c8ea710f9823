# SPDX-License-Identifier: Apache-2.0
"""Places: what files of four publishers say is read, and what a damaged or hostile one says is not."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core.application import has_unsafe_characters
from counterfoil_service.core.place import NOWHERE, Place, cleaned, place_of

COUNTRY = {
    "continent": {"code": "EU", "names": {"en": "Europe"}},
    "country": {"geoname_id": 2921044, "iso_code": "DE", "names": {"de": "Deutschland", "en": "Germany"}},
    "registered_country": {"iso_code": "FR", "names": {"en": "France"}},
}
ASN = {"autonomous_system_number": 3320, "autonomous_system_organization": "Deutsche Telekom AG"}
IPINFO_LITE = {"asn": "AS3320", "as_name": "Deutsche Telekom AG", "country": "Germany", "country_code": "DE"}
IPINFO_COUNTRY_ASN = {"country": "DE", "country_name": "Germany", "asn": "AS3320", "as_name": "Deutsche Telekom AG"}
KNOWN = Place("DE", "Germany", "Deutsche Telekom AG")
HOSTILE: list[Any] = [
    None, True, 7, 1.5, b"DE", "DE", [], ["DE"], {}, {"iso_code": None}, {"iso_code": ["DE"]}, {"iso_code": b"DE"},
    {"iso_code": "D"}, {"iso_code": "DEU"}, {"iso_code": "D1"}, {"iso_code": "DE\n"}, {"iso_code": "ßE"},
    {"iso_code": "\uff24\uff25"}, {"iso_code": ""}, {"names": {"en": "Germany"}},
]  # fmt: skip


@pytest.mark.parametrize(
    "records",
    [
        [COUNTRY, ASN],
        [ASN, COUNTRY],
        [COUNTRY | ASN],
        [IPINFO_LITE],
        [IPINFO_COUNTRY_ASN],
        [None, {}, KNOWN, COUNTRY, ASN],
    ],
)
def test_files_of_every_publisher_say_the_same(records: list[object]) -> None:
    assert place_of(records) == KNOWN


def test_no_record_is_nowhere() -> None:
    assert place_of([]) == place_of([None, None]) == NOWHERE == Place(None, None, None)
    assert NOWHERE.words is None


def test_a_network_without_a_country_has_the_country_it_is_registered_in() -> None:
    assert place_of([COUNTRY | {"country": {}}]) == Place("FR", "France", None)
    assert place_of([{"registered_country": {"iso_code": "FR"}}]) == Place("FR", None, None)


def test_a_country_never_gets_the_name_of_another() -> None:
    unnamed = {"country": {"iso_code": "DE"}, "registered_country": {"iso_code": "FR", "names": {"en": "France"}}}
    assert place_of([unnamed]) == Place("DE", None, None)
    assert place_of([unnamed, {"country": {"iso_code": "FR", "names": {"en": "France"}}}]) == Place("DE", None, None)
    assert place_of([unnamed, COUNTRY]) == Place("DE", "Germany", None)


def test_the_file_named_first_decides() -> None:
    other = {"country": "AT", "country_name": "Austria", "as_name": "Another"}
    assert place_of([IPINFO_LITE, other]) == KNOWN
    assert place_of([other, IPINFO_LITE]) == Place("AT", "Austria", "Another")


def test_a_name_without_a_code_is_no_country() -> None:
    assert place_of([{"country": "Germany", "country_name": "Germany"}]) == NOWHERE


@pytest.mark.parametrize("code", ["EU", "AP", "XX", "ZZ", "AA", "zz"])
def test_a_region_or_an_unknown_is_no_country_that_two_could_share(code: str) -> None:
    assert place_of([{"country": {"iso_code": code, "names": {"en": "Somewhere"}}}]) == NOWHERE
    assert place_of([{"country": code}, {"country_code": code}]) == NOWHERE


def test_codes_are_upper_case() -> None:
    assert place_of([{"country_code": "de"}]).country == place_of([{"country": {"iso_code": "de"}}]).country == "DE"


@pytest.mark.parametrize("value", HOSTILE, ids=repr)
def test_what_is_ill_typed_is_absent(value: Any) -> None:
    wrong = {"country": value, "registered_country": value, "as_name": [value], "autonomous_system_organization": 7}
    assert place_of([wrong]) in {NOWHERE, Place("DE", None, None)}
    assert (place_of([wrong]) == NOWHERE) == (value != "DE"), "IPinfo's country is a bare code"
    assert place_of([value]) == NOWHERE
    assert place_of([wrong, COUNTRY, ASN]) == KNOWN


@pytest.mark.parametrize(
    "text",
    ["a\nb", "a\x00", "\x1b[31mred", "\u202eevil", "a\u200bb", "a\u2028b", "\ud800", "a\x85", "\x7f", "\ue000", ""],
)
def test_a_text_that_could_forge_a_line_or_its_direction_is_absent(text: str) -> None:
    assert cleaned(text) is None
    assert place_of([{"country": {"iso_code": "DE", "names": {"en": text}}, "as_name": text}]) == Place(
        "DE", None, None
    )


def test_blanks_of_all_kinds_become_one() -> None:
    assert cleaned("  Deutsche \u00a0 \u3000Telekom  ") == "Deutsche Telekom"
    assert cleaned(" \u00a0 ") is None


def test_a_long_text_is_cut_and_shows_it() -> None:
    assert cleaned("x" * 64) == "x" * 64
    assert cleaned("x" * 65) == "x" * 63 + "…"
    assert cleaned("x" * 62 + " " + "y" * 9) == "x" * 62 + "…"
    began = time.perf_counter()
    assert cleaned("x" * 10_000_000) == "x" * 63 + "…"
    assert time.perf_counter() - began < 0.1


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (KNOWN, "Germany, Deutsche Telekom AG"),
        (Place("DE", "Germany", None), "Germany"),
        (Place("DE", None, None), "DE"),
        (Place("DE", None, "Telekom"), "DE, Telekom"),
        (Place(None, None, "Telekom"), "Telekom"),
    ],
)
def test_words_say_only_what_is_known(place: Place, words: str) -> None:
    assert place.words == words


KEYS = st.sampled_from(
    ["country", "registered_country", "iso_code", "names", "en", "country_code", "country_name", "as_name",
     "autonomous_system_organization"]
)  # fmt: skip
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.binary(max_size=4), st.text(max_size=80))
RECORDS = st.recursive(
    LEAVES | st.sampled_from(["DE", "de", "EU", "Germany"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)


@given(st.lists(RECORDS, max_size=3))
def test_any_record_gives_a_place_that_is_fit_to_be_shown(records: list[object]) -> None:
    place = place_of(records)
    assert place.country is None or (len(place.country) == 2 and place.country.isascii() and place.country.isupper())
    assert place.country_name is None or place.country is not None
    for text in (place.country_name, place.network):
        assert text is None or (0 < len(text) <= 64 and text.isprintable() and not has_unsafe_characters(text))
    assert (place.words is None) == (place == NOWHERE)
