# SPDX-License-Identifier: Apache-2.0
"""docs/security answers all that it must, and each test, command and file that it names is there [R141, R142]."""

import re

import pytest

from architecture.security_pages import broken_links, missing, named_tests, page, rows

PAGES = ("risk-assessment", "conformance", "not-claimed", "requirements")
MITIGATIONS = (
    "Establish Proximity",
    "Short-Lived/Timebound Codes",
    "One-Time or Limited Use Codes",
    "Unique Codes",
    "Content Filtering",
    "Detect and Remediate",
    "Trusted Devices",
    "Trusted Networks",
    "Limited Scopes",
    "Short-Lived Tokens",
    "Rate Limits",
    "Sender-Constrained Tokens",
    "User Education",
    "User Experience",
    "Authenticate-then-Initiate",
    "Request Initiation Verification",
    "Request Binding with Out-of-Band Data",
)
"""The practical mitigations of BCP 247, in its order."""
ANSWERS = {"used", "in part", "by option", "not used"}
STANDINGS = {"met", "in part", "departed", "not built"}
LEVELS = {"MUST", "SHOULD", "BEYOND"}
RULES = [f"R{number}" for number in range(1, 146)]
ATTACKS = [f"A{number}" for number in range(1, 31)]
UNDEFENDED = {"A5", "A27", "A28"}
"""Live relay of a code, hostile software on the device, a mailbox in other hands: reduced at most, and said plainly."""
SECTIONS = """
6.1:3 6.2:12 6.3:8 6.4:6 6.5:8 6.6:4 6.7:2 6.8:4 7.1:3 7.2:4 7.3:2 7.4:5 7.5:3 7.6:2 8.1:4 8.2:4 8.3:3 8.4:2 9.1:3 9.2:4
10.1:2 10.2:3 10.3:5 10.4:16 10.5:5 10.6:2 10.7:3 11.1:4 11.2:5 11.3:5 11.4:4 11.5:2 11.6:2 11.7:2 12.1:5 12.2:2 12.3:5
13.1:4 13.2:6 13.3:4 13.4:7 14.1:2 14.2:8 14.3:3 16.1:1 16.2:5 16.3:4 16.4:3 16.5:4
"""
"""How many requirements each section of ASVS 5.0.0 has, in the chapters that apply."""
ASVS = [f"{name}.{n + 1}" for name, count in (each.split(":") for each in SECTIONS.split()) for n in range(int(count))]
STANDARDS = (
    *("RFC 8628", "RFC 9449", "RFC 7636", "RFC 8252", "9207", "RFC 9700", "RFC 9068", "RFC 9457", "RFC 7009 and 7662"),
    *("RFC 8414", "BCP 247", "OWASP ASVS 5.0.0"),
)
AT_LEAST_SAID = 40
"""Characters: a reason that is shorter says nothing."""


def of_table(name: str, first: str) -> dict[str, list[str]]:
    """Rows of a page by their first cell, where that is of this shape."""
    found = [cells for cells in rows(page(name)) if re.fullmatch(first, cells[0])]
    assert len({cells[0] for cells in found}) == len(found), "each is answered once"
    return {cells[0]: cells for cells in found}


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_names_is_there(name: str) -> None:
    assert missing(page(name)) == []


def test_a_test_a_command_or_a_file_that_is_not_there_is_found() -> None:
    good = "`tests/architecture/test_security_pages.py::test_what_a_page_names_is_there` `just limits` `core/login.py`"
    assert missing(good) == []
    assert missing(good.replace("_is_there", "_is_where")) != []
    assert missing(good.replace("test_security_pages.py", "test_security_page.py")) != []
    assert missing(good.replace("just limits", "just limit --quick")) == ["just limit"]
    assert missing(good.replace("core/login.py", "core/logins.py")) == ["core/logins.py"]
    assert missing("`sdk/_pace.py` `SECURITY.md`") == []


@pytest.mark.parametrize("path", ["SECURITY.md", *(f"docs/security/{name}.md" for name in PAGES)])
def test_a_link_leads_somewhere(path: str) -> None:
    assert broken_links(path) == []


def test_a_link_that_leads_nowhere_is_found() -> None:
    assert (
        broken_links("docs/security/not-claimed.md", "[a](conformance.md#keys-and-algorithms) [b](https://c.example)")
        == []
    )
    nowhere = "[a](conformance.md#keys) [b](nowhere.md) [c](#nothing)"
    assert broken_links("docs/security/not-claimed.md", nowhere) == ["conformance.md#keys", "nowhere.md", "#nothing"]


def test_all_seventeen_mitigations_are_answered() -> None:
    answered = of_table("risk-assessment", r"\d+")
    assert [cells[1] for cells in answered.values()] == list(MITIGATIONS)
    assert list(answered) == [str(number) for number in range(1, 18)]


@pytest.mark.parametrize("number", range(1, 18))
def test_a_mitigation_is_used_as_a_test_shows_or_has_a_reason(number: int) -> None:
    cells = of_table("risk-assessment", r"\d+")[str(number)]
    _, _, grade, answer, why, shown = cells
    assert set(grade) <= set("PDR ")
    assert answer in ANSWERS
    assert len(why) >= AT_LEAST_SAID
    assert bool(named_tests(shown)) == (answer != "not used")


def test_every_attack_of_the_threat_model_is_answered() -> None:
    answered = of_table("risk-assessment", r"A\d+")
    assert list(answered) == ATTACKS
    for name, cells in answered.items():
        assert len(cells[2]) >= AT_LEAST_SAID, name
        assert named_tests(cells[3]) or name in UNDEFENDED, name


@pytest.mark.parametrize("name", sorted(UNDEFENDED))
def test_what_is_not_defended_is_said_plainly(name: str) -> None:
    assert "**Not " in of_table("risk-assessment", r"A\d+")[name][2]


def test_every_rule_has_its_row() -> None:
    assert list(of_table("requirements", r"R\d+")) == RULES


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_says_how_it_stands_and_what_shows_it(rule: str) -> None:
    _, level, asks, standing, where, shown = of_table("requirements", r"R\d+")[rule]
    assert level in LEVELS
    assert asks
    assert standing in STANDINGS
    if standing == "not built":
        assert (where, shown) == ("-", "-")
    else:
        assert where != "-"
        assert named_tests(shown)


def test_whatever_is_not_met_says_why_and_nothing_else_does() -> None:
    unmet = {name: cells[3] for name, cells in of_table("requirements", r"R\d+").items() if cells[3] != "met"}
    reasons = re.findall(r"^- \*\*(R\d+)\*\* \(([a-z ]+)\): (.+)$", page("requirements"), re.MULTILINE)
    assert {name: standing for name, standing, _ in reasons} == unmet
    assert len(reasons) == len(unmet)


@pytest.mark.parametrize("number", ["6.3.3", "6.3.6", "§6.6"])
def test_the_departures_from_asvs_that_must_be_named_are(number: str) -> None:
    departed = [cells for cells in rows(page("conformance")) if "departs" in cells[1]]
    assert any(number in cells[0] for cells in departed)


def answered_numbers() -> list[str]:
    """Every requirement of the ASVS that the page answers; `a to b` stands for all of them."""
    found = []
    for cells in rows(page("conformance")):
        if re.search(r"\(L[123](, L[123])?\)$", cells[0]):
            parts = [tuple(map(int, each.split("."))) for each in re.findall(r"\d+\.\d+\.\d+", cells[0])]
            chapter, section, first = parts[0]
            ends = range(first, parts[-1][2] + 1) if " to " in cells[0] else [each[2] for each in parts]
            found += [f"{chapter}.{section}.{number}" for number in ends]
    return found


def test_every_requirement_of_the_chapters_that_apply_is_answered_once() -> None:
    assert answered_numbers() == ASVS


@pytest.mark.parametrize("name", STANDARDS)
def test_every_standard_has_its_section(name: str) -> None:
    assert re.search(rf"^## .*{re.escape(name)}", page("conformance"), re.MULTILINE)


def test_what_is_met_is_shown_and_what_is_left_is_explained() -> None:
    answers = {"met", "in part", "departs", "operator", "not applicable"}
    seen = [cells for cells in rows(page("conformance")) if len(cells) == len(["section", "", "how", "shown by"])]
    assert len(seen) > len(ASVS) / 2
    for cells in seen:
        section, answer, how, shown = cells
        assert answer in answers, section
        assert how, section
        assert bool(named_tests(shown)) == (answer in {"met", "in part", "departs"}), section
