# SPDX-License-Identifier: Apache-2.0
"""What became of a login's mail, in a word and why."""

from typing import get_args

import pytest

from counterfoil_service.core.login_mail_words import MailStanding, mail_standing
from counterfoil_service.core.mail_report import DeliveryState
from counterfoil_service.operations.start_login import DecoyReason


def standing(
    state: str | None = "sent",
    attempts: int = 1,
    delivery: DeliveryState | None = None,
    held_back: str | None = None,
    *,
    decoy: bool = False,
) -> MailStanding:
    return mail_standing(state=state, attempts=attempts, delivery=delivery, decoy=decoy, held_back=held_back)


@pytest.mark.parametrize(
    ("state", "attempts", "word"),
    [
        ("queued", 0, "queued"),
        ("queued", 1, "deferred"),
        ("sent", 2, "sent"),
        ("failed", 3, "failed"),
        (None, 0, "gone"),
    ],
)
def test_a_mail_is_where_its_row_says(state: str | None, attempts: int, word: str) -> None:
    assert standing(state, attempts).word == word


@pytest.mark.parametrize("delivery", get_args(DeliveryState))
def test_what_a_provider_told_outweighs_that_it_took_it(delivery: DeliveryState) -> None:
    said = standing("sent", delivery=delivery)
    assert said != standing("sent")
    assert said.why


def test_tries_are_counted_in_words() -> None:
    assert "tried once" in standing("queued", 1).why
    assert "tried 7 times" in standing("queued", 7).why


@pytest.mark.parametrize("held_back", get_args(DecoyReason))
@pytest.mark.parametrize("state", ["queued", None])
def test_a_decoy_is_one_whatever_its_row_says_and_why(held_back: str, state: str | None) -> None:
    said = standing(state, held_back=held_back, decoy=True)
    assert said.word == "decoy"
    assert "its story says why" not in said.why


@pytest.mark.parametrize("held_back", [None, "what_comes_later"])
def test_a_decoy_of_an_unknown_reason_leads_to_its_story(held_back: str | None) -> None:
    assert "its story says why" in standing(held_back=held_back, decoy=True).why


def test_no_clause_ends_with_a_stop() -> None:
    assert not standing("failed").why.endswith(".")
