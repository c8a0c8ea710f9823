# SPDX-License-Identifier: Apache-2.0
"""Record which settings changed since the service started the last time: a change of configuration is an event [R122].

Keyed digests of the values are kept, as some are secret and others few enough to be guessed.
"""

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.crypto.keys import keyed
from counterfoil_service.db import audit, secrets
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.settings import Secret, Settings

_ROW = "settings"
_DIGEST_BYTES = 16


async def note_settings(tx: Transaction, settings: Settings, context: Context) -> None:
    """Compare with what is kept, and keep what is now; the very first time there is nothing to compare with."""
    now = {
        name: keyed(context.keys.settings, name.encode(), _text(value))[:_DIGEST_BYTES].hex()
        for name, value in msgspec.structs.asdict(settings).items()
    }
    stored = await secrets.get(tx, _ROW)
    before = None if stored is None else msgspec.json.decode(stored, type=dict[str, str])
    if before == now:
        return
    await secrets.replace(tx, _ROW, msgspec.json.encode(now))
    if before is not None:
        names = [name.upper() for name in sorted(before.keys() | now.keys()) if before.get(name) != now.get(name)]
        event = AuditEvent(name=EventName.SETTINGS_CHANGED, fields={"names": " ".join(names)})
        await audit.append(tx, context, event)


def _text(value: object) -> bytes:
    return msgspec.json.encode(_plain(value))


def _plain(value: object) -> object:
    """What can be spelt, secrets in the clear: it is hashed under a key and goes nowhere else."""
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, msgspec.Struct):
        return {name: _plain(each) for name, each in msgspec.structs.asdict(value).items()}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value if isinstance(value, int | None) else str(value)
