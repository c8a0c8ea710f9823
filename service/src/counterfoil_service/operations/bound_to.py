# SPDX-License-Identifier: Apache-2.0
"""What a request brings, held against what its login is bound to: the key first, then the machine [R61, R103]."""

import hmac
from typing import Literal

import msgspec

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.evidence import Evidence, compare, decoded
from counterfoil_service.db.logins import Login


class Mismatch(msgspec.Struct, frozen=True):
    """Why it is refused: the caller hears `invalid_grant`, the audit log hears this."""

    reason: Literal["other_key", "fingerprint_mismatch"]
    fields: dict[str, str | int]

    @property
    def event(self) -> EventName:
        """The alert."""
        key = self.reason == "other_key"
        return EventName.LOGIN_KEY_MISMATCH if key else EventName.LOGIN_FINGERPRINT_MISMATCH


def mismatch_of(login: Login, jkt: str | None, evidence: Evidence | None) -> Mismatch | None:
    """None where everything fits. A login that began without fingerprint is bound to its key alone."""
    if not hmac.compare_digest(jkt or "", login.jkt or ""):
        return Mismatch("other_key", {})
    return other_machine(login, evidence)


def other_machine(login: Login, evidence: Evidence | None) -> Mismatch | None:
    """The second half of it, for whoever has compared the key already."""
    stored = decoded(login.fingerprint)
    if stored is None or (evidence is not None and evidence.same_machine(stored)):
        return None
    compared = compare(stored, evidence)
    named = {"differing": " ".join(compared.differing), "missing": " ".join(compared.missing)}
    return Mismatch("fingerprint_mismatch", {name: text for name, text in named.items() if text})
