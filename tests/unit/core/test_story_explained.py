# SPDX-License-Identifier: Apache-2.0
"""Every step that a login's story can have is explained to people, or says it all by itself."""

import pytest

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.event_catalogue import CATALOGUE
from counterfoil_service.core.story import sentence
from counterfoil_service.core.story_explained import EXPLAINED, SELF_EXPLAINING

OF_LOGINS = {name for name, entry in CATALOGUE.items() if entry.example.login_id is not None}


def test_every_event_of_a_login_is_explained_or_is_said_to_need_none() -> None:
    assert EXPLAINED.keys() | SELF_EXPLAINING == OF_LOGINS
    assert EXPLAINED.keys() & SELF_EXPLAINING == set()


@pytest.mark.parametrize("name", sorted(EXPLAINED))
def test_an_explanation_is_a_sentence_or_two_without_a_protocols_names(name: EventName) -> None:
    words = EXPLAINED[name]
    assert words[0].isupper()
    assert words.endswith(".")
    assert len(words) <= 120
    assert not {"_", "`"} & set(words)
    assert not any(other.value in words for other in EventName)


@pytest.mark.parametrize("name", sorted(EXPLAINED))
def test_an_explanation_does_not_say_once_more_what_the_line_above_says(name: EventName) -> None:
    example = CATALOGUE[name].example
    assert EXPLAINED[name].rstrip(".").casefold() not in sentence(example, example.personal).casefold()
    assert EXPLAINED[name] != CATALOGUE[name].purpose
