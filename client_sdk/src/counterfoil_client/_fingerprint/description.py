# SPDX-License-Identifier: Apache-2.0
"""What an application adds to what its machine says: its own version, and where the device key really lies."""

from dataclasses import dataclass, replace

from counterfoil_client._fingerprint.digest import encode
from counterfoil_client._fingerprint.profile import Profile
from counterfoil_client.errors import ConfigurationError
from counterfoil_client.stores import DeviceKey, KeyStore

_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Description:
    """One application's way of describing its device. It keeps nothing of the device."""

    app_version: str | None
    store: KeyStore

    @classmethod
    def make(cls, store: KeyStore, app_version: str | None, *, wanted: bool) -> "Description | None":
        """Check what the application configured; None where nothing is to be read or sent [R109]."""
        if app_version is not None and not (
            0 < len(app_version) <= _LONGEST and app_version.isascii() and app_version.isprintable()
        ):
            raise ConfigurationError(f"app_version must be printable ASCII, 1 to {_LONGEST} characters")
        return cls(app_version, store) if wanted else None

    def complete(self, machine: Profile, client_id: str, key: DeviceKey) -> Profile:
        """Add the two attributes that no system knows."""
        app = None if self.app_version is None else f"{client_id} {self.app_version}"
        return replace(machine, app=app, key_storage=self._key_storage(key))

    def encoded(self, machine: Profile, issuer: str, client_id: str, key: DeviceKey) -> str:
        """Return the form field."""
        return encode(self.complete(machine, client_id, key), issuer, client_id, key.point[0])

    def _key_storage(self, key: DeviceKey) -> str:
        """The truth in one word; a store that does not say where it keeps the key keeps it in software."""
        if key.storage == "hardware":
            return "hardware"
        return "keyring" if getattr(self.store, "location", None) == "keyring" else "software"
