# SPDX-License-Identifier: Apache-2.0
"""The list of events at the console: what is found, what is told of it, and what nobody can slip into it."""

import re
from collections.abc import AsyncIterator
from html import unescape

import pytest

from support.staff import Staff
from support.stage import Stage
from support.surfer import Surfer


@pytest.fixture
async def staff(stage: Stage) -> AsyncIterator[Staff]:
    async with Surfer(stage) as browser:
        yield await Staff.hired(browser, "auditor")


def told(page: str) -> list[str]:
    """The sentences of the list, newest first."""
    return [unescape(each) for each in re.findall(r'data-part="sentence">([^<]+)<', page)]


async def test_events_are_listed_newest_first_in_words(staff: Staff) -> None:
    staff.stage.clock.advance(1)
    await staff.stage.approved("bob@example.com")
    sentences = told(await staff.see("/audit"))
    assert "looked for events" in sentences[0]
    assert any("bob@example.com" in each for each in sentences)
