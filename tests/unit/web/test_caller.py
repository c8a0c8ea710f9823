# SPDX-License-Identifier: Apache-2.0
"""Where a request comes from: no header of the caller's own may decide it."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.web.caller import Address, forwarded_source, range_of, source_of, user_agent_of
from unit.web.fakes import a_request

TRUSTED = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))
PROXY = ipaddress.ip_address("10.0.0.1")
STRANGER = ipaddress.ip_address("203.0.113.9")


def _read(peer: Address, *forwarded: str) -> str:
    return str(forwarded_source(peer, forwarded, TRUSTED))


@given(st.lists(st.text(max_size=40), max_size=5))
def test_a_peer_that_is_no_proxy_is_the_caller_whatever_it_sends(forwarded: list[str]) -> None:
    assert forwarded_source(STRANGER, forwarded, TRUSTED) == STRANGER


@given(st.lists(st.text(max_size=40), max_size=3))
def test_what_stands_left_of_the_first_stranger_is_never_read(claims: list[str]) -> None:
    assert _read(PROXY, *claims, "198.51.100.7, 10.2.2.2") == "198.51.100.7"


@given(st.lists(st.one_of(st.text(max_size=40), st.ip_addresses().map(str)), max_size=4))
def test_any_header_gives_an_address(forwarded: list[str]) -> None:
    assert str(ipaddress.ip_address(_read(PROXY, *forwarded)))


@pytest.mark.parametrize(
    ("forwarded", "source"),
    [
        (["198.51.100.7"], "198.51.100.7"),
        (["10.3.3.3"], "10.3.3.3"),
        (["1.1.1.1,10.3.3.3,10.4.4.4"], "1.1.1.1"),
        (["1.1.1.1", "10.3.3.3"], "1.1.1.1"),
        (["1.1.1.1, x, 10.3.3.3"], "10.3.3.3"),
        (["[2001:db8::1]"], "2001:db8::1"),
        (["2001:DB8:0::1"], "2001:db8::1"),
        (["1.1.1.1, ::ffff:10.9.9.9"], "1.1.1.1"),
        (["::ffff:1.1.1.1"], "1.1.1.1"),
        (["fe80::1%1"], "10.0.0.1"),
        (["1.1.1.1:80"], "1.1.1.1"),
        (["[2001:db8::1]:443"], "2001:db8::1"),
        (["2001:db8::1]"], "10.0.0.1"),
        (["1.1.1.1:"], "10.0.0.1"),
        (["1.1.1.1:80:80"], "10.0.0.1"),
        (["[1.1.1.1]x"], "10.0.0.1"),
        (["0x7f.1"], "10.0.0.1"),
        (["127.1"], "10.0.0.1"),
        (["1.1.1.1/32"], "10.0.0.1"),
        (["\uff11.1.1.1"], "10.0.0.1"),
        ([""], "10.0.0.1"),
        ([","], "10.0.0.1"),
    ],
)
def test_hops_are_read_from_the_right(forwarded: list[str], source: str) -> None:
    assert _read(PROXY, *forwarded) == source


@pytest.mark.parametrize(
    ("source", "bits", "network"),
    [
        ("203.0.113.255", 24, "203.0.113.0/24"),
        ("203.0.114.0", 24, "203.0.114.0/24"),
        ("203.0.113.255", 32, "203.0.113.255/32"),
        ("2001:db8:1:2:ffff::1", 24, "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", 32, "2001:db8:1:2::/64"),
        ("2001:db8:1:3::", 24, "2001:db8:1:3::/64"),
    ],
)
def test_neighbours_share_a_range(source: str, bits: int, network: str) -> None:
    assert range_of(ipaddress.ip_address(source), bits) == network


def test_a_peer_without_an_address_is_nobody_in_particular() -> None:
    request = a_request([("X-Forwarded-For", "1.1.1.1")], settings=type("S", (), {"trusted_proxies": TRUSTED}))
    assert str(source_of(request)) == "0.0.0.0"


def test_a_user_agent_is_short_and_printable() -> None:
    agent = user_agent_of(a_request([("User-Agent", "a\x9b\x85\x07b" + "x" * 600)]))
    assert agent == "a???b" + "x" * 507
    assert user_agent_of(a_request([])) == ""
