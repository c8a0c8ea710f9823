# SPDX-License-Identifier: Apache-2.0
"""Several providers in order of preference: who fails or is slow is passed over, and no mail is knowingly sent twice.

The reasons are in docs/decisions/0021-mail-goes-on-only-where-nobody-has-it.md.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from email.message import EmailMessage
from typing import Final

from counterfoil_service.db.engine import Clock
from counterfoil_service.mail.transports import PerhapsTaken, Transport, TryLater, Undeliverable, Unsupported, mail_id
from counterfoil_service.mail.transports.circuit import Circuit
from counterfoil_service.observing import MailOutcome, Observer

SECONDS: Final = 40.0
"""For one mail, however many providers are asked; less than the worker lets a send take."""

SLOW_SECONDS: Final = 8.0
"""Who takes mail, but not in this time, counts as one who fails."""

log = logging.getLogger(__name__)


class _Provider:
    """One provider in its place. Of several of a kind the second is `smtp_2`."""

    def __init__(self, name: str, transport: Transport, clock: Clock) -> None:
        self.name = name
        self.transport = transport
        self.circuit = Circuit(clock)


class Chain:
    """`transports` in order of preference, at least one."""

    def __init__(
        self,
        transports: Sequence[Transport],
        clock: Clock,
        *,
        seconds: float = SECONDS,
        observer: Observer | None = None,
    ) -> None:
        self._seconds = seconds
        self._observer = observer or Observer()
        self._providers: list[_Provider] = []
        seen = Counter[str]()
        for transport in transports:
            seen[transport.name] += 1
            count = seen[transport.name]
            name = transport.name if count == 1 else f"{transport.name}_{count}"
            self._providers.append(_Provider(name, transport, clock))

    def circuits(self) -> list[tuple[str, bool]]:
        """Every provider by name, in order of preference, and whether it is left alone for now."""
        return [(each.name, each.circuit.is_open) for each in self._providers]

    async def send(
        self,
        message: EmailMessage,
        recipient: str,
        first: str | None = None,
        before: Callable[[], Awaitable[None]] | None = None,
    ) -> str:
        """Hand the mail to one provider; its name.

        `first` names who perhaps has it from an earlier attempt, and is asked before all others. `before` is awaited
        before each is asked, and ends it by whatever it raises. Raises Undeliverable, TryLater, or PerhapsTaken with
        the provider's name.
        """
        with self._observer.round("mail"):
            return await self._send(message, recipient, first, before)

    async def _send(
        self,
        message: EmailMessage,
        recipient: str,
        first: str | None,
        before: Callable[[], Awaitable[None]] | None,
    ) -> str:
        ends_at = asyncio.get_running_loop().time() + self._seconds
        ordered = sorted(self._providers, key=lambda each: each.name != first)
        # Where all rest, one of them is still a better bet than none.
        waiting = [each for each in ordered if not each.circuit.is_open] or ordered
        trouble: TryLater | Unsupported | None = None
        while waiting:
            provider = waiting.pop(0)
            if before is not None:
                await before()
            # What is left is shared, so that one who hangs leaves time for the next.
            share = (ends_at - asyncio.get_running_loop().time()) / (len(waiting) + 1)
            try:
                await self._ask(provider, message, recipient, share)
            except PerhapsTaken as error:
                raise PerhapsTaken(error.code, provider.name) from None
            except (TryLater, Unsupported) as error:
                # One who may take it later is worth another attempt.
                trouble = error if isinstance(error, TryLater) or trouble is None else trouble
                log.warning("mail %s was not taken by %s: %s", mail_id(message), provider.name, error.code)
            else:
                return provider.name
        assert trouble is not None  # noqa: S101 - there is at least one provider
        raise trouble

    async def _ask(self, provider: _Provider, message: EmailMessage, recipient: str, seconds: float) -> None:
        began = asyncio.get_running_loop().time()
        provider.circuit.ask()
        outcome: MailOutcome = "broken"
        try:
            await provider.transport.send(message, recipient, seconds)
            outcome = "taken"
        except Undeliverable as error:
            outcome = "unsupported" if isinstance(error, Unsupported) else "refused"
            provider.circuit.succeed()
            raise
        except TryLater as error:
            outcome = "perhaps_taken" if isinstance(error, PerhapsTaken) else "later"
            provider.circuit.fail()
            raise
        finally:
            took = asyncio.get_running_loop().time() - began
            self._observer.handed_over(provider.name, outcome, took)
        if took > SLOW_SECONDS:
            provider.circuit.fail()
        else:
            provider.circuit.succeed()
