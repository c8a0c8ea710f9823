# SPDX-License-Identifier: Apache-2.0
"""What an operator may say, and what is said where no link is given."""

from typing import get_args

import pytest

from counterfoil_service.core import relaying
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.login import State
from counterfoil_service.operations.start_login import DecoyReason


@pytest.mark.parametrize(("typed", "kept"), [("why", "why"), ("  why not  ", "why not"), ("ü" * 200, "ü" * 200)])
def test_a_reason_is_kept_without_the_blanks_around_it(typed: str, kept: str) -> None:
    assert relaying.check_reason(typed) == kept


@pytest.mark.parametrize("typed", ["", " ", "x" * 201, "a\nb", "a\x00b", "a\u2028b", "a\u202eb", "a\u200bb", "\ud800"])
def test_a_reason_that_no_line_could_show_is_refused(typed: str) -> None:
    with pytest.raises(Refusal, match="1 to 200") as caught:
        relaying.check_reason(typed)
    assert caught.value.code is ErrorCode.INVALID_REQUEST


@pytest.mark.parametrize("held_back", [*get_args(DecoyReason), "what_comes_later", None])
def test_every_decoy_is_called_one_and_has_a_way_out(held_back: str | None) -> None:
    said = relaying.refusal_of_decoy(held_back).description
    assert "decoy" in said
    assert "COUNTERFOIL_BUDGETS" in said or "`counterfoil " in said


@pytest.mark.parametrize("held_back", get_args(DecoyReason))
def test_every_reason_for_a_decoy_has_words_and_a_way_out_of_its_own(held_back: str) -> None:
    said = relaying.refusal_of_decoy(held_back).description
    assert "audit explain" not in said
    assert "ask" in said


def test_a_suppressed_mailbox_is_told_by_the_command_that_lifts_it() -> None:
    assert "`counterfoil suppressions lift`" in relaying.refusal_of_decoy("suppressed").description


@pytest.mark.parametrize("state", list(State))
def test_a_state_is_named_and_only_a_pending_one_was_relayed_before(state: State) -> None:
    said = relaying.refusal_of(state).description
    assert ("but one" in said) == (state is State.PENDING)
    assert (f"it is {state.value}" in said) == (state is not State.PENDING)
    assert "ask again" in said
