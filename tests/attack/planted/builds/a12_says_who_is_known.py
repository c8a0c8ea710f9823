# SPDX-License-Identifier: Apache-2.0
"""Whoever gets no mail is told so."""

from typing import Any

from attack.planted.scan import put

ROW = "A12"
WEAKNESS = "an address that gets no mail is refused"


def plant() -> None:
    """A refusal in place of a decoy."""
    from counterfoil_service.core.errors import ErrorCode, Refusal

    def refuse(*arguments: Any, **named: Any) -> Any:
        if reason_of(*arguments, **named) is not None:
            raise Refusal(ErrorCode.INVALID_REQUEST, "login_hint: no mail can be sent there")

    reason_of = put("operations.start_login", "_decoy_reason", refuse)
