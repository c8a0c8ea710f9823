# SPDX-License-Identifier: Apache-2.0
"""A database whose calls are steps of the traces they belong to, by the names of the functions that it runs."""

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from counterfoil_service.db.engine import CommandT, Context, Database, OnChange, Operation, Transaction
from counterfoil_service.db.migrate import SchemaState
from counterfoil_service.tracing.spans import Tracing

if TYPE_CHECKING:
    from counterfoil_service.db.prepared import Dialect

T = TypeVar("T")


class TracedDatabase:
    """Satisfies `Database`."""

    def __init__(self, database: Database, tracing: Tracing) -> None:
        self._database = database
        self._tracing = tracing
        self.dialect: Dialect = database.dialect

    @property
    def context(self) -> Callable[[], Context]:
        """That of the database within."""
        return self._database.context

    @context.setter
    def context(self, context: Callable[[], Context]) -> None:
        self._database.context = context

    @property
    def on_change(self) -> OnChange:
        """That of the database within."""
        return self._database.on_change

    @on_change.setter
    def on_change(self, on_change: OnChange) -> None:
        self._database.on_change = on_change

    async def write(self, operation: Operation[CommandT, T], command: CommandT) -> T:
        """A step named after the operation, waiting for the commit included."""
        with self._tracing.step(f"write {_name(operation)}", self.dialect):
            return await self._database.write(operation, command)

    async def transact(self, work: Callable[[Transaction], Coroutine[Any, Any, T]]) -> T:
        """The same."""
        with self._tracing.step(f"write {_name(work)}", self.dialect):
            return await self._database.transact(work)

    async def read(self, query: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T:  # noqa: ANN401 - the query's own
        """A step named after the query."""
        with self._tracing.step(f"read {_name(query)}", self.dialect):
            return await self._database.read(query, *args)

    def in_use(self) -> int:
        """As the database within."""
        return self._database.in_use()

    async def schema(self) -> SchemaState:
        """As the database within."""
        return await self._database.schema()

    async def close(self) -> None:
        """As the database within."""
        await self._database.close()


def _name(function: object) -> str:
    name = getattr(function, "__name__", "")
    return name if name.isidentifier() else "a function"
