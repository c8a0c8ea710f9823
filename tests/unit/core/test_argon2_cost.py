# SPDX-License-Identifier: Apache-2.0
"""What argon2id may cost is bounded on both sides, and every mistake names the rule."""

import pytest

from counterfoil_service.core.argon2_cost import DEFAULT, Argon2Cost, parse


def test_single_numbers_replace_the_defaults() -> None:
    assert parse("") == DEFAULT == Argon2Cost(3, 64, 4)
    assert parse("passes=2, mebibytes=19") == Argon2Cost(2, 19, 4)
    assert parse("lanes=1") == Argon2Cost(3, 64, 1)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("passes", "name=number"),
        ("memory=64", "passes, mebibytes, lanes"),
        ("passes=0", "from 1 to 10"),
        ("passes=11", "from 1 to 10"),
        ("mebibytes=7", "from 8 to 1024"),
        ("mebibytes=999999", "from 8 to 1024"),
        ("lanes=17", "from 1 to 16"),
        ("passes=-1", "name=number"),
        ("passes=1_0", "name=number"),
        ("passes=\u0663", "name=number"),
    ],
)
def test_a_mistake_names_the_rule(text: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        parse(text)


@pytest.mark.parametrize(
    ("cost", "low"),
    [(DEFAULT, False), (Argon2Cost(2, 19, 1), False), (Argon2Cost(1, 64, 4), True), (Argon2Cost(3, 18, 4), True)],
)
def test_what_is_below_the_usual_advice_is_called_low(cost: Argon2Cost, low: bool) -> None:  # noqa: FBT001 - a table
    assert cost.is_low == low
