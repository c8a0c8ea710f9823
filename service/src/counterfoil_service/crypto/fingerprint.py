# SPDX-License-Identifier: Apache-2.0
"""Key a device's digests once more, for one application: what is stored can be compared with nothing else [R102]."""

from counterfoil_service.core.evidence import WEIGHTS, Evidence
from counterfoil_service.core.fingerprint import Fingerprint
from counterfoil_service.core.identifiers import base64url
from counterfoil_service.crypto.keys import keyed

_ATTRIBUTE_BYTES = 16


def evidence_of(fingerprint: Fingerprint | None, key: bytes, application_id: str) -> Evidence | None:
    """The evidence to keep or to compare; attributes that nobody weighs are left out."""
    if fingerprint is None:
        return None
    attributes = {
        name: base64url(_keyed(key, application_id, name, value)[:_ATTRIBUTE_BYTES])
        for name, value in fingerprint.attributes.items()
        if name in WEIGHTS
    }
    return Evidence(base64url(_keyed(key, application_id, "stable", fingerprint.stable)), attributes)


def _keyed(key: bytes, *parts: str) -> bytes:
    return keyed(key, *(part.encode() for part in parts))
