# SPDX-License-Identifier: Apache-2.0
"""An operator or auditor at the console, in a browser without a screen."""

import httpx2

from counterfoil_service.core.operator import Role
from counterfoil_service.operations.add_operator import AddOperator, add_operator
from support.surfer import Surfer, forms_of

OPERATOR = "olga@example.com"
AUDITOR = "grace@example.com"


class Staff:
    """Signed in; `operator_id` is what the log calls them."""

    def __init__(self, browser: Surfer, operator_id: str) -> None:
        self.browser = browser
        self.stage = browser.stage
        self.operator_id = operator_id

    @classmethod
    async def hired(cls, browser: Surfer, role: Role = "operator", email: str | None = None) -> "Staff":
        """With a role, and signed in this moment."""
        address = email or (OPERATOR if role == "operator" else AUDITOR)
        added = await browser.stage.database.write(add_operator, AddOperator(address, role))
        await browser.sign_in(address)
        return cls(browser, added.id)

    async def get(self, path: str = "") -> httpx2.Response:
        """A page below `/console`."""
        return await self.browser.get(f"/console{path}")

    async def see(self, path: str = "") -> str:
        """The text of a page that must be there."""
        page = await self.get(path)
        assert page.status_code == 200, (page.status_code, page.headers.get("location"), page.text[-600:])
        return page.text

    async def press(self, page: httpx2.Response, action: str, **fields: str | None) -> httpx2.Response:
        """The first button called `action` whose form has the fields that are given as `having_…`."""
        having = {name[7:]: value for name, value in fields.items() if name.startswith("having_")}
        typed = {name: value for name, value in fields.items() if not name.startswith("having_")}
        form = next(
            each
            for each in forms_of(page)
            if ("action", action) in each.buttons and having.items() <= each.fields.items()
        )
        return await self.browser.submit(form, None, **{"action": action, **typed})
