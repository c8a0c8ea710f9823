# SPDX-License-Identifier: Apache-2.0
"""Where a request comes from: behind proxies only as far as the operator trusts them [R94]."""

import ipaddress
import re
from collections.abc import Sequence

from counterfoil_service.settings.parsers import Network
from counterfoil_service.web.services import AnyRequest, services_of

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_UNKNOWN: Address = ipaddress.IPv4Address(0)
_IPV6_BITS = 64
_MAX_USER_AGENT = 512


def source_of(request: AnyRequest) -> Address:
    """The caller's address."""
    peer = _address(request.client.host if request.client else "") or _UNKNOWN
    forwarded = request.headers.getall("x-forwarded-for", [])
    return forwarded_source(peer, forwarded, services_of(request).settings.trusted_proxies)


def forwarded_source(peer: Address, forwarded: Sequence[str], trusted: Sequence[Network]) -> Address:
    """The right-most address that no trusted proxy wrote: everything left of it is the caller's own claim."""
    hops = [hop.strip() for header in forwarded for hop in header.split(",")]
    source = peer
    while hops and _is_trusted(source, trusted):
        hop = _address(hops.pop())
        if hop is None:
            break
        source = hop
    return source


def came_through_proxy(request: AnyRequest) -> bool:
    """Whether a proxy that the operator trusts handed this request over."""
    peer = _address(request.client.host if request.client else "")
    return peer is not None and _is_trusted(peer, services_of(request).settings.trusted_proxies)


def network_of(request: AnyRequest) -> str:
    """The range that the caller's address shares a budget with."""
    return range_of(source_of(request), int(services_of(request).settings.ipv4_range))


def range_of(source: Address, ipv4_bits: int) -> str:
    """The network that shares one budget: IPv4 /24 or a single address, IPv6 /64 [R95]."""
    bits = ipv4_bits if isinstance(source, ipaddress.IPv4Address) else _IPV6_BITS
    host = source.max_prefixlen - bits
    return f"{type(source)(int(source) >> host << host)}/{bits}"


def user_agent_of(request: AnyRequest) -> str:
    """What the caller says it is, short and printable."""
    text = request.headers.get("user-agent", "")[:_MAX_USER_AGENT]
    return "".join(character if character.isprintable() else "?" for character in text)


def _is_trusted(source: Address, trusted: Sequence[Network]) -> bool:
    return any(source in network for network in trusted)


def _address(text: str) -> Address | None:
    bracketed = re.fullmatch(r"\[([^\]]*)\](?::[0-9]+)?|([0-9.]+):[0-9]+", text)
    try:
        address = ipaddress.ip_address((bracketed[1] or bracketed[2]) if bracketed else text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
        return None  # a zone means something on one machine only, and every spelling of it would be a caller of its own
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address
