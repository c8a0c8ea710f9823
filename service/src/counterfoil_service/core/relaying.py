# SPDX-License-Identifier: Apache-2.0
"""When an operator may be given a link by hand, and what is said where not."""

from typing import Final

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.login import State

MAX_REASON: Final = 200

_DECOYS: Final = {
    "over_budget": "the mailbox is over its budget: the person asks again once that has passed, or you raise it by"
    " COUNTERFOIL_BUDGETS",
    "user_disabled": "the user is disabled: `counterfoil users enable` lets them in again, and they ask anew",
    "not_invited": "nobody invited this address: `counterfoil users invite` does, and they ask anew",
    "suppressed": "mail to this address came back for good or was called unwanted: `counterfoil suppressions lift` lets"
    " it have mail again, and they ask anew",
}


def check_reason(text: str) -> str:
    """Why an operator does something, without blanks around it; a Refusal unless 1 to 200 characters are left."""
    reason = text.strip()
    if not reason or len(reason) > MAX_REASON or not reason.isprintable():
        raise Refusal(
            ErrorCode.INVALID_REQUEST,
            f"reason: 1 to {MAX_REASON} printable characters that say why",
        )
    return reason


def no_login(login_id: str) -> Refusal:
    """Nobody asked under this id, or it is deleted by now."""
    return Refusal(
        ErrorCode.INVALID_REQUEST, f"no login {login_id!r}: see `counterfoil links list` for those that wait"
    )


def refusal_of_decoy(held_back: str | None) -> Refusal:
    """No link of it could sign anybody in; `held_back` is the reason in the audit log."""
    why = _DECOYS.get(held_back or "", "`counterfoil audit explain` says why")
    return Refusal(
        ErrorCode.INVALID_REQUEST, f"this login is a decoy, whose device only seems to wait: it has no link. Here {why}"
    )


def refusal_of_colleague() -> Refusal:
    """Whoever opened it would be that colleague here: no operator may become a second one."""
    return Refusal(
        ErrorCode.INVALID_REQUEST,
        "this login leads a colleague to this service's own pages, and nobody at the console is given the link of one:"
        " `counterfoil operators add EMAIL --link` on the machine makes one for them",
    )


def refusal_of_other_mailbox() -> Refusal:
    """The person was verified at another spelling after this login began."""
    return Refusal(
        ErrorCode.INVALID_REQUEST,
        "the person was verified at another spelling of this address since: let them ask again",
    )


def refusal_of(state: State) -> Refusal:
    """It waits no more, or its one relay was used."""
    if state is State.PENDING:
        return Refusal(
            ErrorCode.INVALID_REQUEST,
            "a link was relayed for this login before, and there is but one: if it is lost, let the person ask again",
        )
    return Refusal(
        ErrorCode.INVALID_REQUEST, f"this login waits for no link, it is {state.value}: let the person ask again"
    )
