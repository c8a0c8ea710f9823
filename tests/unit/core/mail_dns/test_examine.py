# SPDX-License-Identifier: Apache-2.0
"""The whole of it for one sender: what is asked, in what order findings come, and who may not be asked about."""

import pytest

from counterfoil_service.core.mail_dns import MAX_LOOK_UPS, examine, why_not
from support.zone import Zone, base64_of, looked_up, rsa_key

MINE = "mail.shop.example"
KEY = f"v=DKIM1; p={base64_of(rsa_key(2048))}"
HEALTHY = {
    MINE: "v=spf1 mx -all",
    f"s1._domainkey.{MINE}": KEY,
    "_dmarc.shop.example": "v=DMARC1; p=reject; rua=mailto:dmarc@shop.example",
}


def judged(zone: Zone, selector: str = "s1") -> list[tuple[str, str, str]]:
    found, asked = looked_up(examine(MINE, selector), zone)
    assert len(asked) <= MAX_LOOK_UPS
    return [(each.subject, each.verdict, each.text) for each in found]


def test_a_healthy_domain_has_four_good_findings() -> None:
    found = judged(HEALTHY)
    assert [(subject, verdict) for subject, verdict, _ in found] == [
        ("SPF", "ok"),
        ("DKIM", "ok"),
        ("DMARC", "ok"),
        ("alignment", "ok"),
    ]
    assert f"d={MINE}, the very domain of From" in found[-1][2]


def test_without_a_selector_nothing_is_asked_of_dkim_and_it_is_said_how_to_name_it() -> None:
    found, asked = looked_up(examine(MINE, ""), HEALTHY)
    assert not [name for name in asked if "_domainkey" in name]
    by_subject = {each.subject: each for each in found}
    assert by_subject["DKIM"].verdict == "warning"
    assert "COUNTERFOIL_DKIM_SELECTOR" in by_subject["DKIM"].text
    assert by_subject["alignment"].verdict == "warning"


@pytest.mark.parametrize(("tag", "verdict"), [("", "ok"), ("; adkim=r", "ok"), ("; adkim=s", "error")])
def test_the_organization_s_key_aligns_unless_alignment_is_strict(tag: str, verdict: str) -> None:
    zone = {
        "s1._domainkey.shop.example": KEY,
        "_dmarc.shop.example": f"v=DMARC1; p=reject{tag}",
    }
    subject, found, text = judged(zone)[-1]
    assert (subject, found) == ("alignment", verdict)
    assert "shop.example" in text


def test_strict_spf_is_said() -> None:
    zone = HEALTHY | {"_dmarc.shop.example": "v=DMARC1; p=reject; aspf=s"}
    assert "aspf=s" in judged(zone)[-1][2]


def test_nothing_at_all_is_four_findings_and_only_the_missing_key_is_an_error() -> None:
    assert [verdict for _, verdict, _ in judged({})] == ["warning", "error", "warning", "warning"]


def test_the_costliest_domain_stays_within_the_look_ups() -> None:
    deep = ".".join("abcdefghijkl") + ".shop.example"
    zone = {deep: "v=spf1 " + "".join(f"include:i{each}.example " for each in range(10)) + "-all"}
    zone |= {f"i{each}.example": "v=spf1 -all" for each in range(10)}
    _, asked = looked_up(examine(deep, "s1"), zone | {"_dmarc.l.shop.example": "v=DMARC1; p=none"})
    assert len(asked) == MAX_LOOK_UPS


@pytest.mark.parametrize(
    "domain",
    [
        *(
            "localhost",
            "intranet",
            "id.localhost",
            "mail.test",
            "id.example",
            "id.example.com",
            "example.org",
            "x.invalid",
        ),
        *("printer.local", "corp.internal", "x.onion", "127.0.0.1", "[127.0.0.1]", "[IPv6:::1]", "::1", "home.arpa"),
    ],
)
def test_a_domain_that_no_stranger_could_look_up_is_passed_over(domain: str) -> None:
    assert why_not(domain)


@pytest.mark.parametrize(
    "domain", ["shop.com", "mail.shop.co.uk", "examples.com", "example.de", "test.shop.net", "xn--bcher-kva.ch"]
)
def test_any_other_is_looked_up(domain: str) -> None:
    assert why_not(domain) is None
