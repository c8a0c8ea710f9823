# SPDX-License-Identifier: Apache-2.0
"""What of an address may stand beside an event, and what ranges may be asked for (R112)."""

import pytest

from counterfoil_service.core.address_range import coarse, coarse_range


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("0.0.0.0", "0.0.0.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", None),
        ("203.0.113", None),
        ("not an address", None),
    ],
)
def test_an_address_becomes_its_range_and_anything_else_nothing(address: str, kept: str | None) -> None:
    assert coarse(address) == kept


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("203.0.113.64/26", "203.0.113.0/24"),
        ("203.0.113.0/24", "203.0.113.0/24"),
        ("2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("2001:db8:1::/48", "2001:db8:1::/48"),
    ],
)
def test_an_address_or_a_network_within_a_range_asks_for_the_range(asked: str, kept: str) -> None:
    assert coarse_range(asked) == kept


@pytest.mark.parametrize("asked", ["203.0.112.0/23", "0.0.0.0/0", "2001:db8::/32", "203.0.113.1/24", "x", "", "1/2/3"])
def test_a_wider_network_and_what_is_none_are_refused_with_what_is_taken(asked: str) -> None:
    with pytest.raises(ValueError, match="/24"):
        coarse_range(asked)
