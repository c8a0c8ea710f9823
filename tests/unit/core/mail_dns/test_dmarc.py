# SPDX-License-Identifier: Apache-2.0
"""DMARC under RFC 9989: the tree walk of §4.10 with the RFC's own examples, and what of a record still counts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil_service.core.mail_dns.dmarc import MAX_LOOK_UPS, Found, judge_dmarc, targets, walk
from support.zone import Zone, looked_up

DEEP = "a.b.c.d.e.f.g.h.i.j.mail.example.com"
REPORTED = "v=DMARC1; p=reject; rua=mailto:dmarc@example.com"


def walked(domain: str, zone: Zone) -> tuple[Found, list[str]]:
    return looked_up(walk(domain), {f"_dmarc.{name}": record for name, record in zone.items()})


def judged(domain: str, zone: Zone) -> list[tuple[str, str]]:
    return [(each.verdict, each.text) for each in judge_dmarc(walked(domain, zone)[0])]


def test_the_names_of_a_walk_are_those_of_the_rfc_s_example() -> None:
    shortened = ["g.h.i.j", "h.i.j", "i.j", "j"]
    assert list(targets(DEEP)) == [
        DEEP,
        *(f"{each}.mail.example.com" for each in shortened),
        "mail.example.com",
        "example.com",
        "com",
    ]
    assert list(targets("example.com")) == ["example.com", "com"]
    assert list(targets("a.b.c.d.e.f.g.h"))[:2] == ["a.b.c.d.e.f.g.h", "b.c.d.e.f.g.h"]
    assert list(targets("a.b.c.d.e.f.g.h.i"))[:2] == ["a.b.c.d.e.f.g.h.i", "c.d.e.f.g.h.i"]


@pytest.mark.parametrize(
    ("zone", "organization"),
    [
        ({"mail.example.com": REPORTED, "example.com": REPORTED}, "example.com"),
        ({"mail.example.com": f"{REPORTED}; psd=n", "example.com": REPORTED}, "mail.example.com"),
        ({"com": f"{REPORTED}; psd=y"}, "example.com"),
        ({"example.com": f"{REPORTED}; psd=y"}, "mail.example.com"),
        ({"a.mail.example.com": f"{REPORTED}; psd=y", "example.com": REPORTED}, "a.mail.example.com"),
        ({"com": REPORTED}, "com"),
        ({}, "a.mail.example.com"),
        ({"mail.example.com": [REPORTED, REPORTED], "example.com": REPORTED}, "example.com"),
        ({"example.com": "v=DMARC2; p=reject"}, "a.mail.example.com"),
        ({"example.com": "v=dmarc1; p=reject"}, "a.mail.example.com"),
        ({"example.com": "p=reject; v=DMARC1"}, "a.mail.example.com"),
        ({"example.com": "v = DMARC1;p=reject;"}, "example.com"),
    ],
)
def test_the_organization_is_where_the_rfc_says(zone: Zone, organization: str) -> None:
    assert walked("a.mail.example.com", zone)[0].organization == organization


def test_a_walk_stops_where_a_record_says_what_the_name_is() -> None:
    assert walked("a.mail.example.com", {"mail.example.com": f"{REPORTED};psd=n"})[1][-1] == "_dmarc.mail.example.com"
    assert walked("a.mail.example.com", {"mail.example.com": f"{REPORTED};psd=u"})[1][-1] == "_dmarc.com"


@pytest.mark.parametrize(
    ("zone", "verdicts", "words"),
    [
        ({"shop.example.com": "v=DMARC1; p=reject"}, ["ok"], "its own record asks receivers to reject"),
        ({"shop.example.com": "v=DMARC1;p=quarantine"}, ["ok"], "to quarantine"),
        ({"example.com": "v=DMARC1; p=reject"}, ["ok"], "the record of example.com"),
        ({"example.com": "v=DMARC1; p=none; sp=reject"}, ["ok"], "sp=reject"),
        ({"example.com": "v=DMARC1; p=reject; sp=none"}, ["warning"], "sp=none"),
        ({"example.com": "v=DMARC1; p=quarantine; np=reject"}, ["ok"], "p=quarantine"),
        ({"com": "v=DMARC1; p=reject; psd=y"}, ["ok"], "the record of com"),
        (
            {"shop.example.com": "v=DMARC1; p=none", "example.com": "v=DMARC1; p=reject"},
            ["warning"],
            "its own record has p=none",
        ),
        ({"shop.example.com": "v=DMARC1"}, ["warning"], "no p"),
        ({"shop.example.com": "v=DMARC1; p=reject; t=y"}, ["ok", "warning"], "test mode"),
        ({"shop.example.com": "v=DMARC1; p=reject; t=n"}, ["ok"], "reject"),
        ({"shop.example.com": "v=DMARC1; p=reject; pct=50; rf=afrf; ri=3600"}, ["ok", "warning"], "pct, rf, ri"),
        ({"shop.example.com": "v=DMARC1; p=reject; pct=100"}, ["ok", "warning"], "has pct, which"),
        ({"shop.example.com": "v=DMARC1; p=refuse"}, ["error"], "pass it over"),
        ({"shop.example.com": "v=DMARC1; p=reject; np=maybe"}, ["error"], "pass it over"),
        ({"shop.example.com": "v=DMARC1; p=refuse; rua=mailto:a@example.com"}, ["warning"], "asks for nothing"),
        ({"shop.example.com": "v=DMARC1; p=reject; future=1; ;;"}, ["ok"], "reject"),
        ({}, ["warning"], "no DMARC record"),
        ({"shop.example.com": [REPORTED, REPORTED]}, ["error", "warning"], "several"),
        ({"shop.example.com": [REPORTED, "unrelated"]}, ["ok"], "reject"),
    ],
)
def test_a_record_is_judged_by_what_it_still_asks_for(zone: Zone, verdicts: list[str], words: str) -> None:
    found = judged("shop.example.com", zone)
    assert [verdict for verdict, _ in found] == verdicts
    assert words in " ".join(text for _, text in found)


@pytest.mark.parametrize("tag", ["adkim=s", "adkim=r", "aspf=s", ""])
def test_alignment_is_strict_only_where_the_record_that_counts_says_so(tag: str) -> None:
    found, _ = walked("shop.example.com", {"example.com": f"v=DMARC1; p=reject; {tag}"})
    assert (found.is_strict("adkim"), found.is_strict("aspf")) == (tag == "adkim=s", tag == "aspf=s")


LABELS = st.lists(st.sampled_from(["a", "b", "mail", "example", "com"]), min_size=2, max_size=14)


@given(LABELS, st.integers(0, 2**14), st.sampled_from(["", "; psd=y", "; psd=n"]))
@settings(max_examples=300, deadline=None)
def test_whoever_publishes_what_the_walk_is_short_and_ends_at_or_above_the_domain(
    labels: list[str], published: int, psd: str
) -> None:
    domain = ".".join(labels)
    zone = {
        ".".join(labels[place:]): f"v=DMARC1; p=none{psd}" for place in range(len(labels)) if published >> place & 1
    }
    found, asked = walked(domain, zone)
    assert 1 <= len(asked) <= MAX_LOOK_UPS
    assert f".{domain}".endswith(f".{found.organization}")
    assert judge_dmarc(found)


def test_a_policy_that_nobody_knows_reaches_no_terminal_as_it_is() -> None:
    ((_, text),) = judged("shop.example.com", {"example.com": "v=DMARC1; p=\x1b[31mred; rua=mailto:a@example.com"})
    assert text.isprintable()
    assert "[31mred" in text


@given(st.text(max_size=200))
def test_any_text_is_judged(text: str) -> None:
    assert all(
        sentence.isprintable() for _, sentence in judged("shop.example.com", {"example.com": f"v=DMARC1;{text}"})
    )
