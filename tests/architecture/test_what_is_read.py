# SPDX-License-Identifier: Apache-2.0
"""What is read of devices and browsers is what the inventory says, and no more [R110, R111, R145]."""

import ast
import re
import socket

import pytest

from architecture.inventory import (
    COLUMNS,
    LISTED,
    NEVER,
    OPERATIONS,
    PUBLIC,
    SERVICE,
    public_of,
    stored_as,
)
from counterfoil_client._flows.start import LoginWish
from counterfoil_service.core.place import Place
from counterfoil_service.operations.opener import Opener, place_facts

ASKS_FOR_MORE = re.compile(
    r"accept-ch|critical-ch|delegate-ch|sec-ch-|ch-ua|permissions-policy|navigator\.(?!clipboard\.writeText)|userAgentData|getContext"
    r"|\bscreen\.|localStorage|sessionStorage|indexedDB|document\.cookie",
    re.IGNORECASE,
)
"""What a page, a script or an answer would have in it to learn more of a browser, or to leave something there."""


@pytest.mark.parametrize("name", [each.name for each in LISTED.fields if each.raw == NEVER])
def test_what_never_leaves_the_device_has_no_column(name: str) -> None:
    assert [column for column in COLUMNS if f"_{name}_" in f"_{column.partition('.')[2]}_"] == []


def test_the_host_name_alone_leaves_in_clear_text_as_a_label_that_the_application_may_replace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "particular")
    assert [each.name for each in LISTED.fields if each.raw not in {None, NEVER}] == ["hostname"]
    assert dict(LoginWish("ada@example.com").form("desk-app"))["device_label"] == "particular"
    assert "particular" not in str(LoginWish("ada@example.com", device_label="").form("desk-app"))


def test_no_page_and_no_answer_asks_a_browser_for_more_than_it_says_unasked() -> None:
    sources = [path for path in SERVICE.rglob("*") if path.suffix in {".py", ".html", ".js", ".css"}]
    assert any(path.name == "link.html" for path in sources)
    assert [str(path) for path in sources if ASKS_FOR_MORE.search(path.read_text("utf-8"))] == []
    planted = (
        "{'Accept-CH': 'Sec-CH-UA-Model'}",
        "<meta http-equiv=Delegate-CH>",
        "navigator.languages",
        "screen.width",
    )
    assert all(ASKS_FOR_MORE.search(each) for each in planted)


def test_an_opener_is_its_words_its_address_and_its_place() -> None:
    known = {"method", "source", "source_range", "user_agent", "browser", "place", "fetch_metadata"}
    assert set(Opener.__struct_fields__) == known
    source = (OPERATIONS / "opener.py").read_text("utf-8")
    facts = {
        node.slice.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.ctx, ast.Store)
    }
    places = place_facts(Place("DE", "Germany", "Example Net"))
    assert places == {"country": "DE", "network": "Example Net"}
    assert facts | {"method"} | set(places) == public_of(stored_as("opener's whereabouts"))
    assert {f"{PUBLIC}{name}" for name in places} <= stored_as("place")
