# SPDX-License-Identifier: Apache-2.0
"""Who opened a link, as far as a server can see: recorded for audit, never a reason to approve [R37]."""

import msgspec


class Opener(msgspec.Struct, frozen=True):
    """`source` is an IP address; `method` the HTTP method."""

    method: str
    source: str
    user_agent: str

    @property
    def personal(self) -> dict[str, str]:
        """What is sealed in the audit log."""
        return {"source": self.source, "user_agent": self.user_agent}
