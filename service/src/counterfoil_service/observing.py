# SPDX-License-Identifier: Apache-2.0
"""What a process tells of its own work while it does it, for whoever counts or traces; as it stands nobody listens.

Nothing of a caller's is told: routes are templates, providers and workers names of ours.
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Literal

import msgspec

from counterfoil_service.core.event_tally import Counted, Kind

Worker = Literal["mail", "sealer", "sweeper"]
MailOutcome = Literal["taken", "later", "perhaps_taken", "refused", "unsupported", "broken"]


class Answered(msgspec.Struct, frozen=True):
    """One request. `route` is the template of its path, None where there is none; `status` 0 where nothing was sent.

    `seconds` until the head of the answer was sent; None where the caller was kept waiting on purpose. `budget` is the
    one that was used up, where that is why it was refused.
    """

    method: str
    route: str | None
    status: int
    seconds: float | None
    budget: str | None = None


class Observer:
    """Listens to nothing."""

    def answered(self, request: Answered) -> None:
        """A request is over."""

    def handed_over(self, provider: str, outcome: MailOutcome, seconds: float) -> None:
        """A mail provider was asked to take a mail."""

    def sealed(self, counts: Mapping[Kind, Counted]) -> None:
        """Events got their places in the log, and were committed."""

    def round(self, worker: Worker) -> AbstractContextManager[None]:
        """Around a piece of work; what is raised within, goes on."""
        del worker
        return contextlib.nullcontext()


class Observers(Observer):
    """Several, each told everything."""

    def __init__(self, members: Iterable[Observer]) -> None:
        self._members = tuple(members)

    def answered(self, request: Answered) -> None:
        """To all."""
        for member in self._members:
            member.answered(request)

    def handed_over(self, provider: str, outcome: MailOutcome, seconds: float) -> None:
        """To all."""
        for member in self._members:
            member.handed_over(provider, outcome, seconds)

    def sealed(self, counts: Mapping[Kind, Counted]) -> None:
        """To all."""
        for member in self._members:
            member.sealed(counts)

    @contextlib.contextmanager
    def round(self, worker: Worker) -> Iterator[None]:
        """Within all."""
        with contextlib.ExitStack() as stack:
            for member in self._members:
                stack.enter_context(member.round(worker))
            yield
