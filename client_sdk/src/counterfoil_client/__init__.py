# SPDX-License-Identifier: Apache-2.0
"""The Counterfoil client: ask for a sign-in link, show the code, wait for the session."""

from counterfoil_client.async_client import AsyncClient, AsyncPendingLogin
from counterfoil_client.client import Client, PendingLogin
from counterfoil_client.errors import (
    AlreadyWaiting,
    ConfigurationError,
    CounterfoilError,
    DeviceNotEnrolled,
    KeyStoreError,
    LoginCancelled,
    LoginDenied,
    LoginEnded,
    LoginExpired,
    LoginInvalid,
    LoginLocked,
    RateLimited,
    ServiceRefused,
    ServiceUnreachable,
    SessionEnded,
    UnexpectedRedirect,
    UnexpectedResponse,
    WaitTimeout,
)
from counterfoil_client.session import Progress, Session
from counterfoil_client.stores import (
    DeviceKey,
    FileStore,
    KeyringStore,
    KeyStore,
    MemoryStore,
    SessionStore,
    StoredSession,
)

__all__ = [
    "AlreadyWaiting",
    "AsyncClient",
    "AsyncPendingLogin",
    "Client",
    "ConfigurationError",
    "CounterfoilError",
    "DeviceKey",
    "DeviceNotEnrolled",
    "FileStore",
    "KeyStore",
    "KeyStoreError",
    "KeyringStore",
    "LoginCancelled",
    "LoginDenied",
    "LoginEnded",
    "LoginExpired",
    "LoginInvalid",
    "LoginLocked",
    "MemoryStore",
    "PendingLogin",
    "Progress",
    "RateLimited",
    "ServiceRefused",
    "ServiceUnreachable",
    "Session",
    "SessionEnded",
    "SessionStore",
    "StoredSession",
    "UnexpectedRedirect",
    "UnexpectedResponse",
    "WaitTimeout",
]
