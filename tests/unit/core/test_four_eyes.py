# SPDX-License-Identifier: Apache-2.0
"""How a request for a second person stands, and what is said where it is not decided or not used."""

from typing import Any

import pytest

from counterfoil_service.core.errors import ErrorCode
from counterfoil_service.core.four_eyes import SecondPerson, Standing, read_acts, refusal_to_decide, target_of

NOW = 1_795_000_000_000_000


def request(**changes: Any) -> SecondPerson:
    values: dict[str, Any] = {
        "id": "01KAG0T6W1X4Y7Z2A5B8C3D6EF",
        "act": "relay",
        "target": "01KAG0Q3W4M9T6E2X8D5B7N1CV",
        "reason": "she called",
        "requested_by": "olga",
        "requested_at": NOW - 10,
        "expires_at": NOW + 10,
    }
    return SecondPerson(**(values | changes))


@pytest.mark.parametrize(
    ("standing", "changes"),
    [
        ("waiting", {}),
        ("expired", {"expires_at": NOW}),
        ("granted", {"granted": 1, "decided_by": "otto", "decided_at": NOW - 1}),
        ("expired", {"granted": 1, "decided_by": "otto", "decided_at": NOW - 1, "expires_at": NOW}),
        ("declined", {"granted": 0, "decided_by": "otto", "decided_at": NOW - 1}),
        ("declined", {"granted": 0, "decided_by": "otto", "decided_at": NOW - 1, "expires_at": NOW}),
        ("used", {"granted": 1, "decided_by": "otto", "decided_at": NOW - 1, "used_at": NOW, "expires_at": NOW}),
    ],
)
def test_a_request_stands_by_what_was_decided_and_by_its_time(standing: Standing, changes: dict[str, Any]) -> None:
    assert request(**changes).standing(NOW) == standing


def test_nothing_personal_is_in_a_requests_repr() -> None:
    assert "she called" not in repr(request())


@pytest.mark.parametrize(
    ("text", "acts"),
    [
        ("relay", ("relay",)),
        ("erase", ("erase",)),
        ("erase,relay", ("relay", "erase")),
        (" relay , erase ", ("relay", "erase")),
        ("relay,relay", ("relay",)),
    ],
)
def test_acts_are_read_each_once_in_one_order(text: str, acts: tuple[str, ...]) -> None:
    assert read_acts(text) == acts


@pytest.mark.parametrize("text", ["", "none", "Relay", "relay erase", "relay,", ",", "relay,disable"])
def test_any_other_word_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="relay or erase"):
        read_acts(text)


def test_who_is_meant_is_the_user_or_else_the_mailbox() -> None:
    assert target_of(b"\x01" * 32, "Vn3rT1xkQm2c8Zt5yLw0aA") == "Vn3rT1xkQm2c8Zt5yLw0aA"
    assert target_of(b"\x01" * 32, None) == "01" * 32


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"requested_by": "otto"}, "yourself"),
        ({"expires_at": NOW}, "its time is over"),
        ({"granted": 1, "decided_by": "ines"}, "granted already"),
        ({"granted": 0, "decided_by": "ines"}, "declined already"),
        ({"granted": 1, "decided_by": "ines", "used_at": NOW}, "done already"),
    ],
)
def test_whoever_may_not_decide_is_told_why(changes: dict[str, Any], said: str) -> None:
    refusal = refusal_to_decide(request(**changes), "otto", NOW)
    assert said in refusal.description
    assert refusal.code is ErrorCode.INVALID_REQUEST


def test_a_request_that_is_gone_is_nobodys() -> None:
    assert "nobody asks" in refusal_to_decide(None, "otto", NOW).description
