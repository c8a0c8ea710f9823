# SPDX-License-Identifier: Apache-2.0
"""A pair's score by the real path: digests as the SDK makes them, read, keyed and compared as the service does it."""

import hashlib

from calibration.corpus import Pair
from calibration.events import Seen
from counterfoil_client._fingerprint.digest import encode
from counterfoil_service.core.evidence import Band, Comparison, Evidence, compare
from counterfoil_service.core.fingerprint import parse
from counterfoil_service.crypto.fingerprint import evidence_of

ISSUER, CLIENT_ID = "https://id.example", "desk-app"
_SERVICE_KEY = hashlib.sha256(b"the service's own key for fingerprints").digest()


def score(pair: Pair) -> Comparison:
    """The worst comparison on the way; after one that ends the session there is no further refresh."""
    point = hashlib.sha256(pair.machine.encode()).digest()
    baseline = evidence(pair.before, point)
    worst = compare(baseline, baseline)
    for each in pair.seen:
        seen = evidence(each, point)
        found = compare(baseline, seen)
        worst = min(worst, found, key=lambda comparison: comparison.score)
        if found.band is Band.FRESH:
            break
        baseline = _followed(baseline, seen)
    return worst


def evidence(seen: Seen, point: bytes) -> Evidence | None:
    """What the service keeps of a request; `point` is the device key's, which a copied key has as well."""
    if seen is None:
        return None
    return evidence_of(parse(encode(seen, ISSUER, CLIENT_ID, point)), _SERVICE_KEY, CLIENT_ID)


def _followed(baseline: Evidence | None, seen: Evidence | None) -> Evidence | None:
    return baseline if seen is None else seen if baseline is None else baseline.followed_by(seen)
