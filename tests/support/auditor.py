# SPDX-License-Identifier: Apache-2.0
"""An auditor at the API."""

from typing import Any

import httpx2

from counterfoil_service.core.operator import Role
from counterfoil_service.operations.add_operator import AddOperator, add_operator
from counterfoil_service.operations.make_operator_token import make_operator_token
from counterfoil_service.operations.seal_events import seal_events
from support.stage import Stage

EMAIL = "grace@example.com"


class Auditor:
    """Holds a token; `operator_id` is what the log calls them."""

    def __init__(self, stage: Stage, token: str, operator_id: str, token_id: str) -> None:
        self.stage = stage
        self.token = token
        self.operator_id = operator_id
        self.token_id = token_id

    @classmethod
    async def hired(cls, stage: Stage, role: Role = "auditor", email: str = EMAIL) -> "Auditor":
        """With a fresh token."""
        added = await stage.database.write(add_operator, AddOperator(email, role))
        made = await stage.database.write(make_operator_token, added.id)
        return cls(stage, made.token, added.id, made.token_id)

    async def get(self, path: str, **parameters: Any) -> httpx2.Response:
        """One request."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return await self.stage.client.get(path, params=parameters, headers=headers)

    async def events(self, **parameters: Any) -> list[dict[str, Any]]:
        """Every event that fits, over all pages, newest first."""
        found: list[dict[str, Any]] = []
        while True:
            answer = await self.get("/audit/events", **parameters)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += page["events"]
            if "next" not in page:
                return found
            parameters["cursor"] = page["next"]


async def seal(stage: Stage) -> int:
    """Seal all there is; the log's size."""
    sealed = await stage.database.write(seal_events, 100_000)
    return 0 if sealed.checkpoint is None else sealed.checkpoint.size
