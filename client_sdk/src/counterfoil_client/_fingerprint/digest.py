# SPDX-License-Identifier: Apache-2.0
"""Turn a profile into what may leave the machine: HMACs under a key that only this machine can make [R102].

The key is derived from the machine id for one service and one application, after the idea of systemd's
`sd_id128_get_machine_app_specific`: two services, or two applications, cannot tell that they see the same machine.

A machine without an id has no such key, and its values are guessed easily: then none of them leaves, and `stable` is
made of the device key's public point alone. It says no more than the proof beside it does.
"""

import base64
import hashlib
import hmac

import msgspec

from counterfoil_client._fingerprint.profile import ATTRIBUTES, Profile

_CONTEXT = b"counterfoil/fingerprint/1"
_STABLE = b"stable"
_STABLE_NAMES = ("machine", "os", "architecture", "cpu", "product")
_SHORT = 16


def encode(profile: Profile, issuer: str, client_id: str, point_x: bytes) -> str:
    """Return the form field of protocol.md §7; `point_x` is the device key's public x, for a machine without an id."""
    context = b"\0".join((_CONTEXT, _bytes(issuer), _bytes(client_id)))
    values: dict[str, str | None] = {name: getattr(profile, name) for name in ATTRIBUTES}
    machine = values["machine"]
    if machine is None:
        stable, attributes = _hmac(_hmac(point_x, context), _STABLE), {}
    else:
        key = _hmac(_bytes(machine), context)
        stable = _hmac(key, _STABLE + b"".join(_told_apart(values[name]) for name in _STABLE_NAMES))
        attributes = {
            name: _text(_hmac(key, b"\0".join((_bytes(name), _bytes(value))))[:_SHORT])
            for name, value in values.items()
            if value is not None
        }
    members = {"v": 1, "stable": _text(stable), "attributes": attributes}
    return _text(msgspec.json.encode(members))


def _told_apart(value: str | None) -> bytes:
    """Absent is not empty, and no two lists of values join to the same bytes."""
    if value is None:
        return b"\0"
    raw = _bytes(value)
    return b"\1" + len(raw).to_bytes(4) + raw


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)


def _bytes(text: str) -> bytes:
    # Half a surrogate pair is no text, but nothing that a machine says may stop a sign-in.
    return text.encode(errors="surrogatepass")


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
