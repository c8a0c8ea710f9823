# SPDX-License-Identifier: Apache-2.0
"""Several secrets of one provider: those of two accounts, or the old and the new one while a key is changed."""

from collections.abc import Sequence
from typing import Final

from counterfoil_service.core.mail_report import Accepted
from counterfoil_service.operations.refuse_webhook import Doubt
from counterfoil_service.web.mail_hooks.incoming import Incoming, Scheme, Unverified

_NEARNESS: Final[dict[Doubt, int]] = {"topic": 1, "signature": 2, "credentials": 2}
"""What is missing was found with the right secret, or would be with any."""


class AnyOf:
    """Satisfies `Scheme`. `schemes` are those of one provider, at least one, and each compares in constant time."""

    def __init__(self, schemes: Sequence[Scheme]) -> None:
        self._schemes = schemes

    async def accept(self, incoming: Incoming) -> Accepted:
        """What the first one whose secret fits makes of it; else Unverified with the doubt of who came nearest."""
        doubts: list[Doubt] = []
        for scheme in self._schemes:
            try:
                return await scheme.accept(incoming)
            except Unverified as unverified:
                doubts.append(unverified.doubt)
        raise Unverified(max(doubts, key=lambda doubt: _NEARNESS.get(doubt, 3)))
