# SPDX-License-Identifier: Apache-2.0
"""The fake service's check of a code of a mail, with the rules of the real one: five tries, and then no more."""

import re
from typing import Any

from counterfoil_client._fake_logins import FakeLogin, FakeLogins, refusal_of

_TRIES = 5
_CODE = re.compile(r"[0-9]{8}")


class FakeMailCodes:
    """Takes codes unless `allowed` says otherwise; `busy` is how many tries in a row find another being checked."""

    def __init__(self, logins: FakeLogins) -> None:
        self.allowed = True
        self.busy = 0
        self._logins = logins

    def submit(self, form: dict[str, str], thumbprint: str) -> dict[str, Any] | None:
        """Return None once the login is approved, else the refusal."""
        if not self.allowed:
            return {"error": "unauthorized_client"}
        if not _CODE.fullmatch(form.get("mail_code", "")):
            return {"error": "invalid_request"}
        login = self._logins.find(form.get("device_code"), thumbprint, form.get("client_id"))
        if login is None or login.device_fingerprint != form.get("device_fingerprint"):
            return {"error": "invalid_grant"}
        if self.busy:
            self.busy -= 1
            return {"error": "slow_down"}
        if self._logins.state(login) == "pending":
            return self._compare(login, form["mail_code"])
        return None if login.state == "approved" else refusal_of(login.state)

    @staticmethod
    def _compare(login: FakeLogin, code: str) -> dict[str, Any] | None:
        if code == login.mail_code:
            login.state = "approved"
            return None
        login.mail_code_misses += 1
        left = _TRIES - login.mail_code_misses
        if left:
            return {"error": "code_mismatch", "tries_left": left}
        login.state = "locked"
        return refusal_of("locked")
