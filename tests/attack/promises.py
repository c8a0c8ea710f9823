# SPDX-License-Identifier: Apache-2.0
"""What clients were told with a 200: whatever happens to the service afterwards, it must be so in the database."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["requested", "approved", "denied", "cancelled", "session", "refreshed", "ended"]


@dataclass
class Promises:
    """Ids of logins, or of sessions for the last three; `refreshed` counts the answers that a session's device got."""

    made: dict[Kind, Counter[str]] = field(default_factory=dict)

    def note(self, kind: Kind, of: str) -> None:
        """An answer came."""
        self.made.setdefault(kind, Counter())[of] += 1

    def so_far(self) -> "Promises":
        """A copy that no later answer changes."""
        return Promises({kind: Counter(told) for kind, told in self.made.items()})

    @property
    def count(self) -> int:
        """All of them."""
        return sum(told.total() for told in self.made.values())
