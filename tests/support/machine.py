# SPDX-License-Identifier: Apache-2.0
"""The state machine of requirements.md §5, typed out by hand and without a look at `core/login.py`.

One row for each legal pair.
"""

LEGAL: dict[tuple[str, str], tuple[str, str]] = {
    ("pending", "open"): ("pending", "login.link_opened"),  # T3
    ("pending", "miss"): ("pending", "login.code_mismatch"),  # T4
    ("pending", "last_miss"): ("locked", "login.locked"),  # T5
    ("pending", "approve"): ("approved", "login.approved"),  # T6
    ("pending", "issue_code"): ("pending", "login.code_issued"),  # T7
    ("pending", "redeem"): ("consumed", "login.completed"),  # T8
    ("approved", "collect"): ("consumed", "login.completed"),  # T9
    ("pending", "reject"): ("denied", "login.denied"),  # T10
    ("approved", "reject"): ("denied", "login.denied"),  # T11
    ("pending", "cancel"): ("cancelled", "login.cancelled"),  # T12
    ("approved", "cancel"): ("cancelled", "login.cancelled"),  # T12
    ("pending", "supersede"): ("cancelled", "login.superseded"),  # T12, its event by decisions.md "Small facts"
    ("approved", "supersede"): ("cancelled", "login.superseded"),  # T12
    ("pending", "expire"): ("expired", "login.expired"),  # T13
    ("approved", "expire"): ("expired", "login.expired"),  # T13
    ("approved", "deny"): ("denied", "login.denied"),  # T14
    ("pending", "deny"): ("denied", "login.denied"),  # T15
    ("consumed", "collect_again"): ("consumed", "login.reissued"),  # T16
}
"""(state, trigger): (next state, event). Every other pair is illegal."""

STATES = ("pending", "approved", "consumed", "denied", "locked", "cancelled", "expired")
TRIGGERS = (
    "open",
    "miss",
    "last_miss",
    "approve",
    "issue_code",
    "redeem",
    "collect",
    "collect_again",
    "reject",
    "deny",
    "cancel",
    "supersede",
    "expire",
)
