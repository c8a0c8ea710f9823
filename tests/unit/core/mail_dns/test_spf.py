# SPDX-License-Identifier: Apache-2.0
"""SPF records: who may send, whether a receiver can tell, and at which cost (RFC 7208)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil_service.core.mail_dns.spf import MAX_LOOK_UPS, check_spf
from support.zone import Zone, looked_up

MINE = "shop.example"


def judged(zone: Zone) -> list[tuple[str, str]]:
    found, asked = looked_up(check_spf(MINE), zone)
    assert len(asked) <= MAX_LOOK_UPS + 1
    return [(each.verdict, each.text) for each in found]


@pytest.mark.parametrize(
    ("record", "verdict", "words"),
    [
        ("v=spf1 -all", "ok", "ends with -all and takes 0 of 10"),
        ("V=SPF1 ip4:192.0.2.0/24 ~ALL", "ok", "ends with ~all"),
        ("v=spf1 a mx:mail.shop.example/28 a//64 exists:x.example -all", "ok", "takes 4 of 10"),
        ("v=spf1 include:relay.example -all", "ok", "takes 1 of 10"),
        ("v=spf1 redirect=relay.example", "ok", "ends with -all and takes 1 of 10"),
        ("v=spf1 redirect=relay.example ~all", "ok", "ends with ~all and takes 0 of 10"),
        ("v=spf1 exp=why.example tracking=1 -all", "ok", "takes 0 of 10"),
        ("v=spf1 include:%{i}._spf.example -all", "ok", "takes 1 of 10"),
        ("v=spf1 -all +all", "ok", "ends with -all"),
        ("v=spf1 +all", "error", "everybody"),
        ("v=spf1 all", "error", "everybody"),
        ("v=spf1 ip4:0.0.0.0/0 -all", "error", "everybody"),
        ("v=spf1 ip6:::/0 -all", "error", "everybody"),
        ("v=spf1 include:open.example -all", "error", "everybody"),
        ("v=spf1 redirect=open.example", "error", "everybody"),
        ("v=spf1 ?all", "warning", "nothing of strangers"),
        ("v=spf1 ip4:192.0.2.1", "warning", "nothing of strangers"),
        ("v=spf1", "warning", "nothing of strangers"),
        ("v=spf1 include:nobody.example -all", "error", "has no SPF records"),
        ("v=spf1 redirect=nobody.example", "error", "has no SPF records"),
        ("v=spf1 include:twice.example -all", "error", "has 2 SPF records"),
        ("v=spf1 ipv4:192.0.2.1 -all", "error", "'ipv4:192.0.2.1' in the record"),
        ("v=spf1 include -all", "error", "no term of SPF"),
        ("v=spf1 -all:x.example", "error", "no term of SPF"),
        ("v=spf1 include:broken.example -all", "error", "in the record of broken.example"),
        ("v=spf1 include:loop.example -all", "error", "more than 10 look-ups"),
        ("v=spf1 " + "a " * 11 + "-all", "error", "more than 10 look-ups"),
        ("v=spf1 " + "a " * 10 + "-all", "ok", "takes 10 of 10"),
        ("v=spf1 include:six.example include:six.example -all", "error", "more than 10 look-ups"),
    ],
)
def test_a_record_is_judged_by_what_it_says_of_everybody(record: str, verdict: str, words: str) -> None:
    zone = {
        MINE: ["some-verification=1", record],
        "relay.example": "v=spf1 ip4:198.51.100.0/24 -all",
        "open.example": "v=spf1 +all",
        "twice.example": ["v=spf1 -all", "v=spf1 ~all"],
        "broken.example": "v=spf1 nonsense -all",
        "loop.example": "v=spf1 include:loop.example -all",
        "six.example": "v=spf1 a a a a a -all",
    }
    ((found, text),) = judged(zone)
    assert (found, words in text) == (verdict, True), text


def test_no_record_is_a_warning_and_two_are_an_error() -> None:
    assert judged({MINE: ["v=spf10 -all", "verification"]})[0][0] == "warning"
    assert judged({})[0][0] == "warning"
    ((verdict, text),) = judged({MINE: ["v=spf1 -all", "v=spf1 mx -all"]})
    assert (verdict, "merge" in text) == ("error", True)


def test_ptr_is_told_of_beside_the_rest() -> None:
    (first, _), (second, text) = judged({MINE: "v=spf1 ptr -all"})
    assert (first, second, "ptr" in text) == ("ok", "warning", True)


@pytest.mark.parametrize("term", ["", "include:", "redirect="])
def test_what_a_stranger_s_record_says_reaches_no_terminal_as_it_is(term: str) -> None:
    ((_, text),) = judged({MINE: f"v=spf1 {term}\x1b[31m\x07evil" + "x" * 500})
    assert text.isprintable()
    assert len(text) < 300


@given(st.dictionaries(st.sampled_from([MINE, "a.example", "b.example"]), st.lists(st.text(max_size=80), max_size=3)))
@settings(max_examples=200, deadline=None)
def test_whatever_stands_in_the_dns_is_judged_within_the_look_ups(zone: dict[str, list[str]]) -> None:
    assert judged(zone)


_TERMS = st.sampled_from(
    [
        "a",
        "mx",
        "-all",
        "+all",
        "?all",
        "include:a.example",
        "include:b.example",
        "redirect=a.example",
        "ptr",
        "x:",
        "ip4:1.2.3.4",
    ]
)


@given(st.lists(st.lists(_TERMS, max_size=12), min_size=3, max_size=3))
@settings(max_examples=300, deadline=None)
def test_records_that_lead_to_each_other_in_any_way_end(records: list[list[str]]) -> None:
    names = [MINE, "a.example", "b.example"]
    assert judged({name: " ".join(["v=spf1", *terms]) for name, terms in zip(names, records, strict=True)})
