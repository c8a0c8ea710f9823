# SPDX-License-Identifier: Apache-2.0
"""Judge what a sender's domain says of itself in the DNS: SPF, DKIM, DMARC [R118]. Records in, findings out.

Nothing is looked up here: `examine` yields each name that it wants to know the TXT records of.
"""

import ipaddress
from typing import Final

from counterfoil_service.core.mail_dns.dkim import check_dkim
from counterfoil_service.core.mail_dns.dmarc import Found, judge_dmarc, walk
from counterfoil_service.core.mail_dns.judgement import Judgement, LookUps
from counterfoil_service.core.mail_dns.spf import check_spf

__all__ = ["MAX_LOOK_UPS", "Judgement", "LookUps", "examine", "why_not"]

MAX_LOOK_UPS: Final = 21
"""8 for the tree walk, 2 for the key, 1 and 10 for SPF."""

_RESERVED: Final = frozenset({"test", "example", "invalid", "localhost", "local", "internal", "onion", "alt"})
"""RFC 2606, 6761, 6762, 7686, 9476, and ICANN's `internal`."""
_EXAMPLES: Final = frozenset({"example.com", "example.net", "example.org", "home.arpa"})


def why_not(domain: str) -> str | None:
    """Why it makes no sense to look the domain up; None where it does."""
    labels = domain.rstrip(".").split(".")
    try:
        ipaddress.ip_address(domain.strip("[]").removeprefix("IPv6:"))
    except ValueError:
        pass
    else:
        return "is an address"
    if len(labels) == 1:
        return "is a name of one machine or network alone"
    if labels[-1] in _RESERVED or ".".join(labels[-2:]) in _EXAMPLES:
        return "is reserved for tests and private networks"
    return None


def examine(domain: str, selector: str) -> LookUps[list[Judgement]]:
    """Of a domain in lower case; `selector` empty where the operator has named none."""
    spf = yield from check_spf(domain)
    found = yield from walk(domain)
    if not selector:
        text = (
            "not looked at: name the selector that mail is signed with, COUNTERFOIL_DKIM_SELECTOR (s= of a signature)"
        )
        dkim, signer = [Judgement("warning", "DKIM", text)], None
    else:
        dkim, signer = yield from check_dkim(selector, tuple(dict.fromkeys((domain, found.organization))))
    return [*spf, *dkim, *judge_dmarc(found), _alignment(found, signer)]


def _alignment(found: Found, signer: str | None) -> Judgement:
    """DMARC counts SPF and DKIM only for the domain in From, or one of the same organization where that is enough."""
    domain = found.domain
    spf = f"SPF aligns where the server leaves {domain} in the envelope, as this service sets it"
    if found.is_strict("aspf"):
        spf += " (exactly so: aspf=s)"
    if signer is None:
        return Judgement("warning", "alignment", f"{spf}; whether DKIM does cannot be told without its key")
    if signer != domain and found.is_strict("adkim"):
        text = f"the key is that of {signer}, and adkim=s takes signatures with d={domain} alone: publish one there"
        return Judgement("error", "alignment", text)
    how = (
        "the very domain of From"
        if signer == domain
        else f"the organization of {domain}, which relaxed alignment takes"
    )
    return Judgement("ok", "alignment", f"{spf}; DKIM aligns by d={signer}, {how}")
