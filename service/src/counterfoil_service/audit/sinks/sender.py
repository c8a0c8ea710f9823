# SPDX-License-Identifier: Apache-2.0
"""How a batch of entries leaves, whatever the receiver speaks."""

from typing import Protocol

from counterfoil_service.operations.read_batch import Batch


class TryLater(Exception):  # noqa: N818 - says what to do
    """It did not work this time: `code` is short and free of secrets.

    `wait` is for how long the receiver wants to be left alone, in microseconds, where it said so.
    """

    def __init__(self, code: str, wait: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.wait = wait


class Gone(Exception):  # noqa: N818 - says what happened
    """The receiver wants nothing more, ever."""


class Sender(Protocol):
    """Hands batches over; at least once, the same one as the same bytes."""

    async def send(self, batch: Batch, now: int) -> None:
        """Return once the receiver has taken all of it; raise TryLater or Gone. `now` in microseconds UTC.

        Ends within `claim_entries.LEASE_SECONDS`.
        """
