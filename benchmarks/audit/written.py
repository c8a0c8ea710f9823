# SPDX-License-Identifier: Apache-2.0
"""What operations write, kept instead of written: rows for `harness.bulk`, without a round trip for each."""

from collections.abc import Mapping, Sequence
from typing import Any

from counterfoil_service.db.engine import Query, Row
from counterfoil_service.db.prepared import Statement


class Written:
    """A transaction that keeps what is written in it, and answers with the mailbox keys among that."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Mapping[str, Any]]] = {"mailbox_keys": [], "audit_events": []}
        self._keys: dict[bytes, Row] = {}
        self.mailbox_keys: dict[bytes, bytes] = {}

    def take(self) -> dict[str, list[Mapping[str, Any]]]:
        """The rows of each table since the last call."""
        taken, self._rows = self._rows, {name: [] for name in self._rows}
        return taken

    async def one(self, _statement: Statement, parameters: Mapping[str, Any]) -> Row | None:
        """A mailbox's sealed key, kept where it is new: nothing else is asked for."""
        if "sealed_key" in parameters and parameters["mailbox"] not in self._keys:
            self._keys[parameters["mailbox"]] = (parameters["sealed_key"],)
            self._rows["mailbox_keys"].append(parameters)
        return self._keys.get(parameters["mailbox"])

    async def all(self, statement: Statement, parameters: Mapping[str, Any]) -> Sequence[Row]:
        """The same."""
        row = await self.one(statement, parameters)
        return [] if row is None else [row]

    async def gather(self, *queries: Query) -> Sequence[Sequence[Row]]:
        """The same for each."""
        return [await self.all(statement, parameters) for statement, parameters in queries]

    async def run(self, _statement: Statement, parameters: Mapping[str, Any]) -> None:
        """Keep a row."""
        self._rows["audit_events"].append(parameters)

    async def lock(self, *keys: bytes) -> None:
        """Nobody else is here."""

    async def notify(self, login_id: str | None) -> None:
        """Nobody waits."""
