# SPDX-License-Identifier: Apache-2.0
"""The SDK redeems whatever comes to its address."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

ROW = "A19"
WEAKNESS = "the SDK asks neither for state nor for iss"
IN_KIT = True


def plant() -> Callable[[], None]:
    """In this process; what is returned mends it."""
    from counterfoil_client._redirect import Carried, WayHome

    read = WayHome.read

    def anything(_home: Any, url: str) -> Carried:
        return Carried(parse_qs(urlsplit(url).query)["code"][0])

    WayHome.read = anything  # type: ignore[method-assign,assignment]  # that is the weakness

    def mend() -> None:
        WayHome.read = read  # type: ignore[method-assign]  # as above

    return mend
