# SPDX-License-Identifier: Apache-2.0
"""Whoever gets no mail is told so."""

from typing import Any

ROW = "A12"
WEAKNESS = "an address that gets no mail is refused"


def plant() -> None:
    """A refusal in place of a decoy."""
    from counterfoil_service.core.errors import ErrorCode, Refusal
    from counterfoil_service.operations import start_login

    reason_of = start_login._decoy_reason

    def refuse(*arguments: Any, **named: Any) -> Any:
        if reason_of(*arguments, **named) is not None:
            raise Refusal(ErrorCode.INVALID_REQUEST, "login_hint: no mail can be sent there")

    start_login._decoy_reason = refuse
