# SPDX-License-Identifier: Apache-2.0
"""A16: what the service printed while it was attacked holds no secret that passed through here."""

from attack.kit.target import Target
from attack.kit.verdict import Needs, demand

ROW = "A16"
ATTACK = "secrets are looked for in the logs"
LAST = True


async def attack(target: Target) -> str:
    """After all others: each secret as it was, and what stands behind the last dot of a token."""
    if not target.log_files:
        raise Needs("--log-file, what the service printed")
    session = await target.signed_in()
    await target.refresh(session["refresh_token"], session["started"].device)
    text = "\n".join(file.read_text("utf-8", "replace") for file in target.log_files)
    for secret, kind in target.spoken.items():
        demand(secret not in text, f"the log holds a {kind}")
    return f"{len(target.spoken)} secrets of this run, none of them in {len(text)} characters of log"
