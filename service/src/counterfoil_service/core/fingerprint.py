# SPDX-License-Identifier: Apache-2.0
"""The device fingerprint as it arrives (protocol.md §7): keyed digests made on the device, their shape checked here."""

import base64
import binascii
import re

import msgspec

from counterfoil_service.core.errors import ErrorCode, Refusal

MAX_LENGTH = 4096
"""Characters of the form field."""

_MAX_ATTRIBUTES = 64
_STABLE = re.compile(r"[A-Za-z0-9_-]{43}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_VALUE = re.compile(r"[A-Za-z0-9_-]{22}")
_RULE = (
    "device_fingerprint: base64url of JSON {v: 1, stable: 43 base64url characters, "
    "attributes: {name: 22 base64url characters}}"
)


class Fingerprint(msgspec.Struct, frozen=True):
    """Keyed digests made on the device [R102]: a signal, never a credential [R101]."""

    v: int
    stable: str
    attributes: dict[str, str]

    def __repr__(self) -> str:
        return f"Fingerprint(attributes={sorted(self.attributes)})"


def parse(text: str) -> Fingerprint:
    """Decode the form field; a Refusal names the shape."""
    if len(text) > MAX_LENGTH:
        raise Refusal(ErrorCode.INVALID_REQUEST, _RULE)
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        fingerprint = msgspec.json.decode(raw, type=Fingerprint)
    except (ValueError, RecursionError, binascii.Error, msgspec.DecodeError):
        raise Refusal(ErrorCode.INVALID_REQUEST, _RULE) from None
    if fingerprint.v != 1 or not _STABLE.fullmatch(fingerprint.stable) or not _well_formed(fingerprint.attributes):
        raise Refusal(ErrorCode.INVALID_REQUEST, _RULE)
    return fingerprint


def _well_formed(attributes: dict[str, str]) -> bool:
    if len(attributes) > _MAX_ATTRIBUTES:
        return False
    return all(_NAME.fullmatch(name) and _VALUE.fullmatch(value) for name, value in attributes.items())
