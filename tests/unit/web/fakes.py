# SPDX-License-Identifier: Apache-2.0
"""The least of a request that the readers of one need."""

from types import SimpleNamespace
from typing import Any

from litestar.datastructures import Headers


def a_request(headers: list[tuple[str, str]], **services: Any) -> Any:
    """A request with these headers and these services."""
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    app = SimpleNamespace(state=SimpleNamespace(services=SimpleNamespace(**services)))
    return SimpleNamespace(headers=Headers(raw), scope={"headers": raw}, app=app, client=None, method="POST")
