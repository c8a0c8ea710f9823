# SPDX-License-Identifier: Apache-2.0
"""The device fingerprint as it arrives: its shape is checked here, its `stable` part is compared byte for byte."""

import base64
import binascii
import re

import msgspec

from counterfoil_service.core.errors import ErrorCode, Refusal

_MAX_LENGTH = 4096
_STABLE = re.compile(r"[A-Za-z0-9_-]{43}")
_RULE = "device_fingerprint: base64url of JSON {v: 1, stable: 43 base64url characters, attributes: {name: text}}"


class Fingerprint(msgspec.Struct, frozen=True):
    """Keyed digests made on the device [R102]: a signal, never a credential [R101]."""

    v: int
    stable: str
    attributes: dict[str, str]


def parse(text: str) -> Fingerprint:
    """Decode the form field; a Refusal names the shape."""
    if len(text) > _MAX_LENGTH:
        raise Refusal(ErrorCode.INVALID_REQUEST, _RULE)
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        fingerprint = msgspec.json.decode(raw, type=Fingerprint)
    except (ValueError, RecursionError, binascii.Error, msgspec.DecodeError):
        raise Refusal(ErrorCode.INVALID_REQUEST, _RULE) from None
    if fingerprint.v != 1 or not _STABLE.fullmatch(fingerprint.stable):
        raise Refusal(ErrorCode.INVALID_REQUEST, _RULE)
    return fingerprint
