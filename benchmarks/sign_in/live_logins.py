# SPDX-License-Identifier: Apache-2.0
"""Logins that wait for their links, written straight into a database: many, before anything is measured."""

import os
import time
from collections.abc import Sequence

import msgspec

from benchmarks.harness.bulk import put, settle
from counterfoil_service.core import identifiers, link
from counterfoil_service.core.login import SECOND, State
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db.logins import Login

LIFETIME = 3600


async def add_live_logins(url: str, application: str, jkts: Sequence[str]) -> list[str]:
    """One for each key; their device codes."""
    now, codes, rows = time.time_ns() // 1000, list[str](), list[dict[str, object]]()
    for number, jkt in enumerate(jkts):
        code = link.make(os.urandom)
        codes.append(code)
        login = Login(
            id=identifiers.ulid(now, os.urandom),
            application_id=application,
            state=State.PENDING,
            decoy=0,
            device_code_hash=digest(code),
            link_hash=os.urandom(32),
            user_code_hash=os.urandom(32),
            misses=0,
            mailbox=os.urandom(32),
            address=f"live{number}@example.com",
            jkt=jkt,
            device_label=None,
            fingerprint=None,
            scope="email",
            audience="http://127.0.0.1",
            source_range=os.urandom(32),
            poll_interval=5,
            created_at=now,
            expires_at=now + LIFETIME * SECOND,
        )
        rows.append(msgspec.structs.asdict(login) | {"state": login.state.value})
    await put(url, "logins", rows)
    await settle(url)
    return codes
