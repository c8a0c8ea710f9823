# SPDX-License-Identifier: Apache-2.0
"""Standard Webhooks 1.0.0, which Svix signs too: HMAC-SHA-256 over `id.timestamp.body`."""

import base64
import hmac

from counterfoil_service.settings.secret import Secret
from counterfoil_service.web.mail_hooks.incoming import Incoming, Unverified, check_time, seconds_of

_LONGEST_ID = 256


def signed_id(incoming: Incoming, key: Secret, *families: str) -> str:
    """The message's id, once a signature fits; of several, as while a key is changed, one is enough.

    `families` are the names that may stand before the headers'. `key` is `whsec_` and base64.
    """
    identifier, timestamp, signatures = _headers(incoming, families)
    check_time(seconds_of(timestamp), incoming.now)
    octets = base64.b64decode(key.reveal().removeprefix("whsec_"))
    signed = f"{identifier}.{timestamp}.".encode() + incoming.body
    expected = b"v1," + base64.b64encode(hmac.digest(octets, signed, "sha256"))
    # All are compared, so that the time does not tell which of them was right.
    fits = [hmac.compare_digest(each.encode(), expected) for each in signatures.split(" ")]
    if not any(fits):
        raise Unverified("signature")
    return identifier


def _headers(incoming: Incoming, families: tuple[str, ...]) -> tuple[str, str, str]:
    for family in families:
        identifier, timestamp, signatures = (
            incoming.headers.get(f"{family}-{part}", "") for part in ("id", "timestamp", "signature")
        )
        # A full stop in the id would leave open where the id ends in what is signed.
        if identifier and timestamp and signatures and "." not in identifier and len(identifier) <= _LONGEST_ID:
            return identifier, timestamp, signatures
    raise Unverified("not_signed")
