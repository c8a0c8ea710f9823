# SPDX-License-Identifier: Apache-2.0
"""Budgets: the defaults, the operator's replacements, and which of them let more through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core import budget
from counterfoil_service.core.budget import DEFAULTS, Budget, Budgets, BudgetsError

NAMES = Budgets.__struct_fields__


def test_the_defaults_are_those_of_the_requirements() -> None:
    assert Budgets() == DEFAULTS
    assert Budgets(
        mailbox_mails=Budget(3, 900),
        mailbox_daily_mails=Budget(10, 86_400),
        mailbox_live_logins=Budget(3, 3_600),
        device_key=Budget(1, 60),
        address_range=Budget(10, 60),
    ) == DEFAULTS  # fmt: skip


@pytest.mark.parametrize("text", ["", "  ", ",", " , ,"])
def test_nothing_replaces_nothing(text: str) -> None:
    assert budget.parse(text) == DEFAULTS


def test_only_what_is_named_is_replaced_with_blanks_around_entries_allowed() -> None:
    parsed = budget.parse(" address_range=30/60 , mailbox_mails=5/900,")
    assert parsed.address_range == Budget(30, 60)
    assert parsed.mailbox_mails == Budget(5, 900)
    assert parsed.device_key == DEFAULTS.device_key


@pytest.mark.parametrize(
    "text",
    [
        "address_range",
        "address_range=",
        "address_range=10",
        "address_range=10/",
        "address_range=/60",
        "address_range=0/60",
        "address_range=10/0",
        "address_range=-1/60",
        "address_range=1.5/60",
        "address_range=1e3/60",
        "address_range=10/60/60",
        "address_range = 10/60",
        "address_range=10/60;device_key=1/60",
        "address_range=٣/60",
        "address_range=1_0/60",
        "ADDRESS_RANGE=10/60",
        "address-range=10/60",
        "everything=10/60",
        "window=10/60",
        "address_range=1000000000/60",
        "address_range=" + "9" * 5000 + "/60",
        "address_range=10/60\nmailbox_mails=1/1",
    ],
)
def test_what_is_not_name_count_seconds_is_refused(text: str) -> None:
    with pytest.raises(BudgetsError):
        budget.parse(text)


@pytest.mark.parametrize("good", ["mailbox_mails=5/900,", "device_key=1/1,"])
def test_one_bad_entry_among_good_ones_is_named(good: str) -> None:
    with pytest.raises(BudgetsError, match="'mail' is not a budget"):
        budget.parse(f"{good}mail=1/1")


def test_an_unknown_name_is_answered_with_those_there_are() -> None:
    with pytest.raises(BudgetsError) as caught:
        budget.parse("requests=1/1")
    assert all(name in str(caught.value) for name in NAMES)


@given(st.sampled_from(NAMES), st.integers(1, 999_999_999), st.integers(1, 999_999_999))
def test_every_budget_can_be_replaced_by_its_name(name: str, count: int, seconds: int) -> None:
    parsed = budget.parse(f"{name}={count}/{seconds}")
    assert getattr(parsed, name) == Budget(count, seconds)
    assert getattr(parsed, name).window == seconds * 1_000_000
    assert [other for other in NAMES if getattr(parsed, other) != getattr(DEFAULTS, other)] in ([name], [])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        ("address_range=10/60", []),
        ("address_range=9/60", []),
        ("address_range=10/61", []),
        ("address_range=11/60", ["address_range"]),
        ("address_range=10/59", ["address_range"]),
        ("address_range=11/3600", ["address_range"]),  # a burst of eleven gets through
        ("address_range=1/1", ["address_range"]),
        ("device_key=2/120,mailbox_mails=3/899", ["mailbox_mails", "device_key"]),
    ],
)
def test_a_budget_is_loosened_when_it_lets_through_what_the_default_would_not(text: str, names: list[str]) -> None:
    assert budget.loosened(budget.parse(text)) == names
