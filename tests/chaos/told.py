# SPDX-License-Identifier: Apache-2.0
"""What desktops and people were told, as it came: everything that a verdict rests on."""

import time
from collections import Counter
from dataclasses import dataclass, field

from attack.promises import Kind, Promises


@dataclass
class Story:
    """One sign-in, from the first question to the end of it; moments are monotonic seconds.

    `address` is that of the question that was answered, `asked` how many questions there were. `loss` says how it
    was lost for this desktop, `desktop` and `phone` what each of them is at.
    """

    begun: float
    address: str = ""
    asked: int = 0
    login_id: str | None = None
    session_id: str | None = None
    signed_in: float | None = None
    over: bool = False
    loss: str | None = None
    desktop: str = "asks"
    phone: str = "asleep"


@dataclass
class Told:
    """Everybody's, in one place."""

    stories: list[Story] = field(default_factory=list)
    promises: Promises = field(default_factory=Promises)
    answers: list[float] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)
    """What made somebody ask again, by name."""

    def note(self, kind: Kind, of: str) -> None:
        """A 200 came."""
        self.answers.append(time.monotonic())
        self.promises.note(kind, of)

    @property
    def under_way(self) -> list[Story]:
        """Those that have not ended."""
        return [story for story in self.stories if not story.over]
