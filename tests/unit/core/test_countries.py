# SPDX-License-Identifier: Apache-2.0
"""Every ISO 3166-1 code has a name that can follow "in"."""

import re
from string import ascii_uppercase

from counterfoil_service.core.countries import name_of_country

ALL = [first + second for first in ascii_uppercase for second in ascii_uppercase]


def test_every_assigned_code_has_a_name_of_its_own() -> None:
    named = {code: name_of_country(code) for code in ALL if name_of_country(code) != code}
    assert len(named) == 249 + 1, "those of ISO 3166-1, and Kosovo"
    assert len(set(named.values())) == len(named)
    for name in named.values():
        assert re.fullmatch(r"(?:the )?[^\W\d_][\w.' -]+", name), name
        assert name.isprintable()


def test_names_follow_the_word_in() -> None:
    assert [name_of_country(code) for code in ("DE", "GB", "US", "TR", "AD", "ZW")] == [
        *("Germany", "the United Kingdom", "the United States", "Türkiye", "Andorra", "Zimbabwe")
    ]


def test_a_code_that_is_not_known_stands_for_itself() -> None:
    assert name_of_country("QQ") == "QQ"
    assert name_of_country("") == ""
