# SPDX-License-Identifier: Apache-2.0
"""Pages that are written from the code say what the code says; those that people write leave nothing out."""

import importlib
import re
import runpy
from typing import Any

import pytest

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.errors import ErrorCode
from counterfoil_service.settings import _WAYS_OUT, PREFIX, Settings, load
from support.documented import ROOT
from support.stage import Stage

REFERENCE = ROOT / "docs" / "reference"
THREATS = ROOT / "docs" / "explanation" / "threat-model.md"
BELOW = ("/console/", "/log/tile/")
"""Named as a whole."""
NOT_DEFENDED = {"A5", "A27", "A28"}
WRITTEN = {
    "docs/reference/command_options.py": "docs/reference/command-options.md",
    "docs/reference/errors.py": "docs/reference/errors.md",
    "docs/reference/sdk.py": "docs/reference/sdk.md",
    "docs/decisions/index.py": "docs/decisions/index.md",
}


def script(path: str) -> dict[str, Any]:
    return runpy.run_path(str(ROOT / path))


def text_of(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


@pytest.mark.parametrize(("source", "page"), WRITTEN.items())
def test_a_page_that_is_written_from_the_code_is_up_to_date(source: str, page: str) -> None:
    assert script(source)["page"]() == text_of(page), f"run: python {source}"


def test_every_command_is_explained() -> None:
    page = text_of("docs/reference/commands.md")
    for name in script("docs/reference/command_options.py")["names"]():
        group, *rest = name.removeprefix("counterfoil ").split(" ")
        rows = [
            line for line in page.splitlines() if f"`counterfoil {group} " in line or f"`counterfoil {group}`" in line
        ]
        assert any(all(re.search(rf"\b{word}\b", row) for word in rest) for row in rows), name


def test_the_sdks_page_names_everything_that_is_offered() -> None:
    sdk, page = script("docs/reference/sdk.py"), text_of("docs/reference/sdk.md")
    for module in sdk["MODULES"]:
        section = page.partition(f"\n## {module}\n")[2].partition("\n## ")[0]
        for name in sdk["public_names"](importlib.import_module(module)):
            assert f"\n### {name}\n" in section, (module, name)


def test_the_contract_names_every_setting_and_event() -> None:
    page = text_of("docs/reference/protocol.md")
    operator, events = page.partition("## 8.")[2], page.partition("## 9.")[2]
    missing = [name for name in _WAYS_OUT if not re.search(rf"\b{name}\b", operator)]
    for name in EventName:
        noun, _, verb = name.value.partition(".")
        missing += [name.value] if not re.search(rf"{noun} ?\.[^·]*\b{verb}\b", events) else []
    assert missing == []


async def test_the_contract_names_every_address(sqlite_stage: Stage) -> None:
    page = re.sub(r"\{\w+\}", "{}", text_of("docs/reference/protocol.md"))
    app = sqlite_stage.service.app
    paths = {re.sub(r"\{[^}]*\}", "{}", route.path).rstrip("/") or "/" for route in app.routes}
    assert len(paths) > 30
    assert [path for path in sorted(paths) if not path.startswith(BELOW) and path not in page] == []


@pytest.mark.parametrize("code", list(ErrorCode))
def test_every_error_code_is_in_the_table(code: ErrorCode) -> None:
    assert f"\n| `{code.value}` | " in text_of("docs/reference/errors.md")


def test_the_defaults_that_are_documented_are_those_of_the_code() -> None:
    settings = load({f"{PREFIX}PUBLIC_URL": "https://id.example", f"{PREFIX}SECRET_KEY": "5e" * 32})
    rows = dict(re.findall(rf"^\| `{PREFIX}(\w+)` \| ([^|]*) \|", text_of("docs/reference/settings.md"), re.MULTILINE))
    assert set(rows) == set(_WAYS_OUT)
    for name in Settings.__struct_fields__:
        value, said = getattr(settings, name), rows[name.upper()]
        if isinstance(value, int) and not isinstance(value, bool):
            assert said.startswith(f"`{value}`"), (name, said)
        elif value in {None, ()} or value == "":
            assert said.startswith("none") or "HOST" in said, (name, said)


def test_every_row_of_the_threat_model_is_shown_by_something_that_there_is() -> None:
    page = THREATS.read_text("utf-8")
    rows = re.findall(r"^\| (A\d+) \| (.+) \| (.+) \| (.+) \|$", page, re.MULTILINE)
    assert sorted(row[0] for row in rows) == sorted(f"A{number}" for number in range(1, 31))
    recipes = text_of("justfile")
    for name, _, against, shown in rows:
        assert ("**not defended" in against) == (name in NOT_DEFENDED), name
        named = re.findall(r"`([^`]+)`", shown)
        assert named or name in NOT_DEFENDED, name
        for each in named:
            if each.startswith("just "):
                assert re.search(rf"^{each.removeprefix('just ')}\b", recipes, re.MULTILINE), each
            else:
                path, _, function = each.partition("::")
                assert re.search(rf"^(?:async )?def {function}\(", text_of(path), re.MULTILINE), each
