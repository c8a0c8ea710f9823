# SPDX-License-Identifier: Apache-2.0
"""What a device's fingerprints say when they are laid side by side: equal, drifted, or another machine [R103-R105].

Evidence and no proof: the key alone decides who a device is. The weights and thresholds were chosen on the drift
corpus of `calibration/`, whose table stands in docs/explanation/fingerprint.md.
"""

import hmac
from collections.abc import Mapping
from enum import StrEnum, unique

import msgspec

MACHINE = "machine"
"""Every other digest of a device is keyed from this one's value, so where it differs the others say nothing."""

WEIGHTS: dict[str, int] = {
    MACHINE: 17,
    "cpu": 17,
    "product": 16,
    "environment": 14,
    "architecture": 8,
    "os": 5,
    "cpu_count": 4,
    "hostname": 4,
    "display": 3,
    "memory": 3,
    "key_storage": 2,
    "locale": 2,
    "os_version": 2,
    "timezone": 2,
    "app": 1,
}
"""By how little an attribute changes on one honest machine. Names that are not here are not kept."""

NORMAL_FROM = 80
NOTIFY_FROM = 65
_MATCH, _MISSING = 20, 13
"""What an attribute counts, in twentieths of its weight; one that differs counts nothing."""


class Evidence(msgspec.Struct, frozen=True):
    """A fingerprint as it is kept: digests keyed once more by the service, of the attributes in `WEIGHTS` alone."""

    stable: str
    attributes: dict[str, str]

    def __repr__(self) -> str:
        return f"Evidence(attributes={sorted(self.attributes)})"

    def encode(self) -> str:
        """The column's text; the same evidence gives the same text."""
        return msgspec.json.encode(self, order="sorted").decode()

    def same_machine(self, other: "Evidence") -> bool:
        """Whether `stable` is equal, byte for byte and in constant time [R103]."""
        return hmac.compare_digest(self.stable, other.stable)

    def followed_by(self, newer: "Evidence") -> "Evidence":
        """What to compare with next time: drift is followed, and what is only missing now is remembered."""
        if _differs(self.attributes, newer.attributes, MACHINE):
            return newer
        return Evidence(newer.stable, {**self.attributes, **newer.attributes})


def decoded(text: str | None) -> Evidence | None:
    """Read what `encode` wrote, or nothing where nothing was kept."""
    return None if text is None else msgspec.json.decode(text, type=Evidence)


@unique
class Band(StrEnum):
    """What a comparison leads to [R105]."""

    NORMAL = "normal"
    NOTIFY = "notify"
    FRESH = "fresh"


class Comparison(msgspec.Struct, frozen=True):
    """`score` is 0 to 100. `differing` and `missing` name attributes, the weightiest first."""

    score: int
    differing: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def band(self) -> Band:
        """Normal, worth a word to the person, or not without a fresh sign-in."""
        if self.score >= NORMAL_FROM:
            return Band.NORMAL
        return Band.NOTIFY if self.score >= NOTIFY_FROM else Band.FRESH

    @property
    def finding(self) -> str:
        """What there is to tell: the same finding need not be told twice."""
        return f"{' '.join(sorted(self.differing))}/{' '.join(sorted(self.missing))}"

    @property
    def fields(self) -> dict[str, str | int]:
        """For the audit event: names alone, never a digest."""
        named = {"differing": " ".join(self.differing), "missing": " ".join(self.missing)}
        return {"score": self.score, "band": self.band.value, **{name: text for name, text in named.items() if text}}


_EQUAL = Comparison(100, (), ())


def compare(stored: Evidence | None, seen: Evidence | None) -> Comparison:
    """Weigh what is seen against what is stored; what was never stored cannot be missed.

    Monotone [R104]: an attribute that no longer matches, by missing or by differing, never raises the score.
    """
    if stored is None or not stored.attributes:
        return _EQUAL
    then, now = stored.attributes, seen.attributes if seen else {}
    if _differs(then, now, MACHINE):
        return Comparison(0, (MACHINE,), ())
    known = [name for name in WEIGHTS if name in then]
    missing = tuple(name for name in known if name not in now)
    differing = tuple(name for name in known if _differs(then, now, name))
    total = _weight(known)
    matching = total - _weight(missing) - _weight(differing)
    score = 100 * (_MATCH * matching + _MISSING * _weight(missing)) // (_MATCH * total)
    return Comparison(score, differing, missing)


def _differs(then: Mapping[str, str], now: Mapping[str, str], name: str) -> bool:
    return name in then and name in now and not hmac.compare_digest(then[name], now[name])


def _weight(names: "list[str] | tuple[str, ...]") -> int:
    return sum(WEIGHTS[name] for name in names)
