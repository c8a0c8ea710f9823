# SPDX-License-Identifier: Apache-2.0
"""The coarse form of an address: all that may stand beside an audit event in the clear, for thirty days [R112]."""

import ipaddress
from typing import Final

_BITS: Final = {4: 24, 6: 48}
"""What sites are given at the least: a single household or machine is not told by it."""


def coarse(address: str) -> str | None:
    """`203.0.113.0/24` or `2001:db8:1::/48`; None for what is no address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    plain = (parsed.ipv4_mapped or parsed) if isinstance(parsed, ipaddress.IPv6Address) else parsed
    bits = _BITS[plain.version]
    host = plain.max_prefixlen - bits
    return f"{type(plain)(int(plain) >> host << host)}/{bits}"


def coarse_range(text: str) -> str:
    """The kept range that an address, or a network within one, belongs to.

    A `ValueError` for a wider network: addresses are kept as /24 and /48, so ask for each of these.
    """
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise ValueError("give an address, or a network without host bits such as 203.0.113.0/24") from None
    if network.prefixlen < _BITS[network.version]:
        raise ValueError("give a /24 of IPv4 or a /48 of IPv6 at the widest: addresses are kept as these")
    return str(network.supernet(new_prefix=_BITS[network.version]))
