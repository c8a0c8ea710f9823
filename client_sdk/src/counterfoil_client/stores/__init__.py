# SPDX-License-Identifier: Apache-2.0
"""Where the device key and the session live: one P-256 key per issuer and application, made once, never leaving it.

A file is readable by any program that runs as the same user. That is what `storage == "software"` says, truthfully.
"""

from counterfoil_client.stores.file import FileStore
from counterfoil_client.stores.key import DeviceKey, KeyStore, SoftwareKey
from counterfoil_client.stores.memory import MemoryStore
from counterfoil_client.stores.stored import SessionStore, StoredSession
from counterfoil_client.stores.system_keyring import KeyringStore

__all__ = [
    "DeviceKey",
    "FileStore",
    "KeyStore",
    "KeyringStore",
    "MemoryStore",
    "SessionStore",
    "SoftwareKey",
    "StoredSession",
]
